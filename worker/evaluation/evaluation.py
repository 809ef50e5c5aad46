"""One evaluation of a batch under way: pure, and thrown away with its result."""

from collections.abc import Mapping
from typing import final

from msgspec import Struct

from rules_engine.books.around import Around
from rules_engine.budgets.messages import Message
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.evaluate import NO_BUDGETS, apply_event, refusal
from rules_engine.outcome import Origin, Outcome
from rules_engine.timers.due import FIRST_OF_RULES, Due, Position, split_client_key
from rules_engine.timers.facts import next_state_driven
from schemas.dead_letters import dead_letter
from schemas.decoded import Event, Rejected
from schemas.records import Record
from worker.evaluation.budget_share import BUDGETS_KEY, LaneShare, RuleSets
from worker.evaluation.clients import NOBODY, BatchClients
from worker.evaluation.outputs import MOST_OUTBOX_BYTES, Said
from worker.evaluation.payments import BatchPayments
from worker.evaluation.report import BatchReport
from worker.index.changes import Changes, holds
from worker.lane.evaluator_port import Evaluated, Moment
from worker.lane.plan import Terms, timer_at, timer_place
from worker.tables.port import IndexChange
from worker.timers.gathered import Span
from worker.timers.run import TimerRun
from worker.timers.search import TimerSearch

MOST_KEYS = 3_500
"""Values of one commit: below what one script of the tables takes (`worker.tables.limits`)."""
MOST_RECORD_BYTES = 900_000
"""Of one output record: below the brokers' default limit of 1 MiB."""


class Decoded(Struct, frozen=True, gc=False):
    """`key`: of the client's value; "" for what cannot be read."""

    record: Record
    event: Event | Rejected
    key: str


@final
class Heard(Struct, frozen=True, gc=False):
    """A message of a lane, perhaps of this one."""

    message: Message


class Evaluation:
    """`search`: who may have a timer due; None: nobody, but for what the events themselves make
    due. `bound`: the clock is never beyond it."""

    def __init__(
        self,
        rules: RuleSets,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        share: LaneShare,
        report: BatchReport,
        search: TimerSearch | None = None,
        bound: int = 0,
    ) -> None:
        self._rules = rules
        self._values = values
        self._moment = moment
        self._terms = terms
        self._skew_us = terms.clock_skew_us
        self._share = share
        self._payments = BatchPayments(values)
        self._around = Around(terms.lapse_grace_us, terms.remember_payments_us, self._payments)
        self._clients = BatchClients(values)
        self._written = self._clients.written
        self._said = Said()
        self._clock = moment.begin
        self._taken = 0
        self._cut: tuple[str, int] | None = None
        self._report = report
        self._search = search
        self._bound = bound
        self._rung: set[str] = set()
        """Clients that a timer was taken of."""
        self._timers: TimerRun | None = None
        """None: nothing is due up to the clock, nor may be."""
        if search is not None:
            self._timers = self._watch(search, moment.position)

    def take(self, item: Decoded | Heard) -> bool:
        """False where the batch ends before the record: it is full, or the record is cut."""
        if type(item) is Heard:
            self._share.hear(item.message)
            self._taken += 1
            return True
        if (self._taken or self._rung) and self._is_full():
            return False
        event = item.event
        if type(event) is Rejected:
            self._reject(item.record, event)
        elif event.occurred_at > item.record.timestamp * 1000 + self._skew_us:
            self._reject(item.record, _in_future(self._skew_us))
        else:
            return self._decide(item, event)
        return True

    def _is_full(self) -> bool:
        return (
            self._said.bytes >= MOST_OUTBOX_BYTES
            or len(self._written) + len(self._payments) >= MOST_KEYS
        )

    def _decide(self, item: Decoded, event: Event) -> bool:
        record, rule_set = item.record, self._rules.get(event.organization_id)
        client = self._clients.get(item.key) or NOBODY
        origin = Origin(record.topic, record.partition, record.offset)
        clock = self._clock_with(event)
        if self._timers is not None and not self._timers.is_idle(clock):
            refused = refusal(rule_set, client, event, self._around, clock)
            if refused is not None:
                self._reject(record, refused)
                return True
            if not self._timers.reach(clock, self._ring):
                return False
            client = self._clients.get(item.key) or NOBODY
        if rule_set is None or not rule_set.budgets:
            outcome = apply_event(rule_set, client, event, origin, NO_BUDGETS, self._around, clock)
        else:
            outcome = self._charge(rule_set, client, event, origin, clock)
            if outcome.short:
                return False
        if outcome.rejected is not None:
            self._reject(record, outcome.rejected)
        else:
            self._clock = clock
            self._apply(item, event, client, outcome)
        return True

    def _clock_with(self, event: Event) -> int:
        """The lane's clock once it took the event: never ahead of the wall clock, never back."""
        at = event.occurred_at
        return max(self._clock, min(at, self._moment.wall)) if at > self._clock else self._clock

    def _charge(
        self,
        rule_set: CompiledRuleSet,
        client: ClientState,
        event: Event,
        origin: Origin,
        clock: int,
    ) -> Outcome:
        """The event against budgets; where one is short the record is cut and the owner asked."""
        budgets = self._share.open()
        budgets.begin(origin.topic, origin.offset)
        outcome = apply_event(rule_set, client, event, origin, budgets, self._around, clock)
        if outcome.short:
            self._cut = (origin.topic, origin.offset)
            wall, name = self._moment.wall, rule_set.content_hash
            budgets.cut(*self._cut, event.organization_id, name, wall)
        else:
            budgets.done()
        return outcome

    def _apply(self, item: Decoded, event: Event, before: ClientState, outcome: Outcome) -> None:
        if not outcome.duplicate:
            after = self._written[item.key] = outcome.client
            if self._timers is not None:
                self._timers.arrive(self._clock)
                self._timers.changed(item.key, before, after)
            elif after.lapses_at is not None or after.ends or after.lapsed:
                self._look_ahead(after)
        self._said.outcome(outcome, item.record, self._rules.get(event.organization_id))
        if outcome.payment is not None:
            self._payments.keep(event, outcome.payment)
        self._report.event(item.record.topic, event.type, event.organization_id, outcome)
        self._taken += 1

    def _reject(self, record: Record, rejected: Rejected) -> None:
        self._said.dead_letter(dead_letter(record, rejected, MOST_RECORD_BYTES))
        self._report.dead_letter(record.topic, rejected.code)
        self._taken += 1

    # ------------------------------------------------------------------ timers

    def _watch(self, search: TimerSearch, position: Position | None) -> TimerRun:
        moment = self._moment
        return TimerRun(
            self._rules,
            self._clients,
            search,
            self._around,
            position,
            self._bound,
            moment.only,
        )

    def _look_ahead(self, after: ClientState) -> None:
        """Does the event make something due before the end of its own batch?"""
        wake = next_state_driven(after, self._terms.lapse_grace_us)
        if wake is None or wake > self._bound:
            return
        position = Position(self._clock)
        span = Span(position, self._bound, self._terms.lapse_grace_us)
        self._timers = self._watch(TimerSearch(self._rules, span), position)
        for key, client in self._written.items():
            self._timers.changed(key, self._clients.loaded(key), client)

    def _ring(self, due: Due) -> bool:
        """One unit; False where the plan is full before it, or its budget is short."""
        if self._is_full() or self._timers is None:
            return False
        organization_id = split_client_key(due.key)[0]
        rule_set = self._rules[organization_id]
        if due.rank < FIRST_OF_RULES or not rule_set.budgets:
            rung = self._timers.walk.take(due, NO_BUDGETS)
        else:
            budgets, place = self._share.open(), timer_place(due)
            budgets.begin(*place)
            rung = self._timers.walk.take(due, budgets)
            if rung.outcome.short:
                self._cut = place
                wall, name = self._moment.wall, rule_set.content_hash
                budgets.cut(*place, organization_id, name, wall)
                return False
            budgets.done()
        self._timers.units += 1
        self._clock = due.at
        self._rung.add(due.key)
        self._said.outcome(rung.outcome, None, rule_set)
        self._report.timer(organization_id, due.at, rung.outcome)
        return True

    def finish(self) -> None:
        """Every record was taken: what is due up to the wall clock where the lane is idle, or what
        a logged plan took behind its records."""
        timers, moment = self._timers, self._moment
        if moment.idle:
            if timers is None or timers.reach(moment.wall, self._ring):
                self._clock = max(self._clock, moment.wall)
                if timers is not None:
                    timers.arrive(self._clock)
        elif timers is not None and moment.only is not None:
            timers.take(self._bound, self._ring)

    # ------------------------------------------------------------------ the outcome

    def evaluated(self, consulted: dict[str, str | None]) -> Evaluated:
        values = self._clients.packed()
        values |= self._payments.packed()
        packed = self._share.packed()
        if packed is not None:
            values[BUDGETS_KEY] = packed
        timers, position = self._timers, self._position()
        halted = timers is not None and timers.halted
        if self._search is not None and position.timer is not None:
            keys = self._search.candidate_keys()
            self._report.timers_left = len(keys - self._rung)
        units = timers.units if timers is not None else 0
        is_silent = not (self._taken or self._cut or units)
        return Evaluated(
            self._taken,
            values,
            [*self._said.outputs, *self._share.outputs()],
            {} if is_silent else self._named(consulted),
            position.at,
            self._report,
            self._cut,
            units,
            position.timer,
            self._indexed(),
            halted,
        )

    def _position(self) -> Position:
        """What was taken, and how far the clock came."""
        only, timers = self._moment.only, self._timers
        units = timers.units if timers is not None else 0
        if only is not None and only.end is not None and units == only.units:
            return Position(only.end.at, only.end)
        position = self._moment.position if timers is None else timers.position
        if position is None or self._clock > position.at:
            return Position(self._clock)
        return position

    def _named(self, consulted: dict[str, str | None]) -> dict[str, str | None]:
        """With the organizations whose timers rang, or were tried."""
        tried = timer_at(self._cut) if self._cut is not None else None
        keys = self._rung if tried is None else self._rung | {tried.key}
        of_timers = {split_client_key(key)[0] for key in keys}
        return consulted | {org: self._rules[org].content_hash for org in sorted(of_timers)}

    def _indexed(self) -> IndexChange:
        """What the index is to hold of the clients now, and no more; and of new payments."""
        changes = Changes()
        for key, client in self._written.items():
            changes.client(key, self._clients.loaded(key), client)
        for key, payment in self._payments.opened():
            changes.payment(payment.paid_at, key)
        if self._search is not None:
            entries = self._search.entries().items()
            found = ((entry, key) for entry, key in entries if key not in self._rung)
            changes.drop(e for e, key in found if not holds(e, self._clients.get(key) or NOBODY))
        return changes.change()


def _in_future(skew_us: int) -> Rejected:
    return Rejected(
        "IN_FUTURE",
        f"occurredAt is more than {skew_us // 1_000_000} s after the record's timestamp: "
        "mend the sender's clock and send the event again.",
    )
