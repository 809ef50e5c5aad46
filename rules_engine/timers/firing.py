"""Rules that are due together for one client: one run, though each rule has its own event."""

from rules_engine.budgets.port import Budgets
from rules_engine.calendar import ZoneCalendar
from rules_engine.client import ClientState
from rules_engine.firing import fire
from rules_engine.plans import RulePlan, SetTerms
from rules_engine.run import Run
from rules_engine.timers.events import TimerEvent
from schemas.instants import instant_text
from schemas.wire import CausedBy


class TimerRun(Run, gc=False):
    """`holds`: the rule that was asked last has matched."""

    holds: bool = False


class Together:
    """The run of all rules of one unit; None until the first has something to say. Generated code
    hands it through in place of an event's origin: timers have none."""

    def __init__(self) -> None:
        self.run: TimerRun | None = None


def begin_timer(
    terms: SetTerms,
    event: TimerEvent,
    client: ClientState,
    together: Together,
    budgets: Budgets,
    calendar: ZoneCalendar,
) -> TimerRun:
    """The run, from now on under the event of the rule that is asked next."""
    caused_by = CausedBy(event.event_id, event.type, None, None, None)
    run = together.run
    if run is None:
        issued_at = instant_text(event.occurred_at)
        run = TimerRun(terms, event, client, budgets, calendar, caused_by, issued_at)
        together.run = run
    else:
        run.event, run.caused_by = event, caused_by
    return run


def fire_timer(run: TimerRun, rule: RulePlan) -> bool:
    """`fire`, and who asks the next rule can see whether this one holds its group."""
    run.holds = fire(run, rule)
    return run.holds
