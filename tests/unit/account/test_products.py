"""Which terms hold for a product in a club."""

from decimal import Decimal

import pytest

from rules_engine.account.products import Products
from rules_engine.author.load import load_rule_set

RULES = b"""
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
products:
  - {productId: pack, productType: TARIFF, maxBonusPercent: 30, refundPolicy: FORFEIT}
  - {productId: pack, productType: TARIFF, maxBonusPercent: 50, clubIds: [club-9, club-8]}
productDefaults: {maxBonusPercent: 70, refundPolicy: KEEP_PARTIAL}
rules: []
"""


@pytest.mark.parametrize(
    ("product", "club", "percent", "policy"),
    [
        ("pack", "club-1", 30, "FORFEIT"),
        ("pack", "club-9", 50, "KEEP_PARTIAL"),
        ("pack", "club-8", 50, "KEEP_PARTIAL"),
        ("tea", "club-9", 70, "KEEP_PARTIAL"),
    ],
)
def test_the_entry_of_the_club_goes_first(
    product: str, club: str, percent: int, policy: str
) -> None:
    terms = Products(load_rule_set(RULES, "rules.yaml")).terms_of(product, club)
    assert (terms.max_bonus_percent, terms.refund_policy) == (Decimal(percent), policy)
