"""One evaluation of a batch under way: pure, and thrown away with its result."""

from collections.abc import Mapping
from decimal import Decimal
from typing import final

import msgspec
from msgspec import Struct

from rules_engine.books.around import Around
from rules_engine.budgets.lane import Contradiction, LaneBudgets
from rules_engine.budgets.messages import Message, encode_message, organization_of_message
from rules_engine.budgets.port import SEPARATOR, BudgetKey
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.errors import BudgetsUnreadable
from rules_engine.evaluate import NO_BUDGETS, apply_event
from rules_engine.outcome import Origin, Outcome
from schemas.dead_letters import dead_letter
from schemas.decoded import Event, Rejected
from schemas.records import Output, Record
from schemas.topics import CHANNEL_OF_COMMAND, Channel
from schemas.wire import Command, JournalRecord
from worker.errors import Contradicted, LoudStop
from worker.payments import BatchPayments
from worker.plan import Terms
from worker.ports import Evaluated, Moment
from worker.report import BatchReport
from worker.tables.codec import pack_client, unpack_client

MOST_KEYS = 3_500
"""Values of one commit: below what one script of the tables takes (`worker.tables.limits`)."""
MOST_OUTBOX_BYTES = 6 * 1024 * 1024
"""Looked at before each record: what one record gives may come on top."""
MOST_RECORD_BYTES = 900_000
"""Of one output record: below the brokers' default limit of 1 MiB."""
HEADERS_BYTES = 200
"""Of a command, about: its key and headers."""
BUDGETS_KEY = "\x1fbudgets"
"""The lane's own value; a client's key begins with the organization."""
SLICE_UNIT = Decimal("0.01")

RuleSets = Mapping[str, CompiledRuleSet]

_encode = msgspec.json.Encoder().encode


class Decoded(Struct, frozen=True, gc=False):
    """`key`: of the client's value; "" for what cannot be read."""

    record: Record
    event: Event | Rejected
    key: str


@final
class Heard(Struct, frozen=True, gc=False):
    """A message of a lane, perhaps of this one."""

    message: Message


class LaneShare:
    """The lane's budgets, opened when the first record asks for them."""

    def __init__(self, rules: RuleSets, packed: bytes, lane: int, lanes: int) -> None:
        self._rules = rules
        self._packed, self._lane, self._lanes = packed, lane, lanes
        self._opened: LaneBudgets | None = None

    def open(self) -> LaneBudgets:
        """Raises LoudStop where the packed value is not this release's."""
        if self._opened is None:
            try:
                self._opened = LaneBudgets(self._packed, self._lane, self._lanes, SLICE_UNIT)
            except BudgetsUnreadable as fault:
                raise unreadable(fault) from fault
        return self._opened

    def hear(self, message: Message) -> None:
        """Raises Contradicted where this state cannot expect the message."""
        try:
            self.open().receive(message, self._limit_of)
        except Contradiction as error:
            raise Contradicted(f"lane {self._lane}: {error}") from error

    def _limit_of(self, key: BudgetKey) -> Decimal | None:
        organization, rule, per, _ = key.split(SEPARATOR)
        rule_set = self._rules.get(organization)
        budget = rule_set.budgets.get(rule) if rule_set is not None else None
        return budget.amount_major if budget is not None and budget.per == per else None

    def packed(self) -> bytes | None:
        """None where nothing changed."""
        return self._opened.packed() if self._opened is not None else None

    def outputs(self) -> list[Output]:
        """What is said to other lanes, each to its own partition."""
        messages = self._opened.outbox if self._opened is not None else []
        return [
            Output(
                Channel.BUDGETS,
                organization_of_message(message).encode(),
                encode_message(message),
                partition=message.receiver,
            )
            for message in messages
        ]


def unreadable(fault: BudgetsUnreadable) -> LoudStop:
    """What an operator is told of budgets that this release cannot read."""
    return LoudStop(
        f"In Redis {fault}.",
        "Run the release that wrote them, or rebuild the lane from the log "
        "(docs/runbooks/bad-log.md).",
    )


class Evaluation:
    def __init__(
        self,
        rules: RuleSets,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        share: LaneShare,
    ) -> None:
        self._rules = rules
        self._values = values
        self._moment = moment
        self._skew_us = terms.clock_skew_us
        self._share = share
        self._payments = BatchPayments(values)
        self._around = Around(terms.lapse_grace_us, terms.remember_payments_us, self._payments)
        self._clients: dict[str, ClientState] = {}
        self._outputs: list[Output] = []
        self._bytes = 0
        self._clock = moment.clock
        self._taken = 0
        self._cut: tuple[str, int] | None = None
        self._report = BatchReport()

    def take(self, item: Decoded | Heard) -> bool:
        """False where the batch ends before the record: it is full, or the record is cut."""
        if type(item) is Heard:
            self._share.hear(item.message)
            self._taken += 1
            return True
        if self._taken and (
            self._bytes >= MOST_OUTBOX_BYTES
            or len(self._clients) + len(self._payments) >= MOST_KEYS
        ):
            return False
        event = item.event
        if type(event) is Rejected:
            self._reject(item.record, event)
        elif event.occurred_at > item.record.timestamp * 1000 + self._skew_us:
            self._reject(item.record, _in_future(self._skew_us))
        else:
            return self._decide(item, event)
        return True

    def _decide(self, item: Decoded, event: Event) -> bool:
        record, rule_set = item.record, self._rules.get(event.organization_id)
        client = self._clients.get(item.key)
        if client is None:
            raw = self._values[item.key]
            client = unpack_client(raw) if raw else ClientState()
        origin = Origin(record.topic, record.partition, record.offset)
        clock = self._clock_with(event)
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
            self._apply(item, event, outcome)
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

    def _apply(self, item: Decoded, event: Event, outcome: Outcome) -> None:
        if not outcome.duplicate:
            self._clients[item.key] = outcome.client
        for command in outcome.commands:
            output = _output(command, item.record)
            self._outputs.append(output)
            self._bytes += len(output.value or b"") + HEADERS_BYTES
        for entry in outcome.journal:
            output = _journal_output(entry, item.record)
            self._outputs.append(output)
            self._bytes += len(output.value or b"") + HEADERS_BYTES
        if outcome.payment is not None:
            self._payments.keep(event, outcome.payment)
        self._report.event(item.record.topic, event.type, event.organization_id, outcome)
        self._taken += 1

    def _reject(self, record: Record, rejected: Rejected) -> None:
        letter = dead_letter(record, rejected, MOST_RECORD_BYTES)
        self._outputs.append(letter)
        self._bytes += len(letter.value or b"") + len(letter.key or b"")
        self._report.dead_letter(record.topic, rejected.code)
        self._taken += 1

    def evaluated(self, consulted: dict[str, str | None], *, whole: bool) -> Evaluated:
        """`whole`: every record was taken; only then may the clock follow the wall clock."""
        values = {key: pack_client(client) for key, client in self._clients.items()}
        values |= self._payments.packed()
        packed = self._share.packed()
        if packed is not None:
            values[BUDGETS_KEY] = packed
        clock = self._moment.wall if self._moment.idle and whole else self._clock
        return Evaluated(
            self._taken,
            values,
            [*self._outputs, *self._share.outputs()],
            consulted if self._taken or self._cut else {},
            max(clock, self._moment.clock),
            self._report,
            self._cut,
        )


def _output(command: Command, record: Record) -> Output:
    name = ("commandId", command.command_id.encode())
    headers = _headers(command, name, record)
    channel = CHANNEL_OF_COMMAND[command.type]
    return Output(channel, command.client_id.encode(), _encode(command), headers)


def _journal_output(entry: JournalRecord, record: Record) -> Output:
    name = ("operationId", entry.operation_id.encode())
    headers = _headers(entry, name, record)
    return Output(Channel.BONUS_JOURNAL, entry.client_id.encode(), _encode(entry), headers)


def _headers(
    what: Command | JournalRecord, name: tuple[str, bytes], record: Record
) -> tuple[tuple[str, bytes], ...]:
    headers: tuple[tuple[str, bytes], ...] = (
        ("type", what.type.encode()),
        ("organizationId", what.organization_id.encode()),
        name,
    )
    if record.headers:
        headers += tuple(header for header in record.headers if _is_trace(header))
    return headers


def _is_trace(header: tuple[str, bytes | None]) -> bool:
    return header[0] == "traceparent" and header[1] is not None


def _in_future(skew_us: int) -> Rejected:
    return Rejected(
        "IN_FUTURE",
        f"occurredAt is more than {skew_us // 1_000_000} s after the record's timestamp: "
        "mend the sender's clock and send the event again.",
    )
