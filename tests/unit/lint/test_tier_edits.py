"""What lint proposes to write closes the gap, or ends the overlap, with the author's figures."""

import re
from decimal import Decimal

import pytest

from rules_engine.lint import Assumed, LintReport, lint
from schemas.instants import parse_instant

NOW = parse_instant("2026-11-23T12:00:00+03:00")
HEAD = 'organizationId: izi\nversion: "1"\ntimeZone: UTC\ncurrency: CURRENCY\nrules:\n'
RULE = """  - id: NAME
    trigger: TRIGGER
    when: WHEN
    actions: [{type: ADD_BONUS, formula: "AMOUNT", expiresInDays: 45}]
"""
X = "topupAmountMajor"
CASES = [
    # the lower tier, the upper one, what to write in the lower, what in the upper
    ("x < 400", "x > 400", "x <= 400", "x >= 400"),
    ("200 <= x < 400", "x > 400", "200 <= x <= 400", "x >= 400"),
    ("x >= 200 and x < 400", "x >= 500", "x < 500", "x >= 400"),
    ("x >= 200 and x <= 399", "x >= 400", "x < 400", "x > 399"),
    ("200 <= x and 399.99 > x", "400 <= x < 800", "400 > x", "399.99 <= x < 800"),
    ("200 <= x <= 300", "700.50 < x <= 800", "200 <= x <= 700.50", "300 < x <= 800"),
    (
        "200 < x < 300 and topUpSource != 'CASH'",
        "topUpSource != 'CASH' and x >= 350.5",
        "200 < x < 350.5",
        "x >= 300",
    ),
    ("x == 100", "x >= 200", "", "x > 100"),
    ("x < 100", "x == 200", "x < 200", ""),
    ("x < 100 and x < 150", "x >= 200", "", "x >= 100"),
    ("x < 150 and x < 100", "x >= 120", "x < 120", "x >= 100"),
    ("x <= 400", "x >= 400", "x < 400", "x > 400"),
    ("200 <= x <= 500", "400 <= x <= 900", "200 <= x < 400", "500 < x <= 900"),
    ("x <= 500", "300 <= x <= 400", "x < 300", ""),
    ("x >= 200", "x >= 400", "", ""),
]


def of(lower: str, upper: str, trigger: str = "BALANCE_TOPPED_UP", currency: str = "RUB") -> str:
    text = HEAD.replace("CURRENCY", currency)
    for name, when in (("low", lower), ("high", upper)):
        rule = RULE.replace("NAME", name).replace("TRIGGER", trigger).replace("WHEN", when)
        text += rule.replace("AMOUNT", "20" if name == "high" else "10")
    return text


def linted(text: str) -> LintReport:
    return lint(text, "rules.yaml", Assumed(NOW, Decimal(1000)))


def remedies(report: LintReport) -> list[str]:
    return [
        each.diagnostic.remedy
        for each in report.findings
        if each.diagnostic.code in ("TIER_GAP", "TIER_OVERLAP")
    ]


def edits(remedy: str) -> dict[str, str]:
    """Rule → the condition to write."""
    return {rule: written for written, rule in re.findall(r"`([^`]+)` in `([\w.]+)`", remedy)}


@pytest.mark.parametrize(("lower", "upper", "in_lower", "in_upper"), CASES)
def test_either_edit_makes_the_tiers_meet(
    lower: str, upper: str, in_lower: str, in_upper: str
) -> None:
    rules = {"low": lower.replace("x", X), "high": upper.replace("x", X)}
    (remedy,) = remedies(linted(of(rules["low"], rules["high"])))
    proposed = edits(remedy)
    wanted = {"low": in_lower.replace("x", X), "high": in_upper.replace("x", X)}
    assert proposed == {rule: edit for rule, edit in wanted.items() if edit}
    for rule, edit in proposed.items():
        parts = rules[rule].split(" and ")
        changed = [
            rules | {rule: " and ".join(edit if each is old else each for each in parts)}
            for old in parts
        ]
        assert any(not remedies(linted(of(each["low"], each["high"]))) for each in changed)


def test_without_a_figure_for_it_the_remedy_says_what_to_do() -> None:
    (gap,) = remedies(linted(of(f"{X} == 100", f"{X} == 200")))
    (overlap,) = remedies(linted(of(f"{X} >= 200", f"{X} >= 400")))
    assert (gap, overlap) == (
        "let one tier begin where the other ends",
        "give them one `exclusive` group, or amounts that do not meet",
    )


@pytest.mark.parametrize(
    ("end", "least"), [("< 400", "400"), ("<= 400", "400.01"), ("<= 399.99", "400.00")]
)
def test_a_tier_of_a_ladder_gets_another_threshold(end: str, least: str) -> None:
    rule = RULE.replace("NAME", "low").replace("TRIGGER", "BALANCE_TOPPED_UP")
    rule = rule.replace("WHEN", f"200 <= {X} {end}\n    exclusive: everyday")
    ladder = "ladders:\n  - id: everyday\n    expiresInDays: 45\n    tiers:\n"
    ladder += "      - {id: entry, atLeast: 500, percent: 12}\n"
    text = HEAD.replace("rules:", ladder + "rules:").replace("CURRENCY", "RUB")
    report = linted(text + rule.replace("AMOUNT", "10"))
    (remedy,) = remedies(report)
    assert remedy == (
        f"write `200 <= {X} < 500` in `low`, or `atLeast: {least}` in `everyday.entry`"
    )
    mended = linted(
        (text + rule.replace("AMOUNT", "10")).replace("atLeast: 500", f"atLeast: {least}")
    )
    assert not remedies(mended)


def test_minutes_and_currencies_without_decimals() -> None:
    """Between 59 and 61 minutes lies 60; between 99 and 101 yen lies 100."""
    minutes = remedies(
        linted(of("durationMinutes < 60", "durationMinutes > 60", trigger="VISIT_ENDED"))
    )
    yen = remedies(linted(of(f"{X} <= 99", f"{X} >= 101", currency="JPY")))
    assert minutes == [
        "write `durationMinutes <= 60` in `low`, or `durationMinutes >= 60` in `high`"
    ]
    assert yen == [f"write `{X} < 101` in `low`, or `{X} > 99` in `high`"]
