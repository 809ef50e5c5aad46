"""What a rule set says of a product: how much of its price bonuses may pay, and what a refund of a
payment gives back."""

from decimal import Decimal

from msgspec import Struct

from rules_engine.checked import CheckedRuleSet, Product, RefundPolicy


class ProductTerms(Struct, frozen=True, gc=False):
    max_bonus_percent: Decimal
    refund_policy: RefundPolicy


class Products:
    """A product entry that names the club goes before one for every club; else the defaults."""

    def __init__(self, rule_set: CheckedRuleSet) -> None:
        self.default = ProductTerms(
            rule_set.default_max_bonus_percent, rule_set.default_refund_policy
        )
        self._everywhere = {
            each.product_id: _terms(each) for each in rule_set.products if not each.club_ids
        }
        self._by_club = {
            (each.product_id, club_id): _terms(each)
            for each in rule_set.products
            for club_id in each.club_ids
        }

    def terms_of(self, product_id: str, club_id: str) -> ProductTerms:
        own = self._by_club.get((product_id, club_id))
        return self._everywhere.get(product_id, self.default) if own is None else own


def _terms(product: Product) -> ProductTerms:
    return ProductTerms(product.max_bonus_percent, product.refund_policy)
