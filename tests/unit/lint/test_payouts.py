"""The most that one event gets, worked by hand, and the event or timer that gets it."""

from decimal import Decimal

import pytest

from tests.unit.lint.authored import (
    NOT_VIP,
    PAID,
    TOPUP,
    VIP,
    VISIT,
    Rule,
    assign,
    linted,
    rule,
)

X = "topupAmountMajor"
FIVE, FIFTH = f"percent({X}, 5)", f"percent({X}, 20)"
ENDED, PROMO = "VISIT_ENDED", "PROMO_CODE_REDEEMED"
G: Rule = {"exclusive": "g"}


def daily(amount: int, name: str = "perClientCredit") -> Rule:
    return {name: {"amountMajor": amount, "per": "DAY"}}


def bounded(made: Rule, **bounds: int) -> Rule:
    return made | {"actions": [made["actions"][0] | bounds]}


CASES: list[tuple[str, list[Rule], Rule, str, str]] = [
    # what it is about, rules, limits of the set, the most (amounts up to 1000), whose
    ("a fixed amount", [rule(TOPUP, "50")], {}, "50", "r0"),
    ("a share", [rule(TOPUP, FIVE)], {}, "50", "r0"),
    ("a share up to a maximum", [bounded(rule(TOPUP, FIFTH), max=80)], {}, "80", "r0"),
    (
        "a share from a minimum on",
        [bounded(rule(TOPUP, "percent(topupAmountMajor, 1)"), min=30)],
        {},
        "30",
        "r0",
    ),
    ("a share of small amounts", [rule(TOPUP, FIVE, when=f"{X} < 400")], {}, "20", "r0"),
    ("rounded down to the kopeck", [rule(TOPUP, FIVE, when=f"{X} < 399.9")], {}, "19.99", "r0"),
    ("two that add up", [rule(TOPUP, FIVE), rule(TOPUP, FIFTH)], {}, "250", "r0 r1"),
    (
        "two that exclude each other",
        [rule(TOPUP, FIVE, **G), rule(TOPUP, FIFTH, **G)],
        {},
        "50",
        "r0",
    ),
    (
        "the lower pays more below",
        [rule(TOPUP, FIVE, when=f"{X} >= 500", **G), rule(TOPUP, FIFTH, **G)],
        {},
        "100",
        "r1",
    ),  # 20 % of 499.99 are 99.998, rounded up
    (
        "members and others",
        [rule(TOPUP, "70", audience=VIP), rule(TOPUP, "50", audience=NOT_VIP)],
        {},
        "70",
        "r0",
    ),
    (
        "members, and of another group",
        [rule(TOPUP, "70", audience=VIP), rule(TOPUP, "50", audience={"anyOfGroups": ["gold"]})],
        {},
        "120",
        "r0 r1",
    ),
    (
        "two windows that meet",
        [rule(VISIT, "5", when="hour >= 20"), rule(VISIT, "6", when="hour < 21")],
        {},
        "11",
        "r0 r1",
    ),
    (
        "two windows that do not",
        [rule(VISIT, "5", when="hour >= 21"), rule(VISIT, "6", when="hour < 21")],
        {},
        "6",
        "r1",
    ),
    (
        "two clubs",
        [rule(VISIT, "5", clubIds=["a"]), rule(VISIT, "6", clubIds=["b"])],
        {},
        "6",
        "r1",
    ),
    (
        "two clubs and all",
        [rule(VISIT, "5", clubIds=["a"]), rule(VISIT, "6", clubIds=["b"]), rule(VISIT, "1")],
        {},
        "7",
        "r1 r2",
    ),
    ("a part of the balance", [rule(VISIT, "percent(bonusBalanceMajor, 10)")], {}, "100", "r0"),
    ("what is missing of the balance", [rule(VISIT, "300 - bonusBalanceMajor")], {}, "300", "r0"),
    ("a hill", [rule(TOPUP, f"min({X}, 600 - {X})")], {}, "300", "r0"),
    (
        "a hill between two",
        [rule(TOPUP, f"min(percent({X}, 20), 120 - percent({X}, 10))")],
        {},
        "80",
        "r0",
    ),
    ("for each visit, up to ten", [rule(VISIT, "min(visitCount, 10) * 3")], {}, "30", "r0"),
    ("for the long absent", [rule(VISIT, "min(daysSinceLastVisit, 100)")], {}, "100", "r0"),
    ("by the average", [rule(TOPUP, "percent(averageTopupMajor, 10)")], {}, "100", "r0"),
    ("above the average", [rule(TOPUP, FIFTH, when=f"{X} > averageTopupMajor")], {}, "200", "r0"),
    (
        "by the quarter of an hour",
        [rule(ENDED, "min(floor(durationMinutes / 15), 8) * 2")],
        {},
        "16",
        "r0",
    ),
    (
        "without bonuses",
        [rule(PAID, "percent(totalAmountMajor - bonusAmountMajor, 3)")],
        {},
        "30",
        "r0",
    ),
    (
        "of a type",
        [
            rule(PAID, "3", when="productType == 'BAR'"),
            rule(PAID, "4", when="productType == 'TARIFF'"),
        ],
        {},
        "4",
        "r1",
    ),
    ("a promo code", [rule(PROMO, "percent(amountMajor, 50)")], {}, "500", "r0"),
    ("within what a client gets", [rule(TOPUP, FIFTH)], daily(90), "90", "r0"),
    ("above what a client gets", [rule(TOPUP, "100")], daily(90), "0", ""),
    ("two, of which one fits", [rule(TOPUP, "60"), rule(TOPUP, "50")], daily(90), "60", "r0"),
    (
        "twenty minutes, from none on, and what fits behind them",
        [rule(ENDED, "durationMinutes"), rule(ENDED, "50")],
        daily(70),
        "70",
        "r0 r1",
    ),
    (
        "the rule's own budget",
        [rule(TOPUP, FIFTH, limits=daily(90, "budget")), rule(TOPUP, "5")],
        {},
        "95",
        "r0 r1",
    ),
    (
        "below one that its limit refuses",
        [rule(TOPUP, "5", times=1, priority=1, **G), rule(TOPUP, "9", **G)],
        {},
        "9",
        "r1",
    ),
    ("a birthday", [rule("BIRTHDAY", "300", audience=VIP)], {}, "300", "r0"),
    (
        "batches that lapse on two days",
        [
            rule("BONUS_EXPIRING", "5", before={"days": 3}),
            rule("BONUS_EXPIRING", "7", before={"days": 7}),
        ],
        {},
        "12",
        "r0 r1",
    ),
    ("nothing", [rule(TOPUP, "0")], {}, "0", ""),
    ("a rule that does not pay", [rule(TOPUP, "5"), rule(TOPUP, None, assign("a"))], {}, "5", "r0"),
]


@pytest.mark.parametrize(
    ("rules", "limits", "most", "by"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_most_of_one_event(rules: list[Rule], limits: Rule, most: str, by: str) -> None:
    (payout,) = linted(rules, limits).payouts
    assert (payout.at_most, payout.reached, payout.why) == (Decimal(most), Decimal(most), "")
    assert sorted(payout.rules) == by.split()


def test_where_no_event_gets_the_bound_the_reason_is_told() -> None:
    """Some of 40 and 70 come to 70 under 90; but the 40 are charged first."""
    (payout,) = linted([rule(TOPUP, "40"), rule(TOPUP, "70")], daily(90)).payouts
    assert (payout.at_most, payout.reached, payout.rules) == (Decimal(70), Decimal(40), ("r0",))
    assert payout.why == "no event was found that gets all of it"


def test_who_has_grown_above_what_is_looked_at_is_not_shown() -> None:
    """1000 of the balance, and 100 less the balance beside it; then there would be 2000."""
    (payout,) = linted(
        [rule(VISIT, "bonusBalanceMajor"), rule(VISIT, "100 - bonusBalanceMajor")]
    ).payouts
    assert (payout.at_most, payout.reached, payout.rules) == (Decimal(1100), Decimal(1000), ("r0",))
    assert payout.why == "no event was found that gets all of it"
