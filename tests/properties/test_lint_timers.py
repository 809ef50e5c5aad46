"""What lint claims of timers: against lives in which they ring."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings

from rules_engine.checked import CheckedRuleSet
from rules_engine.compile import compile_rule_set
from rules_engine.lint import Code, check
from rules_engine.lint.payout import Assumed, credited_by
from rules_engine.lint.payouts import greatest_payouts
from rules_engine.timers.due import Due, Rank
from schemas.decoded import Event
from schemas.instants import DAY_US
from schemas.wire import AddBonus
from tests.properties.test_timers import Life, indexed
from tests.properties.timer_cases import START, histories, rule_sets

SETTINGS = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SINCE = START - 10 * DAY_US
NEVER = {Code.NEVER_FIRES, Code.SHADOWED, Code.OVER_LIMIT, Code.FORMULA_FAILS}


@SETTINGS
@given(rule_sets(), histories())
def test_no_timer_credits_more_and_no_silent_rule_fires(
    rules: CheckedRuleSet, events: list[Event]
) -> None:
    payouts = {each.trigger: each for each in greatest_payouts(rules, Assumed(SINCE))}
    found = list(check(rules, SINCE))
    silent = {each.rule_id for each in found if each.code in NEVER}
    late = {each.rule_id for each in found if each.code is Code.ONLY_AFTER_LIMIT}
    for due, outcome in Life(rules, 0, indexed).run(events):
        assert not silent & set(outcome.fired)
        assert not late & set(outcome.fired) or rules.limits.per_client_credit is not None
        if isinstance(due, Due) and Rank(due.rank).name in payouts:
            credited = [
                Decimal(each.amount_major)
                for each in outcome.commands
                if isinstance(each, AddBonus)
            ]
            assert sum(credited) <= payouts[Rank(due.rank).name].at_most


@SETTINGS
@given(rule_sets())
def test_the_shown_client_gets_what_is_claimed(rules: CheckedRuleSet) -> None:
    compiled = compile_rule_set(rules)
    for payout in greatest_payouts(rules, Assumed(SINCE)):
        assert payout.reached <= payout.at_most
        if payout.lines:
            credited = credited_by(compiled, payout.lines, payout.trigger, payout.until)
            assert credited == (payout.reached, payout.rules)
