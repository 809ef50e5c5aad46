"""Never, or only after a limit: two rules of one exclusivity group under the limits of the set.

The set leaves a client 100 a day. Where lint says that the rule below fires only after the limit, a
day of top-ups stands beside it on which it does.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from rules_engine.compile import compile_rule_set
from rules_engine.lint import Assumed, LintReport, lint
from rules_engine.simulate import simulate
from schemas.instants import parse_instant
from tests.unit.lint.authored import NOT_VIP, TOPUP, VIP, VISIT, Rule, assign, found, linted, rule

NOW = parse_instant("2026-11-23T12:00:00+03:00")
HEAD = """organizationId: izi
version: "1"
timeZone: UTC
currency: RUB
limits: {perClientCredit: {amountMajor: 100, per: DAY}}
rules:
"""
RULE = """  - id: NAME
    trigger: BALANCE_TOPPED_UP
    priority: PRIORITY
    exclusive: g
    when: WHEN
    actions: [ACTIONS]
"""
ADD = '{{type: ADD_BONUS, formula: "{}", expiresInDays: 45}}'
GROUP = "{type: ASSIGN_GROUP, groupId: late}"
FIFTH, FIRM = "percent(topupAmountMajor, 20)", "topupAmountMajor >= 100"
NEVER, LATE = "SHADOWED", "ONLY_AFTER_LIMIT"


def credit(formula: str, bounds: str = "") -> str:
    made = ADD.format(formula)
    return made if not bounds else made.replace("expiresInDays", f"{bounds}, expiresInDays")


def written(rules: Sequence[tuple[str, str, str]]) -> str:
    text = HEAD
    for number, (name, when, actions) in enumerate(rules):
        made = RULE.replace("NAME", name).replace("WHEN", when).replace("ACTIONS", actions)
        text += made.replace("PRIORITY", str(9 - number))
    return text


def of(text: str) -> LintReport:
    return lint(text, "rules.yaml", Assumed(NOW, Decimal(1000)))


def shadows(report: LintReport) -> list[tuple[str, str]]:
    codes = [(each.diagnostic.code, each.rule_id) for each in report.findings]
    return [each for each in codes if each[0] in (NEVER, LATE)]


def fired(report: LintReport, amounts: Sequence[int]) -> set[str]:
    """The rules that fire on a day of these top-ups."""
    fields = {"type": "BALANCE_TOPPED_UP", "organizationId": "izi", "clubId": "c", "clientId": "a"}
    lines = [
        json.dumps(
            fields
            | {"eventId": f"e{number}", "occurredAt": f"2026-11-23T12:00:{number:02}Z"}
            | {"topupAmountMajor": amount, "topUpSource": "POS_TERMINAL"}
        ).encode()
        for number, amount in enumerate(amounts)
    ]
    outcomes = [each.outcome for each in simulate(compile_rule_set(report.rule_set), lines)]
    return {rule for outcome in outcomes if outcome is not None for rule in outcome.fired}


CASES = [
    # above, below, what lint says, a day on which the rule below fires
    (credit("30"), credit("30"), NEVER, []),
    (credit("30"), credit("40"), NEVER, []),
    (credit("33.34"), credit("33.32"), LATE, [100, 100, 100]),  # of 100 two leave just 33.32
    (credit("40"), credit("20"), LATE, [100, 100, 100]),  # 80; 40 do not fit, 20 do
    (credit(FIFTH), credit(FIFTH), NEVER, []),
    (credit("percent(topupAmountMajor, 5)"), credit(FIFTH), NEVER, []),
    (credit(FIFTH), credit("percent(topupAmountMajor, 5)"), LATE, [400, 300]),  # 80; 60, but 15
    (credit(FIFTH), credit(FIFTH, "min: 10"), NEVER, []),
    (credit(FIFTH, "min: 10"), credit(FIFTH), NEVER, []),  # 20 % of 100 are above 10 anyway
    (credit(FIFTH, "min: 25"), credit(FIFTH), LATE, [390, 100]),  # 78; 25 do not fit, 20 do
    (credit(FIFTH, "max: 60"), credit(FIFTH), NEVER, []),
    (credit(FIFTH), credit(FIFTH, "max: 60"), LATE, [200, 400]),  # 40; 80 do not fit, 60 do
    (credit("min(topupAmountMajor, 50)"), credit("topupAmountMajor"), NEVER, []),
    (credit("topupAmountMajor"), credit("max(topupAmountMajor, 50)"), NEVER, []),
    (credit("10 if isFirstTopup else 20"), credit("20"), NEVER, []),
    (credit("floor(topupAmountMajor / 7)"), credit("floor(topupAmountMajor / 5)"), NEVER, []),
    (credit("10"), GROUP, LATE, [100] * 11),  # it asks for no money, and runs when ten have
    (credit("10"), f"{credit('10')}, {GROUP}", NEVER, []),
    (credit("10"), f"{credit('5')}, {credit('5')}", NEVER, []),  # 10 together
    (credit("15"), f"{credit('5')}, {credit('4')}", LATE, [100] * 7),  # 90; 9 of 10
    (f"{credit('5')}, {credit(FIFTH)}", f"{credit(FIFTH)}, {credit('6')}", NEVER, []),
    (GROUP, credit("5"), NEVER, []),  # no limit refuses a rule without a credit
    (credit("0"), credit("5"), NEVER, []),  # nor one that credits nothing
]


@pytest.mark.parametrize(("above", "below", "code", "day"), CASES)
def test_under_a_limit_of_the_set(above: str, below: str, code: str, day: list[int]) -> None:
    report = of(written([("above", FIRM, above), ("below", FIRM, below)]))
    assert shadows(report) == [(code, "below")]
    assert ("below" in fired(report, day or [100] * 30)) == (code == LATE)


def tier(formula: str = "5", **settings: Any) -> Rule:
    return rule(TOPUP, formula, exclusive="g", **settings)


WEEKDAYS = [{"days": ["MON", "TUE", "WED", "THU", "FRI"], "from": "00:00", "to": "00:00"}]
WEEKEND = [{"days": ["SAT", "SUN"], "from": "00:00", "to": "00:00"}]
OFFICE = [{"days": ["MON", "TUE"], "from": "10:00", "to": "17:00"}]
X = "topupAmountMajor"

ORDERS: list[tuple[str, list[Rule], list[str]]] = [
    # what it is about, rules from above to below, those that are told to be shadowed
    ("the same twice", [tier(), tier()], ["r1"]),
    ("the wider above", [tier(when=f"{X} >= 200"), tier(when=f"{X} >= 400")], ["r1"]),
    ("the narrower above", [tier(when=f"{X} >= 400"), tier(when=f"{X} >= 200")], []),
    (
        "three, the widest first",
        [tier(), tier(when=f"{X} >= 200"), tier(when=f"{X} >= 400")],
        ["r1", "r2"],
    ),
    (
        "two halves above a whole",
        [tier(when=f"{X} >= 400"), tier(when=f"{X} < 400"), tier()],
        ["r2"],
    ),
    (
        "two halves with a kopeck between",
        [tier(when=f"{X} > 400"), tier(when=f"{X} < 400"), tier()],
        [],
    ),
    (
        "just that kopeck",
        [tier(when=f"{X} > 400"), tier(when=f"{X} < 400"), tier(when=f"{X} == 400")],
        [],
    ),
    ("members and others", [tier(audience=VIP), tier(audience=NOT_VIP), tier()], ["r2"]),
    ("members above all", [tier(audience=VIP), tier()], []),
    ("all above members", [tier(), tier(audience=VIP)], ["r1"]),
    (
        "one of two groups above either",
        [tier(audience=VIP), tier(audience={"anyOfGroups": ["vip", "gold"]})],
        [],
    ),
    (
        "either above one of them",
        [tier(audience={"anyOfGroups": ["vip", "gold"]}), tier(audience=VIP)],
        ["r1"],
    ),
    (
        "both groups, one by one, above either",
        [
            tier(audience=VIP),
            tier(audience={"anyOfGroups": ["gold"]}),
            tier(audience={"anyOfGroups": ["vip", "gold"]}),
        ],
        ["r2"],
    ),
    ("a condition above an audience", [tier(when="'vip' in groups"), tier(audience=VIP)], ["r1"]),
    ("working days, then the week", [tier(window=WEEKDAYS), tier()], []),
    (
        "working days and the weekend, then the week",
        [tier(window=WEEKDAYS), tier(window=WEEKEND), tier()],
        ["r2"],
    ),
    ("working days above office hours", [tier(window=WEEKDAYS), tier(window=OFFICE)], ["r1"]),
    (
        "a window above the same in a condition",
        [tier(window=OFFICE), tier(when="dayOfWeek in (1, 2) and 10 <= hour < 17")],
        ["r1"],
    ),
    (
        "the same in a condition above a window",
        [tier(when="dayOfWeek in (1, 2) and 10 <= hour < 17"), tier(window=OFFICE)],
        ["r1"],
    ),
    ("one club above all", [tier(clubIds=["a"]), tier()], []),
    ("all clubs above one", [tier(), tier(clubIds=["a"])], ["r1"]),
    ("one club above another", [tier(clubIds=["a"]), tier(clubIds=["b"])], []),
    (
        "two clubs, one by one, above both",
        [tier(clubIds=["a"]), tier(clubIds=["b"]), tier(clubIds=["a", "b"])],
        ["r2"],
    ),
    (
        "a month above another",
        [
            tier(validity={"to": "2026-12-01T00:00:00+03:00"}),
            tier(validity={"from": "2026-12-01T00:00:00+03:00"}),
        ],
        [],
    ),
    (
        "a month above a day of it",
        [
            tier(validity={"from": "2026-12-01T00:00:00+03:00", "to": "2027-01-01T00:00:00+03:00"}),
            tier(validity={"from": "2026-12-05T00:00:00+03:00", "to": "2026-12-06T00:00:00+03:00"}),
        ],
        ["r1"],
    ),
    ("first top-ups above all", [tier(audience={"firstTopupOnly": True}), tier()], []),
    (
        "first top-ups above the same in words",
        [tier(audience={"firstTopupOnly": True}), tier(when="isFirstTopup")],
        ["r1"],
    ),
    ("once a day above all", [tier(times=1), tier()], []),
    ("an hour's pause above all", [tier(limits={"cooldown": {"hours": 1}}), tier()], []),
    (
        "one with a budget above all",
        [tier(limits={"budget": {"amountMajor": 100, "per": "DAY"}}), tier()],
        [],
    ),
    (
        "a budget of a rule without a credit",
        [
            rule(
                TOPUP,
                None,
                assign("a"),
                exclusive="g",
                limits={"budget": {"amountMajor": 100, "per": "DAY"}},
            ),
            tier(),
        ],
        ["r1"],
    ),
    ("one that is switched off above", [tier(enabled=False), tier()], []),
    ("one that never fires above", [tier(when=f"{X} < 0"), tier()], []),
    ("one whose formula may fail above", [tier("averageTopupMajor"), tier()], []),
    (
        "one whose formula fails for newcomers, above old clients",
        [tier("averageTopupMajor"), tier(when="topupCount > 0")],
        ["r1"],
    ),
    ("another group", [tier(), rule(TOPUP, "5", exclusive="h")], []),
    ("no group", [tier(), rule(TOPUP, "5")], []),
    ("another trigger", [tier(), rule(VISIT, "5", exclusive="g")], []),
    ("buckets", [tier(when="bucket('t') < 50"), tier(when="bucket('t') >= 50"), tier()], ["r2"]),
    (
        "every source, one by one",
        [
            tier(when="topUpSource == 'CASH'"),
            tier(when="topUpSource in ('ACQUIRING', 'POS_TERMINAL')"),
            tier(),
        ],
        ["r2"],
    ),
    (
        "absent for as many days",
        [
            rule("CLIENT_ABSENT", "5", exclusive="g", after={"days": 14}),
            rule("CLIENT_ABSENT", "9", exclusive="g", after={"days": 14}, when="visitCount > 3"),
        ],
        ["r1"],
    ),
    (
        "absent for more days",
        [
            rule("CLIENT_ABSENT", "5", exclusive="g", after={"days": 14}),
            rule("CLIENT_ABSENT", "9", exclusive="g", after={"days": 15}),
        ],
        [],
    ),
    (
        "at another hour",
        [rule("BIRTHDAY", "5", exclusive="g"), rule("BIRTHDAY", "9", exclusive="g", at="12:00")],
        [],
    ),
]


@pytest.mark.parametrize(
    ("rules", "shadowed"), [case[1:] for case in ORDERS], ids=[case[0] for case in ORDERS]
)
def test_which_rules_of_a_group_are_never_reached(rules: list[Rule], shadowed: list[str]) -> None:
    in_order = [each | {"priority": -number} for number, each in enumerate(rules)]
    assert found(linted(in_order), NEVER, LATE) == [(NEVER, rule_id) for rule_id in shadowed]
    ladder = [each for each in in_order if each["trigger"] == TOPUP]
    late = found(linted(ladder, {"budget": {"amountMajor": 1000, "per": "DAY"}}), NEVER, LATE)
    assert {rule_id for _, rule_id in late} == (
        set(shadowed) if len(ladder) == len(rules) else set()
    )
