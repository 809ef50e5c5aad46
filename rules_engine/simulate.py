"""Events from a file through a rule set, from empty state, in order.

The same evaluation as the worker's on a stream of its own: one event a line, no topics, so the
type decides where an event would have come from; partition 0, offset = line number from 0. Nothing
is too far in the future here: the clock is the latest `occurredAt`, and what is due at or before an
event comes before it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.json import Encoder

from rules_engine.books.around import ALONE, Around, HeldPayments
from rules_engine.budgets.port import WholeBudgets
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.evaluate import apply_event, refusal
from rules_engine.outcome import Origin, Outcome
from rules_engine.timers.due import client_key
from rules_engine.timers.held import HeldCandidates, HeldClients
from rules_engine.timers.walk import Rung, TimerWalk
from schemas.dead_letters import dead_letter
from schemas.decode import decode
from schemas.decoded import Event, Rejected
from schemas.json_text import read_json
from schemas.records import InputRecord
from schemas.topics import CHANNEL_OF_EVENT

NO_TIMESTAMP = -1
"""Kafka's word for a record without a broker timestamp."""

_encode = Encoder().encode


class Simulated(Struct, frozen=True):
    """One line of the file, or a timer (`rung`) that rang before the event of that line; after the
    last line `line` is how many there were.

    `event` and `before` (the client's state before it) are None for a line that cannot be read; a
    timer has no event of its own, its rules have (`timers.judge.events_of`), and no `origin`.
    `budgets` and `around` are those before it, `clock` is the one with it. `commands`, `journal`
    and `dead_letter` are JSON without a newline: as on the wire, a dead letter as {"key", "value",
    "headers"}.
    """

    line: int
    event: Event | None
    origin: Origin
    before: ClientState | None
    outcome: Outcome | None
    budgets: WholeBudgets
    around: Around
    clock: int
    commands: tuple[bytes, ...] = ()
    journal: tuple[bytes, ...] = ()
    dead_letter: bytes | None = None
    rung: Rung | None = None


def simulate(
    rule_set: CompiledRuleSet, lines: Iterable[bytes], until: int | None = None
) -> Iterator[Simulated]:
    """Every line in order; empty lines are passed over, but counted. Timers ring up to the latest
    event, or up to the instant `until`, inclusive, if that is later.

    Events of another organization are taken as those of one without a rule set.
    """
    return _Simulation(rule_set).run(lines, until)


class _Simulation:
    """The states of all clients of all organizations."""

    def __init__(self, rule_set: CompiledRuleSet) -> None:
        self._rule_set = rule_set
        self._clients = HeldClients()
        self._budgets = WholeBudgets()
        self._payments = HeldPayments()
        self._clock: int | None = None
        candidates, rule_sets = HeldCandidates(0), {rule_set.organization_id: rule_set}
        self._walk = TimerWalk(rule_sets, self._clients, candidates, None, ALONE)

    def run(self, lines: Iterable[bytes], until: int | None) -> Iterator[Simulated]:
        number = -1
        for number, line in enumerate(lines):
            value = line.rstrip(b"\r\n")
            if value.strip():
                yield from self._take(number, value)
        if until is not None:
            yield from self._ring(number + 1, until)

    def _ring(self, number: int, clock: int) -> Iterator[Simulated]:
        """What is due up to `clock`."""
        while (due := self._walk.next_due(clock)) is not None:
            budgets = self._budgets.copy()
            rung = self._walk.take(due, self._budgets)
            outcome, nowhere = rung.outcome, Origin("", 0, number)
            yield Simulated(
                number,
                None,
                nowhere,
                rung.before,
                outcome,
                budgets,
                ALONE,
                due.at,
                tuple(map(_encode, outcome.commands)),
                tuple(map(_encode, outcome.journal)),
                rung=rung,
            )
        self._walk.arrive(clock)

    def _take(self, number: int, value: bytes) -> Iterator[Simulated]:
        event = decode(value, None, None, self._minor_digits, check_key=False)
        if isinstance(event, Rejected):
            yield self._unread(number, value, event)
            return
        origin = _origin(event.type, number)
        key = client_key(event.organization_id, event.client_id)
        rules = self._rule_set if event.organization_id == self._rule_set.organization_id else None
        around = Around(payments=self._payments.only(event))
        at, clock = event.occurred_at, self._clock
        clock = at if clock is None or clock < at else clock
        before = self._clients.get(key) or ClientState()
        if not self._walk.is_idle(clock) and not refusal(rules, before, event, around, clock):
            yield from self._ring(number, clock)
            self._clock = clock
            before = self._clients.get(key) or ClientState()
        budgets = self._budgets.copy()
        outcome = apply_event(rules, before, event, origin, self._budgets, around, clock)
        letter = None
        if outcome.rejected is not None:
            letter = _dead_letter(origin, event.client_id, value, outcome.rejected)
        else:
            self._clock = clock
            self._walk.arrive(clock)
            self._clients.put(key, outcome.client)
            self._walk.changed(key, before, outcome.client)
            self._payments.keep(event, outcome.payment)
        yield Simulated(
            number,
            event,
            origin,
            before,
            outcome,
            budgets,
            around,
            clock,
            tuple(map(_encode, outcome.commands)),
            tuple(map(_encode, outcome.journal)),
            letter,
        )

    def _unread(self, number: int, value: bytes, why: Rejected) -> Simulated:
        kind, client_id = _recognized(value)
        origin = _origin(kind, number)
        letter = _dead_letter(origin, client_id, value, why)
        return Simulated(
            number, None, origin, None, None, self._budgets, ALONE, 0, dead_letter=letter
        )

    def _minor_digits(self, organization_id: str) -> int | None:
        is_own = organization_id == self._rule_set.organization_id
        return self._rule_set.minor_digits if is_own else None


def _origin(event_type: str, number: int) -> Origin:
    channel = CHANNEL_OF_EVENT.get(event_type)
    return Origin("" if channel is None else channel.default_topic, 0, number)


def _recognized(value: bytes) -> tuple[str, str | None]:
    """Type and client of a line that is no event, as far as they can be made out."""
    try:
        read: Any = read_json(value.decode())
    except ValueError:
        return "", None
    if not isinstance(read, dict):
        return "", None
    kind, client_id = read.get("type"), read.get("clientId")
    return kind if isinstance(kind, str) else "", client_id if isinstance(client_id, str) else None


def _dead_letter(origin: Origin, client_id: str | None, value: bytes, rejected: Rejected) -> bytes:
    key = None if client_id is None else client_id.encode(errors="replace")
    record = InputRecord(origin.topic, origin.partition, origin.offset, NO_TIMESTAMP, key, value)
    letter = dead_letter(record, rejected)
    return _encode(
        {
            "key": _text(letter.key),
            "value": _text(letter.value),
            "headers": {name: _text(held) for name, held in letter.headers},
        }
    )


def _text(held: bytes | None) -> str | None:
    """Bytes that are not UTF-8 are shown as `�`."""
    return None if held is None else held.decode(errors="replace")
