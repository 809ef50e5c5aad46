"""The pure part of a batch: decode, evaluate, encode.

Every input record ends in exactly one of: applied, duplicate, dead letter.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.evaluate import apply_event, evaluating
from rules_engine.outcome import Origin, Outcome
from schemas.dead_letters import dead_letter
from schemas.decode import decode
from schemas.decoded import Event, Rejected
from schemas.records import Output, Record
from schemas.topics import CHANNEL_OF_COMMAND
from schemas.wire import Command
from worker.plan import Terms
from worker.ports import Evaluated, Moment, Pending, Work
from worker.report import BatchReport
from worker.tables.codec import CODEC_VERSION, pack_client, unpack_client

EVALUATION_VERSION = 1
"""Raised whenever the same input may come out differently; replays refuse other versions."""

MOST_KEYS = 3_500
"""Values of one commit: Lua's `unpack` takes fewer than 4,000 arguments in Redis 7.0."""
MOST_OUTBOX_BYTES = 8 * 1024 * 1024
MOST_RECORD_BYTES = 900_000
"""Of one output record: below the brokers' default limit of 1 MiB."""

RuleSets = Mapping[str, CompiledRuleSet]
RulesOf = Callable[[Mapping[str, str | None] | None], RuleSets]
"""Rule sets in force (None) or those named by hash; raises LoudStop for an unknown hash."""

encode = msgspec.json.Encoder().encode


class Decoded(Struct, frozen=True, gc=False):
    record: Record
    event: Event | Rejected
    key: str
    """Of the client's value; "" for what cannot be read."""


class DecodedRecords(Struct, frozen=True):
    """The `Work` of a batch."""

    items: list[Decoded]
    rules: RuleSets
    consulted: dict[str, str | None]
    """Organization → hash of its rule set: also where it only gave the currency's digits."""
    keys: Sequence[str]


class LoyaltyEvaluator:
    """`channels`: channel by input topic."""

    def __init__(self, channels: Mapping[str, str], rules_of: RulesOf, terms: Terms) -> None:
        self._channels = dict(channels)
        self._rules_of = rules_of
        self._terms = terms

    @property
    def terms(self) -> Terms:
        return self._terms

    @property
    def shared_key(self) -> str | None:
        return None

    def pending(self, shared: bytes) -> Pending | None:
        return None

    def supports(self, evaluation: int) -> bool:
        return evaluation == EVALUATION_VERSION

    def prepare(self, records: Sequence[Record], rules: Mapping[str, str | None] | None) -> Work:
        rule_sets = self._rules_of(rules)
        channels = self._channels
        consulted: dict[str, str | None] = {}

        def minor_digits(organization: str) -> int | None:
            rule_set = rule_sets.get(organization)
            if organization not in consulted:
                consulted[organization] = rule_set.content_hash if rule_set else None
            return rule_set.minor_digits if rule_set is not None else None

        items = []
        for record in records:
            event = decode(record.value, record.key, channels[record.topic], minor_digits)
            key = ""
            if not isinstance(event, Rejected):
                key = state_key(event)
                minor_digits(event.organization_id)
            items.append(Decoded(record, event, key))
        keys = dict.fromkeys(item.key for item in items)
        keys.pop("", None)
        return DecodedRecords(items, rule_sets, consulted, list(keys))

    def evaluate(
        self, work: Work, values: Mapping[str, bytes], moment: Moment, terms: Terms
    ) -> Evaluated:
        assert isinstance(work, DecodedRecords)
        batch = _Batch(work, values, moment, terms)
        with evaluating():
            for item in work.items:
                if not batch.take(item):
                    break
        return batch.evaluated()


def state_key(event: Event) -> str:
    """Where the client's value is, inside the lane's slot."""
    return f"{event.organization_id}\x1f{event.client_id}"


class _Batch:
    """One evaluation under way; thrown away with its result."""

    def __init__(
        self, work: DecodedRecords, values: Mapping[str, bytes], moment: Moment, terms: Terms
    ) -> None:
        self._rules = work.rules
        self._consulted = work.consulted
        self._values = values
        self._moment = moment
        self._skew_us = terms.clock_skew_us
        self._clients: dict[str, ClientState] = {}
        self._outputs: list[Output] = []
        self._bytes = 0
        self._clock = moment.clock
        self._taken = 0
        self._report = BatchReport()

    def take(self, item: Decoded) -> bool:
        """False where one commit could not hold the record's outcome beside what is there."""
        event, record = item.event, item.record
        if isinstance(event, Rejected):
            return self._reject(record, event)
        too_late = record.timestamp * 1000 + self._skew_us
        if event.occurred_at > too_late:
            return self._reject(record, _in_future(event, self._skew_us))
        client = self._clients.get(item.key)
        if client is None:
            if len(self._clients) >= MOST_KEYS:
                return False
            raw = self._values[item.key]
            client = unpack_client(raw) if raw else ClientState()
        rule_set = self._rules.get(event.organization_id)
        origin = Origin(record.topic, record.partition, record.offset)
        outcome = apply_event(rule_set, client, event, origin)
        if outcome.rejected is not None:
            return self._reject(record, outcome.rejected)
        if outcome.commands:
            outputs = [_output(command, record) for command in outcome.commands]
            if not self._add(outputs, sum([len(o.value or b"") for o in outputs])):
                return False
        else:
            self._taken += 1
        self._apply(item, event, outcome)
        return True

    def _apply(self, item: Decoded, event: Event, outcome: Outcome) -> None:
        if not outcome.duplicate:
            self._clients[item.key] = outcome.client
        self._clock = max(self._clock, min(event.occurred_at, self._moment.wall))
        self._report.event(item.record.topic, event.type, event.organization_id, outcome)

    def _reject(self, record: Record, rejected: Rejected) -> bool:
        letter = dead_letter(record, rejected, MOST_RECORD_BYTES)
        if not self._add([letter], _size(letter)):
            return False
        self._report.dead_letter(record.topic, rejected.code)
        return True

    def _add(self, outputs: list[Output], size: int) -> bool:
        """All outputs of one record or none; the first record of a batch always fits."""
        if self._taken and self._bytes + size > MOST_OUTBOX_BYTES:
            return False
        self._bytes += size
        self._outputs += outputs
        self._taken += 1
        return True

    def evaluated(self) -> Evaluated:
        values = {key: pack_client(client) for key, client in self._clients.items()}
        clock = self._moment.wall if self._moment.idle else self._clock
        return Evaluated(
            self._taken,
            values,
            self._outputs,
            self._consulted if self._taken else {},
            max(clock, self._moment.clock),
            self._report,
        )


def _output(command: Command, record: Record) -> Output:
    headers: tuple[tuple[str, bytes], ...] = (
        ("type", command.type.encode()),
        ("organizationId", command.organization_id.encode()),
        ("commandId", command.command_id.encode()),
    )
    if record.headers:
        headers += tuple(header for header in record.headers if header[0] == "traceparent")
    channel = CHANNEL_OF_COMMAND[command.type]
    return Output(channel, command.client_id.encode(), encode(command), headers)


def _size(output: Output) -> int:
    headers = sum(len(name) + len(value) for name, value in output.headers)
    return len(output.key or b"") + len(output.value or b"") + headers + 16


def _in_future(event: Event, skew_us: int) -> Rejected:
    return Rejected(
        "IN_FUTURE",
        f"occurredAt is more than {skew_us // 1_000_000} s after the record's timestamp: "
        "mend the sender's clock and send the event again.",
    )


def make_terms(clock_skew_s: int, lapse_grace_s: int, remember_payments_days: int) -> Terms:
    """The terms of this release under these settings."""
    second, day = 1_000_000, 86_400_000_000
    return Terms(
        clock_skew_us=clock_skew_s * second,
        lapse_grace_us=lapse_grace_s * second,
        remember_payments_us=remember_payments_days * day,
        evaluation=EVALUATION_VERSION,
        codec=CODEC_VERSION,
    )
