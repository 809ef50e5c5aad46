"""What no case tried."""

import re

import pytest

from rules_engine.author import load_rule_set
from rules_engine.cases.check import load_cases
from rules_engine.cases.coverage import Coverage
from rules_engine.cases.run import run_cases
from tests.unit.cases.texts import RULES, run

ONE_VISIT = """
  - name: visit
    given: {events: [{type: VISIT_STARTED}]}
    expect: {commands: []}
"""


def test_what_was_never_tried() -> None:
    """`asleep` is switched off: nobody can try it."""
    coverage = run(f"cases: {ONE_VISIT}").coverage
    assert coverage == Coverage(
        rules=4,
        fired=0,
        never_fired=("absent", "regular"),
        tiers_never_hit=("everyday.anchor", "everyday.entry"),
        never_true=("regular",),
        never_false=(),
    )
    assert not coverage.is_full


def test_history_and_timers_count() -> None:
    coverage = run("""
cases:
  - name: third visit, then nothing for two weeks
    given:
      client: {bonusBalanceMajor: 10}
      before:
        - {type: BALANCE_TOPPED_UP, topupAmountMajor: 200}
        - {type: BALANCE_TOPPED_UP, topupAmountMajor: 400}
        - {type: VISIT_STARTED}
        - {type: VISIT_STARTED}
        - {type: VISIT_STARTED}
      until: "2026-01-20T00:00:00+03:00"
    expect: {commands: [{type: ADD_BONUS}, {type: UNASSIGN_GROUP}]}
""").coverage
    assert coverage == Coverage(4, 4, (), (), (), ())
    assert coverage.is_full


def test_a_condition_that_failed_was_neither() -> None:
    rules = load_rule_set(RULES.replace("visitCount == 2", "daysSinceLastVisit > 2"), "izi.yaml")
    coverage = run_cases([load_cases(f"cases: {ONE_VISIT}", "t.test.yaml", rules)]).coverage
    assert coverage.never_true == coverage.never_false == ("regular",)


@pytest.mark.parametrize(
    ("condition", "events", "never_true", "never_false"),
    [
        # 400 in cash: both hold; 100 in cash: the first is false, the second not asked
        ("topupAmountMajor >= 300 and topUpSource == 'CASH'", "400 100", [], [2]),
        # the whole was never false: its parts are not told of in this direction
        ("topupAmountMajor >= 300 or topUpSource == 'CASH'", "400 100", [], []),
        ("topupAmountMajor >= 900 or topUpSource == 'CASH'", "400 100", [1], []),
        ("(topupAmountMajor >= 300 or isFirstTopup) and not isBirthday", "400 100", [], [2]),
        # one condition without parts
        ("topupAmountMajor >= 300", "400 100", [], []),
        # nor where it was never true
        ("topupAmountMajor >= 900 and topUpSource == 'CASH'", "400 100", [], [2]),
    ],
)
def test_parts_of_conditions(
    condition: str, events: str, never_true: list[int], never_false: list[int]
) -> None:
    text = (
        "organizationId: izi\nversion: '1'\ntimeZone: Europe/Moscow\ncurrency: RUB\nrules:\n"
        f'  - {{id: a, trigger: BALANCE_TOPPED_UP, when: "{condition}", '
        "actions: [{type: ADD_BONUS, formula: '5'}]}\n"
    )
    made = ", ".join(
        f"{{type: BALANCE_TOPPED_UP, topupAmountMajor: {each}, topUpSource: CASH, shiftId: s}}"
        for each in events.split()
    )
    cases = f"cases: [{{name: a, given: {{events: [{made}]}}, expect: {{journal: []}}}}]"
    rules = load_rule_set(text, "izi.yaml")
    coverage = run_cases([load_cases(cases, "t.test.yaml", rules)]).coverage
    parts = re.split(r" (?:and|or) (?![^(]*\))", condition)
    found = (coverage.clauses_never_true, coverage.clauses_never_false)
    assert [[parts.index(each.text.strip("()")) + 1 for each in told] for told in found] == [
        never_true,
        never_false,
    ]
