"""Generated code and the plain interpreter come to the same commands, reasons and states."""

from hypothesis import HealthCheck, Phase, given, settings

from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.evaluate import apply_event
from rules_engine.explain import explain_event
from rules_engine.outcome import Origin
from schemas.decoded import Event
from tests.properties.engine_cases import histories, rule_sets


@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(rule_sets(), histories())
def test_generated_code_is_the_interpreter(rules: CheckedRuleSet, events: list[Event]) -> None:
    compiled, client = compile_rule_set(rules), ClientState()
    for offset, event in enumerate(events):
        origin = Origin("loyalty.topups", 0, offset)
        outcome = apply_event(compiled, client, event, origin)
        explained = explain_event(rules, client, event, origin)
        assert outcome == explained.outcome
        assert outcome.fired == tuple(each.rule_id for each in explained.rules if each.fired)
        client = outcome.client
