"""Gaps and overlaps of tiers as authors write them: which amounts, and where there are none."""

import re

import pytest

from tests.unit.lint.authored import PAID, TOPUP, VIP, VISIT, Rule, assign, linted, rule

X, MINUTES, TOTAL = "topupAmountMajor", "durationMinutes", "totalAmountMajor"
ENDED = "VISIT_ENDED"
GAP, OVERLAP = "gap", "overlap"
WEEKEND = [{"days": ["SAT", "SUN"], "from": "00:00", "to": "00:00"}]


def tier(when: str | None, trigger: str = TOPUP, **settings: object) -> Rule:
    asked = {} if when is None else {"when": when.replace("x", X)}
    return rule(trigger, "5", **asked, **settings)


G: Rule = {"exclusive": "g"}
CASES: list[tuple[str, list[Rule], list[str]]] = [
    # what it is about, tiers, what lint says
    ("they meet", [tier("x < 400"), tier("x >= 400")], []),
    ("they meet, turned round", [tier("400 > x"), tier("400 <= x")], []),
    ("they meet at a kopeck", [tier("x <= 399.99"), tier("x > 399.99")], []),
    ("one kopeck apart is none", [tier("x <= 399.99"), tier("x >= 400")], []),
    ("a kopeck short", [tier("x < 400"), tier("x > 400")], ["gap for 400"]),
    ("a hundred short", [tier("x < 400"), tier("x >= 500")], ["gap for 400 to 499.99"]),
    (
        "two gaps",
        [tier("x < 200"), tier("300 <= x < 400"), tier("x > 400")],
        ["gap for 200 to 299.99", "gap for 400"],
    ),
    ("below the first is no gap", [tier("200 <= x < 400"), tier("x >= 400")], []),
    ("above the last is none", [tier("x < 400"), tier("400 <= x < 800")], []),
    (
        "a gap that a third tier fills",
        [tier("x < 400"), tier("x >= 500"), tier("400 <= x < 500")],
        [],
    ),
    (
        "a gap of another audience",
        [tier("x < 400"), tier("x >= 500"), tier("400 <= x < 500", audience=VIP)],
        ["gap for 400 to 499.99"],
    ),
    ("audiences apart", [tier("x < 400", audience=VIP), tier("x >= 500")], []),
    (
        "sources apart",
        [
            tier("x < 400 and topUpSource == 'CASH'"),
            tier("x >= 500 and topUpSource == 'ACQUIRING'"),
        ],
        [],
    ),
    (
        "of one source",
        [tier("x < 400 and topUpSource == 'CASH'"), tier("topUpSource == 'CASH' and x >= 500")],
        ["gap for 400 to 499.99"],
    ),
    ("clubs apart", [tier("x < 400", clubIds=["a"]), tier("x >= 500", clubIds=["b"])], []),
    (
        "of one club",
        [tier("x < 400", clubIds=["a"]), tier("x >= 500", clubIds=["a"])],
        ["gap for 400 to 499.99"],
    ),
    ("windows apart", [tier("x < 400", window=WEEKEND), tier("x >= 500")], []),
    ("groups apart", [tier("x < 400", **G), tier("x >= 500", exclusive="h")], []),
    ("of one group", [tier("x < 400", **G), tier("x >= 500", **G)], ["gap for 400 to 499.99"]),
    (
        "a tier that is switched off",
        [tier("x < 400"), tier("400 <= x < 500", enabled=False), tier("x >= 500")],
        ["gap for 400 to 499.99"],
    ),
    ("one amount", [tier("x == 400"), tier("x == 500")], ["gap for 400.01 to 499.99"]),
    ("rules for every amount have no tiers", [tier(None), tier(None)], []),
    ("a rule for every amount, and a tier", [tier(None), tier("x >= 400")], []),
    (
        "no credit, no tier",
        [tier("x < 400"), rule(TOPUP, None, assign("a"), when=f"{X} >= 500")],
        [],
    ),
    ("a rule for the rest", [tier("x < 400", **G), tier("x >= 500", **G), tier(None, **G)], []),
    (
        "a rule for the rest that is of no group",
        [tier("x < 400", **G), tier("x >= 500", **G), tier(None)],
        ["gap for 400 to 499.99"],
    ),
    (
        "a rule for the rest of one club",
        [tier("x < 400", **G), tier("x >= 500", **G), tier(None, clubIds=["a"], **G)],
        ["gap for 400 to 499.99"],
    ),
    (
        "a rule for the rest of all clubs",
        [
            tier("x < 400", clubIds=["a"], **G),
            tier("x >= 500", clubIds=["a"], **G),
            tier(None, **G),
        ],
        [],
    ),
    (
        "a rule for a part of the rest",
        [
            tier("x < 400", **G),
            tier("x >= 500", **G),
            tier("x < 450", **G),
            tier("x >= 460 and topUpSource == 'CASH'", **G),
        ],
        ["gap for 450 to 499.99"],
    ),
    (
        "members only, and a rule for the rest of all",
        [tier("x < 400", audience=VIP, **G), tier("x >= 500", audience=VIP, **G), tier(None, **G)],
        [],
    ),
    (
        "all, and a rule for the rest of members",
        [tier("x < 400", **G), tier("x >= 500", **G), tier(None, audience=VIP, **G)],
        ["gap for 400 to 499.99"],
    ),
    ("both open above", [tier("x >= 200"), tier("x >= 400")], ["overlap from 400 on"]),
    ("both open above, one group", [tier("x >= 400", **G), tier("x >= 200", **G)], []),
    ("both include the threshold", [tier("x <= 400"), tier("x >= 400")], ["overlap for 400"]),
    ("both include it, one group", [tier("x <= 400", **G), tier("x >= 400", **G)], []),
    (
        "one within another",
        [tier("100 <= x <= 900"), tier("300 <= x <= 400")],
        ["overlap for 300 to 400"],
    ),
    ("the same twice", [tier("x >= 400"), tier("x >= 400")], ["overlap from 400 on"]),
    (
        "three of which each meets the next",
        [tier("x <= 200"), tier("200 <= x <= 400"), tier("x >= 400")],
        ["overlap for 200", "overlap for 400"],
    ),
    (
        "a gap and an overlap",
        [tier("x < 200"), tier("300 <= x <= 500"), tier("x >= 400")],
        ["gap for 200 to 299.99", "overlap for 400 to 500"],
    ),
    (
        "in clubs that share one",
        [tier("x >= 200", clubIds=["a", "b"]), tier("x >= 400", clubIds=["b", "c"])],
        ["overlap from 400 on"],
    ),
    ("in clubs apart", [tier("x >= 200", clubIds=["a"]), tier("x >= 400", clubIds=["b"])], []),
    ("of members and of all", [tier("x >= 200", audience=VIP), tier("x >= 400")], []),
    (
        "of groups apart, where both pay",
        [tier("x >= 200", exclusive="g"), tier("x >= 400", exclusive="h")],
        ["overlap from 400 on"],
    ),
    ("minutes", [tier(f"{MINUTES} < 60", ENDED), tier(f"{MINUTES} > 60", ENDED)], ["gap for 60"]),
    ("minutes that meet", [tier(f"{MINUTES} <= 59", ENDED), tier(f"{MINUTES} >= 60", ENDED)], []),
    (
        "payments",
        [tier(f"{TOTAL} < 400", PAID), tier(f"{TOTAL} >= 500", PAID)],
        ["gap for 400 to 499.99"],
    ),
    ("visits are no amounts", [tier("visitCount < 5", VISIT), tier("visitCount > 5", VISIT)], []),
    ("a top-up and a payment", [tier("x < 400"), tier(f"{TOTAL} >= 500", PAID)], []),
]


@pytest.mark.parametrize(
    ("rules", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_gaps_and_overlaps(rules: list[Rule], told: list[str]) -> None:
    report = linted([each | {"priority": -number} for number, each in enumerate(rules)])
    said = []
    for each in report.findings:
        message = each.diagnostic.message
        if each.diagnostic.code == "TIER_GAP":
            amounts = re.match(r"no tier is (for [\d.]+(?: to [\d.]+)?):", message)
            assert amounts is not None
            said.append(f"{GAP} {amounts[1]}")
        elif each.diagnostic.code == "TIER_OVERLAP":
            said.append(f"{OVERLAP} {message.split(' both ')[0]}")
    assert sorted(said) == sorted(told)
