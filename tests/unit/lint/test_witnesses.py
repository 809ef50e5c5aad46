"""The event, or the client, that lint shows for the greatest payout really gets it.

Run as `loyalty simulate` does, and added up from the JSON of the commands. Amounts are worked by
hand.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rules_engine.checked import CheckedRuleSet
from rules_engine.compile import compile_rule_set
from rules_engine.lint import Assumed, LintReport, lint
from rules_engine.lint.payout import Payout
from rules_engine.simulate import simulate
from schemas.instants import instant_text, parse_instant

ROOT = Path(__file__).parents[3]
NOW = parse_instant("2026-11-23T12:00:00+03:00")
CORPUS = sorted(
    file
    for folder in ("examples", "tests/data/lint")
    for file in (ROOT / folder).rglob("*.yaml")
    if not file.name.endswith(".test.yaml") and b"organizationId:" in file.read_bytes()
)
HEAD = """organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
"""


def of(text: str, head: str = HEAD) -> LintReport:
    return lint(head + text, "rules.yaml", Assumed(NOW, Decimal(1000)))


def paid(rule_set: CheckedRuleSet, payout: Payout) -> Decimal:
    """What the commands of the last event come to; or of the timer that rings at the end."""
    taken = list(simulate(compile_rule_set(rule_set), payout.lines, payout.until))
    commands: list[dict[str, Any]] = [
        command for each in taken for command in map(json.loads, each.commands)
    ]
    at = None if payout.until is None else instant_text(payout.until)
    last = json.loads(payout.lines[-1])["eventId"]
    return sum(
        (
            Decimal(each["amountMajor"])
            for each in commands
            if each["type"] == "ADD_BONUS"
            and each["causedBy"]["type"] == payout.trigger
            and (each["issuedAt"] == at if at is not None else each["causedBy"]["eventId"] == last)
        ),
        Decimal(0),
    )


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_witness_of_the_corpus(file: Path) -> None:
    report = lint(file.read_bytes(), file.name, Assumed(NOW))
    for payout in report.payouts:
        assert payout.reached <= payout.at_most
        assert not payout.lines or paid(report.rule_set, payout) == payout.reached


CREDIT = '    actions: [{type: ADD_BONUS, formula: "FORMULA", expiresInDays: 30}]\n'
TIMERS = [
    ("trigger: BIRTHDAY", "100", "100"),
    ("trigger: BIRTHDAY\n    when: totalSpentMajor >= 500", "percent(totalSpentMajor, 1)", "10"),
    ("trigger: BIRTHDAY\n    audience: {anyOfGroups: [vip]}", "70", "70"),
    ("trigger: BIRTHDAY\n    when: \"bucket('a') == 7\"", "70", "70"),
    ("trigger: BIRTHDAY\n    when: localDate == '2028-02-29'", "29", "29"),
    ("trigger: BIRTHDAY\n    window: [{days: [SUN], from: '09:00', to: '11:00'}]", "7", "7"),
    ("trigger: BIRTHDAY\n    window: [{days: [SUN], from: '11:00', to: '12:00'}]", "7", None),
    ("trigger: BIRTHDAY\n    at: '23:30'\n    when: hour == 23", "7", "7"),
    ("trigger: BIRTHDAY\n    when: dayOfWeek == 6", "dayOfWeek", "6"),
    ("trigger: BIRTHDAY\n    when: daysSinceRegistration < 10", "daysSinceRegistration + 1", "10"),
    ("trigger: CLIENT_ABSENT\n    after: {days: 14}", "daysSinceLastVisit * 2", "28"),
    ("trigger: CLIENT_ABSENT\n    after: {days: 14}\n    when: visitCount >= 5", "5", "5"),
    ("trigger: CLIENT_ABSENT\n    after: {days: 14}\n    when: daysSinceLastVisit > 14", "5", None),
    (
        "trigger: CLIENT_ABSENT\n    after: {days: 14}\n    when: daysSinceFirstVisit == 20",
        "daysSinceFirstVisit",
        "20",
    ),
    ("trigger: CLIENT_ABSENT\n    after: {days: 3000}", "daysSinceLastVisit", "3000"),
    ("trigger: AFTER_FIRST_VISIT\n    after: {days: 5}", "daysSinceFirstVisit", "5"),
    (
        "trigger: AFTER_FIRST_VISIT\n    after: {days: 5}\n    when: daysSinceLastVisit == 2",
        "daysSinceLastVisit",
        "2",
    ),
    ("trigger: BONUS_EXPIRING\n    before: {days: 3}", "percent(expiringAmountMajor, 10)", "100"),
    (
        "trigger: BONUS_EXPIRING\n    before: {days: 3}\n    when: expiringAmountMajor < 50",
        "expiringAmountMajor",
        "49.99",
    ),
    (
        "trigger: BONUS_EXPIRING\n    before: {days: 3}\n    when: expiringAmountMajor < 50",
        "bonusBalanceMajor - expiringAmountMajor",
        "999.99",
    ),
    ("trigger: BONUS_EXPIRED", "percent(expiredAmountMajor, 10)", "100"),
    ("trigger: BONUS_EXPIRED\n    when: hour == 3", "expiredAmountMajor", "1000"),
    ("trigger: BONUS_EXPIRED", "expiredAmountMajor + bonusBalanceMajor", "2000"),
]


@pytest.mark.parametrize(("rule", "formula", "greatest"), TIMERS)
def test_the_greatest_payout_of_a_timer(rule: str, formula: str, greatest: str | None) -> None:
    report = of(f"rules:\n  - id: a\n    {rule}\n" + CREDIT.replace("FORMULA", formula))
    (payout,) = report.payouts
    wanted = Decimal(0) if greatest is None else Decimal(greatest)
    assert (payout.at_most, payout.reached) == (wanted, wanted)
    assert not payout.lines or paid(report.rule_set, payout) == wanted
    assert bool(payout.lines) == (greatest is not None)
    silent = {each.diagnostic.code for each in report.findings} & {"NEVER_FIRES"}
    assert bool(silent) == (greatest is None)


def told(payout: Payout) -> tuple[float, float, tuple[str, ...]]:
    return float(payout.at_most), float(payout.reached), payout.rules


def absent(days: int, amount: int, more: str = "") -> str:
    rule = f"  - id: away{days}\n    trigger: CLIENT_ABSENT\n    after: {{days: {days}}}\n{more}"
    return rule + CREDIT.replace("FORMULA", str(amount))


def test_timers_that_never_ring_together_do_not_add_up() -> None:
    """Nobody is absent for 14 and for 30 days at once; at once for 14 days are both."""
    (payout,) = of("rules:\n" + absent(14, 50) + absent(30, 80)).payouts
    assert told(payout) == (80, 80, ("away30",))
    both = absent(14, 50) + absent(14, 60).replace("away14", "other")
    (payout,) = of("rules:\n" + both).payouts
    assert told(payout) == (110, 110, ("away14", "other"))


def test_an_hour_that_the_clock_leaves_out_falls_on_another() -> None:
    """At 02:30 and at 03:30 are one instant in Berlin on 28 March 2027: lint is careful."""
    half_past = "    at: '02:30'\n"
    rules = absent(14, 50, half_past) + absent(14, 60, "    at: '03:30'\n").replace("away14", "b")
    (payout,) = of("rules:\n" + rules).payouts
    assert told(payout)[:2] == (60, 60)
    (payout,) = of("rules:\n" + rules, HEAD.replace("Moscow", "Berlin")).payouts
    assert told(payout)[:2] == (110, 60)


def test_timers_of_other_days_do_not_shadow_each_other() -> None:
    exclusive = "    exclusive: away\n"
    above = absent(14, 50, "    exclusive: away\n    priority: 2\n")
    codes = [
        [each.diagnostic.code for each in of("rules:\n" + above + below).findings]
        for below in (absent(30, 80, exclusive), absent(14, 80, exclusive).replace("y14", "y"))
    ]
    assert [("SHADOWED" in each) for each in codes] == [False, True]


def test_a_day_of_timers() -> None:
    """Nobody's latest visit was 14 and 30 days ago: 80, where both together come to 130."""
    day = of("rules:\n" + absent(14, 50) + absent(30, 80)).day
    assert day is not None
    assert (day.at_most, day.reached) == (Decimal(80), Decimal(80))
    assert (len(day.lines), day.until is not None) == (1, True)


def test_clubs_with_clocks_of_their_own() -> None:
    """At 10:00 in Moscow it is noon in Yekaterinburg."""
    head = HEAD + "clubs: [{clubId: club-9, timeZone: Asia/Yekaterinburg}]\n"
    rule = "rules:\n  - id: a\n    trigger: BIRTHDAY\n    clubIds: [club-9]\n    when: hour == 12\n"
    for hour, reached in ((12, 5), (10, 0)):
        text = rule.replace("12", str(hour)) + CREDIT.replace("FORMULA", "5")
        (payout,) = of(text, head).payouts
        assert told(payout)[:2] == (5, reached)
