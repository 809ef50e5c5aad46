"""Never, or only after a limit: two rules of one exclusivity group under the limits of the set.

The set leaves a client 100 a day. Where lint says that the rule below fires only after the limit, a
day of top-ups stands beside it on which it does.
"""

import json
from collections.abc import Sequence
from decimal import Decimal

import pytest

from rules_engine.compile import compile_rule_set
from rules_engine.lint import Assumed, LintReport, lint
from rules_engine.simulate import simulate
from schemas.instants import parse_instant

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
