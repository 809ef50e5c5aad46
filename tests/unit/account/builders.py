"""Accounts and payments, written short. Instants are whole hours since the epoch."""

from decimal import Decimal

from rules_engine.account.operations import credit
from rules_engine.account.packed import with_credit
from rules_engine.account.payments import Payment, Purchase, pay
from rules_engine.account.products import ProductTerms
from rules_engine.account.values import UNUSED, Account, Batch, Earned, Entry
from rules_engine.checked import RefundPolicy

HOUR = 3_600_000_000
KOPEK = Decimal("0.01")


def money(text: str) -> Decimal:
    return Decimal(text).quantize(KOPEK)


def plain(*amounts: Decimal) -> str:
    """The numbers as one writes them: `120 50.5`."""
    return " ".join(f"{each.normalize():f}" for each in amounts)


def batch(
    name: str,
    left: str,
    expires: int | None = None,
    *,
    types: tuple[str, ...] = (),
    products: tuple[str, ...] = (),
    earned: Earned | None = None,
) -> Batch:
    """`name`: what `left_in` calls it."""
    at = None if expires is None else expires * HOUR
    return Batch(0, name.encode(), money(left), at, types, products, earned=earned)


def account(*batches: Batch) -> Account:
    """Opened in this order."""
    made = UNUSED
    for each in batches:
        made, _ = credit(made, "BONUS_CREDIT", each)
    return made


def credited(packed: bytes, made: Batch, at: int) -> tuple[bytes, Decimal]:
    """The batch by the short way of rules' credits."""
    restriction = made.product_types, made.product_ids
    return with_credit(
        packed, at, made.id, made.left, made.expires_at, restriction, made.rule_id, made.earned
    )


def left_in(held: Account) -> dict[str, str]:
    return {each.id.decode(): str(each.left) for each in held.batches if each.left}


def terms(percent: str = "100", policy: RefundPolicy = RefundPolicy.RETURN) -> ProductTerms:
    return ProductTerms(Decimal(percent), policy)


def paid(
    held: Account,
    asked: str,
    total: str = "1000",
    *,
    at: int = 1,
    kind: str = "TARIFF",
    product: str = "night-pack",
    by: ProductTerms | None = None,
) -> tuple[Account, Entry, Payment]:
    bought = Purchase(kind, product, money(total), money(asked))
    return pay(held, bought, by or terms(), b"event-01", at * HOUR, at * HOUR)
