"""Suppressions, payouts and days of whole rule sets; the table of the guide."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from rules_engine.errors import RuleSetError
from rules_engine.lint import KINDS, Assumed, LintReport, lint
from schemas.instants import parse_instant

NOW = parse_instant("2026-11-23T12:00:00+03:00")
GUIDE = Path(__file__).parents[3] / "docs" / "rules.md"
HEAD = """organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
productDefaults: {maxBonusPercent: 30}
"""
TIERS = """ladders:
  - id: everyday
    expiresInDays: 45
    tiers: [{id: entry, atLeast: 200, percent: 5}, {id: anchor, atLeast: 400, percent: 12}]
"""


def of(text: str, largest: str = "10000", file: str = "rules.yaml") -> LintReport:
    return lint(HEAD + text, file, Assumed(NOW, Decimal(largest)))


def codes(report: LintReport) -> list[str]:
    return [finding.diagnostic.code for finding in report.findings]


# ------------------------------------------------------------------------ suppressions


def test_a_hash_inside_a_text_is_no_comment() -> None:
    report = of(
        'rules:\n  - id: five\n    name: "x # lint: allow NO_BUDGET because"\n'
        "    trigger: BALANCE_TOPPED_UP\n"
        '    actions: [{type: ADD_BONUS, formula: "5", expiresInDays: 45}]\n'
    )
    assert codes(report) == ["NO_BUDGET"]
    assert not report.allowed


def test_a_finding_of_the_whole_set_is_allowed_at_its_entry() -> None:
    text = (HEAD + TIERS).replace(
        "organizationId", "# lint: allow NO_BUDGET every top-up is money first\norganizationId"
    )
    report = lint(text, "rules.yaml", Assumed(NOW))
    assert codes(report) == []
    assert [each.allowed for each in report.allowed] == ["every top-up is money first"]


def test_a_comment_above_a_rule_is_not_for_the_rule_before() -> None:
    short = '{type: ADD_BONUS, formula: "5", expiresInDays: 7}'
    rule = f"  - id: NAME\n    trigger: CLIENT_REGISTERED\n    actions: [{short}]\n"
    comment = "  # lint: allow EXPIRY_LENGTH a gift\n"
    report = of("rules:\n" + rule.replace("NAME", "a") + comment + rule.replace("NAME", "b"))
    assert [(each.rule_id, each.diagnostic.line) for each in report.findings] == [("a", 9)]
    assert [(each.rule_id, each.diagnostic.line) for each in report.allowed] == [("b", 13)]


def test_the_line_ends_of_windows_belong_to_no_reason() -> None:
    rule = "  - id: a\n    trigger: CLIENT_REGISTERED\n"
    rule += '    actions: [{type: ADD_BONUS, formula: "5", expiresInDays: 7}]\n'
    text = HEAD + "rules:\n  # lint: allow EXPIRY_LENGTH a gift\n" + rule
    report = lint(text.replace("\n", "\r\n"), "rules.yaml", Assumed(NOW))
    assert (codes(report), [each.allowed for each in report.allowed]) == ([], ["a gift"])
    bare = text.replace(" a gift", "").replace("\n", "\r\n")
    said = [
        str(each.diagnostic.message) for each in lint(bare, "rules.yaml", Assumed(NOW)).findings
    ]
    assert "EXPIRY_LENGTH is allowed without a reason" in said


def test_json_in_a_file_named_yaml_may_have_comments() -> None:
    text = (
        '{"organizationId": "izi", "version": "1", "timeZone": "UTC", "currency": "RUB",\n'
        '"productDefaults": {"maxBonusPercent": 30}, "rules": [\n'
        "# lint: allow EXPIRY_LENGTH a gift\n"
        '{"id": "a", "trigger": "CLIENT_REGISTERED",\n'
        '"actions": [{"type": "ADD_BONUS", "formula": "5", "expiresInDays": 7}]}]}'
    )
    report = lint(text, "rules.yaml", Assumed(NOW))
    assert (codes(report), len(report.allowed)) == ([], 1)
    with pytest.raises(RuleSetError):
        lint(text, "rules.json", Assumed(NOW))


# ----------------------------------------------------------------------------- shadows

ABOVE = """  - id: above
    trigger: BALANCE_TOPPED_UP
    priority: 2
    exclusive: percent
    actions: [{type: ADD_BONUS, formula: "FORMULA", expiresInDays: 45}]
"""
BELOW = ABOVE.replace("above", "below").replace("priority: 2", "priority: 1")


@pytest.mark.parametrize(
    ("setting", "formula", "code"),
    [
        ("tags: [a]", "5", "SHADOWED"),
        ("limits: {perClient: [{times: 1, per: DAY}]}", "5", ""),
        ("limits: {cooldown: {hours: 1}}", "5", ""),
        ("limits: {budget: {amountMajor: 100, per: DAY}}", "5", ""),
        ("clubIds: [club-1]", "5", ""),
        ("audience: {noneOfGroups: [vip]}", "5", ""),
        ("enabled: false", "5", ""),
        ('validity: {from: "2026-12-01T00:00:00+03:00"}', "5", ""),
        ("tags: [a]", "100 / topupCount", ""),
        ("tags: [a]", "averageTopupMajor", ""),
        ("tags: [a]", "0", "SHADOWED"),
    ],
)
def test_what_holds_a_group_whenever_it_matches(setting: str, formula: str, code: str) -> None:
    above = ABOVE.replace("FORMULA", formula).replace(
        "    priority", f"    {setting}\n    priority"
    )
    report = of("rules:\n" + above + BELOW.replace("FORMULA", "7"))
    shadows = [each for each in codes(report) if each in ("SHADOWED", "ONLY_AFTER_LIMIT")]
    assert shadows == ([code] if code else [])


# ------------------------------------------------------------------------------- rings

WIN_BACK = """limits: {{budget: {{amountMajor: 1000, per: DAY}}}}
rules:
  - id: away
    {away}
    audience: {{noneOfGroups: [sleepers]}}
    actions:
      - {{type: ASSIGN_GROUP, groupId: sleepers}}
      - {{type: SEND_PUSH, title: "We miss you", body: "Come back"}}
  - id: back
    trigger: VISIT_STARTED
    audience: {{anyOfGroups: [sleepers]}}
    actions:
      - {{type: UNASSIGN_GROUP, groupId: sleepers}}
      - {{type: ADD_BONUS, formula: "5", expiresInDays: 45}}
"""


@pytest.mark.parametrize(
    ("away", "found"),
    [
        ("trigger: VISIT_ENDED", ["PUSH_LOOP"]),
        ("trigger: CLIENT_ABSENT\n    after: {days: 14}", []),
        ("trigger: BIRTHDAY", []),
    ],
)
def test_days_between_two_rounds_hold_a_ring_as_a_limit_does(away: str, found: list[str]) -> None:
    assert codes(of(WIN_BACK.format(away=away))) == found


# ----------------------------------------------------------------------------- payouts


def test_the_greatest_event_of_a_ladder() -> None:
    """12 % of the largest amount that is looked at, and more of a larger one."""
    (payout,) = of(TIERS, "5000").payouts
    assert (payout.at_most, payout.reached, payout.grows) == (Decimal(600), Decimal(600), True)
    assert payout.rules == ("everyday.anchor",)
    assert json.loads(payout.lines[-1])["topupAmountMajor"] == "5000.00"


@pytest.mark.parametrize(
    "limits", ["", "limits: {perClientCredit: {amountMajor: 5000, per: DAY}}\n"]
)
def test_the_greatest_event_is_not_always_the_largest(limits: str) -> None:
    """20 % of 1199.99 are 239.998, rounded up; from 1200 on 1 % are 13 at most. Where a limit of
    the set refuses the 13, it refuses what the tier below credits for the same amount, too."""
    report = of(
        limits
        + TIERS.replace("percent: 12", "percent: 12}, {id: x, atLeast: 1200, percent: 1").replace(
            "atLeast: 400, percent: 12", "atLeast: 400, percent: 20"
        ),
        "1300",
    )
    (payout,) = report.payouts
    assert (payout.at_most, payout.reached) == (Decimal("240.00"), Decimal("240.00"))
    assert json.loads(payout.lines[-1])["topupAmountMajor"] == "1199.99"


def test_rules_that_exclude_each_other_by_their_audience_do_not_add_up() -> None:
    rule = (
        "  - id: NAME\n    trigger: BALANCE_TOPPED_UP\n    audience: {ASKED}\n"
        '    actions: [{type: ADD_BONUS, formula: "AMOUNT", expiresInDays: 45}]\n'
    )
    vip = rule.replace("NAME", "vip").replace("ASKED", "anyOfGroups: [vip]").replace("AMOUNT", "70")
    others = rule.replace("NAME", "o").replace("ASKED", "noneOfGroups: [vip]")
    report = of("rules:\n" + vip + others.replace("AMOUNT", "50"))
    (payout,) = report.payouts
    assert (payout.at_most, payout.reached, payout.rules) == (Decimal(70), Decimal(70), ("vip",))
    assert json.loads(payout.lines[0])["groups"] == ["vip"]


def test_below_rules_that_their_limits_refuse_the_greatest_may_stand_last() -> None:
    """2, then 1 within the hour, then 3: the third top-up gets most."""
    rule = (
        "  - id: NAME\n    trigger: BALANCE_TOPPED_UP\n    exclusive: g\n    LIMITS\n"
        '    actions: [{type: ADD_BONUS, formula: "AMOUNT", expiresInDays: 45}]\n'
    )
    limited = rule.replace("LIMITS", "limits: {cooldown: {hours: 1}}")
    rules = limited.replace("NAME", "a").replace("AMOUNT", "2")
    rules += limited.replace("NAME", "b").replace("AMOUNT", "1")
    report = of(
        "rules:\n"
        + rules
        + rule.replace("NAME", "c").replace("LIMITS", "priority: -1").replace("AMOUNT", "3")
    )
    (payout,) = report.payouts
    assert (int(payout.at_most), int(payout.reached), payout.rules) == (3, 3, ("c",))
    assert not payout.why
    assert len(payout.lines) == 3


def test_a_day_is_held_by_the_limit_per_client() -> None:
    """600 of 5000; then the anchor tier does not fit and the entry tier pays 250; 150 are left."""
    day = of("limits: {perClientCredit: {amountMajor: 1000, per: DAY}}\n" + TIERS, "5000").day
    assert day is not None
    assert (day.at_most, day.reached) == (Decimal(1000), Decimal(1000))
    assert len(day.lines) == 3


def test_a_day_is_held_by_the_limits_of_the_rules() -> None:
    """Each tier fires twice: 2 × 120, and where the anchor tier may no more, 2 × 50."""
    limits = "    limits: {perClient: [{times: 2, per: WEEK}]}\n    tiers"
    day = of(TIERS.replace("    tiers", limits), "1000").day
    assert day is not None
    assert (day.at_most, day.because) == (Decimal(340), "the limits of the rules")
    assert (day.reached, len(day.lines), day.is_open) == (Decimal(340), 4, False)


@pytest.mark.parametrize(
    ("limits", "at_most", "reached"),
    [
        # three firings of 30 fit 100, a fourth does not
        ("budget: {amountMajor: 100, per: DAY}", 90, 90),
        ("budget: {amountMajor: 100, per: MONTH}, perClient: [{times: 2, per: DAY}]", 60, 60),
        ("budget: {amountMajor: 100, per: MONTH}, perClient: [{times: 9, per: DAY}]", 90, 90),
    ],
)
def test_a_day_is_held_by_the_budget_of_a_rule(limits: str, at_most: int, reached: int) -> None:
    report = of(
        f"rules:\n  - id: a\n    trigger: VISIT_STARTED\n    limits: {{{limits}}}\n"
        '    actions: [{type: ADD_BONUS, formula: "30", expiresInDays: 45}]\n'
    )
    assert report.day is not None
    assert report.day.at_most == at_most
    assert report.day.reached == reached
    assert report.day.because == "the limits of the rules"


def test_a_day_without_a_bound() -> None:
    day = of(TIERS).day
    assert day is not None
    assert (day.at_most, day.is_open) == (None, True)
    assert day.because == "nothing limits how often `everyday.anchor` credits"


def test_a_set_that_pays_nothing() -> None:
    report = of(
        "rules:\n  - id: a\n    trigger: VISIT_STARTED\n"
        "    actions: [{type: ASSIGN_GROUP, groupId: g}]\n"
    )
    assert (report.payouts, report.day, codes(report)) == ((), None, [])


def test_the_table_of_the_guide() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\w+) \| (.*) \|$", GUIDE.read_text(), re.MULTILINE)
    assert rows == [(code, kind.severity, kind.meaning) for code, kind in KINDS.items()]
