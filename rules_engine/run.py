"""The run of one event through the rules: what was decided for it so far."""

from decimal import Decimal

from msgspec import Struct

from rules_engine.budgets.port import Budgets
from rules_engine.calendar import ZoneCalendar
from rules_engine.client import ClientState, GroupEnd
from rules_engine.formula.runtime import failure_of
from rules_engine.ledger import Ledger
from rules_engine.outcome import Origin, Reason, Rejection
from rules_engine.plans import RulePlan, SetTerms
from schemas.decoded import Event
from schemas.instants import instant_text
from schemas.wire import CausedBy, Command


class Run(Struct, gc=False):
    """One event on its way through the rules, and what has been decided for it so far.

    `client` is the state before the event. `group_changes`: (group, assigned?, its end) in order;
    `credits`: (amount, instant of expiry) of every ADD_BONUS among `commands`, in order.
    """

    terms: SetTerms
    event: Event
    client: ClientState
    budgets: Budgets
    calendar: ZoneCalendar
    caused_by: CausedBy
    issued_at: str
    commands: tuple[Command, ...] = ()
    fired: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    group_changes: tuple[tuple[str, bool, GroupEnd | None], ...] = ()
    credits: tuple[tuple[Decimal, int | None], ...] = ()
    truncated_pushes: int = 0
    ledger: Ledger | None = None

    def reject(self, rule: RulePlan, reason: Reason, detail: str = "") -> None:
        self.rejections += (Rejection(rule.id, reason, detail),)

    def open_ledger(self) -> Ledger:
        """The ledger of this event, made when the first rule asks for it."""
        if self.ledger is None:
            at = self.event.occurred_at
            day = self.calendar.local_day(at)
            self.ledger = Ledger(self.client, self.terms.limits, at, day)
        return self.ledger


def begin(
    terms: SetTerms,
    event: Event,
    client: ClientState,
    origin: Origin,
    budgets: Budgets,
    calendar: ZoneCalendar,
) -> Run:
    """The run of an event for which a rule has something to say."""
    caused_by = CausedBy(event.event_id, event.type, origin.topic, origin.partition, origin.offset)
    issued_at = instant_text(event.occurred_at)
    return Run(terms, event, client, budgets, calendar, caused_by, issued_at)


def fail(run: Run, rule: RulePlan, error: Exception) -> bool:
    """A formula of the rule failed: the rule has not matched. Always False."""
    cause = failure_of(error).cause
    run.reject(rule, Reason.FORMULA_FAILED, cause.value)
    return False
