"""The explanation of one line of a simulation."""

from rules_engine.checked import CheckedRuleSet
from rules_engine.explain.event import Explanation, explain_event
from rules_engine.simulate import Simulated


def explain_simulated(rule_set: CheckedRuleSet, simulated: Simulated) -> Explanation | None:
    """Why each rule did or did not fire; None for what could not be read, and for an event of an
    organization that has no rules here."""
    event, before = simulated.event, simulated.before
    if event is None or before is None or event.organization_id != rule_set.organization_id:
        return None
    return explain_event(
        rule_set,
        before,
        event,
        simulated.origin,
        simulated.budgets.copy(),
        simulated.around,
        simulated.clock,
    )
