"""What no case tried."""

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
