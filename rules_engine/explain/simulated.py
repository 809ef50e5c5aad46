"""The explanation of one line of a simulation, or of a timer that rang in it."""

from rules_engine.checked import CheckedRuleSet
from rules_engine.explain.decided import Explanation
from rules_engine.explain.event import explain_event
from rules_engine.explain.timer import explain_timer
from rules_engine.simulate import Simulated


def explain_simulated(
    rule_set: CheckedRuleSet, simulated: Simulated, *, changes: bool = True
) -> Explanation | None:
    """Why each rule did or did not fire; None for what could not be read, and for an event of an
    organization that has no rules here. `changes`: see `explain_event`."""
    event, before, rung = simulated.event, simulated.before, simulated.rung
    if rung is not None:
        budgets = simulated.budgets.copy()
        return explain_timer(rule_set, rung.before, rung.due, budgets, simulated.around)
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
        changes=changes,
    )
