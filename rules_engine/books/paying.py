"""What may be paid with bonuses: a pure function of account and tariff."""

from decimal import Decimal

from msgspec import Struct

from rules_engine.account.payments import Purchase, payable
from rules_engine.account.values import NOTHING, Account
from rules_engine.books.terms import BookTerms


class Product(Struct, frozen=True, gc=False):
    product_type: str
    product_id: str


def may_pay(
    terms: BookTerms, account: Account, product: Product, total: Decimal, club_id: str, at: int
) -> Decimal:
    """How much of `total` bonuses may pay at the instant `at` in this club: what the batches hold
    that may pay for the product, at most its share of the total, rounded down. 200 at 30 % gives
    at most 60."""
    bought = Purchase(product.product_type, product.product_id, terms.exact(total), NOTHING)
    of_product = terms.products.terms_of(product.product_id, club_id)
    return terms.exact(payable(account, of_product, bought, at, terms.unit))
