"""The lane log's two kinds of record, the head that Redis keeps, and the fold that joins them.

A *start* opens a term (its own offset); a *plan* is one batch: everything that was decided and is
not in the input. The order of the log alone says which plans are valid (`fold`); neither Redis nor
who reads when has a say. `docs/adr/0002-lane-log.md` has the argument and the counterexamples.
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from rules_engine.timers.due import Due
from worker.errors import BadLog

RESTORE = (
    "Restore the newest Redis backup that belongs to this log, or rebuild the lane "
    "(docs/runbooks/bad-log.md)."
)
LOST_MESSAGES = (
    "The topic of budgets lost records or was recreated: restore it, or follow "
    "docs/runbooks/bad-log.md."
)


class Terms(Struct, frozen=True, array_like=True):
    """What evaluation reads beside the input, fixed for a whole term.

    A replay uses the terms under which a plan was made, not those of the process that replays.
    """

    clock_skew_us: int
    lapse_grace_us: int
    remember_payments_us: int
    evaluation: int
    """Version of the evaluation: another one may decide differently."""
    codec: int
    """Version of the packed states: other bytes for the same state."""


class Start(Struct, frozen=True, array_like=True, tag="start"):
    """An owner begins; its offset is the owner's term and ends every earlier one."""

    owner: str
    terms: Terms


class Range(Struct, frozen=True, array_like=True):
    """Offsets first..last of one topic, both inclusive."""

    topic: str
    first: int
    last: int


class Plan(Struct, frozen=True, array_like=True, tag="plan", kw_only=True):
    """One batch of one lane. Instants are microseconds since the epoch.

    `done`: the last sequence whose outputs are acknowledged. `rules`: content hash by organization,
    None where it had no rule set. `positions` and `partitions`: only in the genesis and where a
    topic joins. `cut` names what was tried in vain: a record by topic and offset, or a timer
    (`timer_place`).

    `since`: before the first record the clock stood here at least, every input read to its end and
    nothing due. `timers`: how many units were taken, before the records and after the last.
    `timer`: everything up to this unit was taken, where the plan ends in the middle of an instant;
    None: everything up to the clock. `again`: when it was made, where it tries again what was tried
    in vain and `wall` is the instant of that first try; 0: it was made at `wall`.
    """

    term: int
    seq: int
    done: int
    wall: int
    idle: bool = False
    ranges: tuple[Range, ...] = ()
    rules: dict[str, str | None] = {}
    outputs_digest: bytes = b""
    states_digest: bytes = b""
    positions: dict[str, int] = {}
    partitions: int = 0
    cut: tuple[str, int] | None = None
    since: int = 0
    timers: int = 0
    timer: Due | None = None
    again: int = 0

    @property
    def made_at(self) -> int:
        """The wall clock when it was logged: readers saw none of its outputs before."""
        return self.again or self.wall


class Head(Struct, frozen=True, array_like=True):
    """Where the state stands: the fold of the first `seq` plans.

    `plan_offset` and `plan_digest` name the plan in the log; `positions` are the next offsets of
    each topic; `terms` those under which the plan was made; `clock` is the lane's, `timer` as in
    the plan.
    """

    seq: int
    plan_offset: int
    plan_digest: bytes
    positions: dict[str, int]
    partitions: int
    clock: int
    terms: Terms
    timer: Due | None = None


EMPTYING = b"emptying"
"""Stands where the head was while a lane is emptied for a rebuild: no owner may take it."""
NO_TERMS = Terms(0, 0, 0, 0, 0)
EMPTY = Head(0, -1, b"", {}, 0, 0, NO_TERMS)

_encoder = msgspec.msgpack.Encoder()
_record_decoder: msgspec.msgpack.Decoder[Start | Plan] = msgspec.msgpack.Decoder(Start | Plan)
_head_decoder = msgspec.msgpack.Decoder(Head)


def timer_place(due: Due) -> tuple[str, int]:
    """A timer's unit where a record's topic and offset could stand: no topic begins so."""
    return f"\x1f{due.rank}\x1f{due.key}", due.at


def timer_at(place: tuple[str, int]) -> Due | None:
    """The unit; None where the place is a record's."""
    name, at = place
    if not name.startswith("\x1f"):
        return None
    _, rank, key = name.split("\x1f", 2)
    return Due(at, int(rank), key)


def encode(record: Start | Plan | Head) -> bytes:
    return _encoder.encode(record)


def decode_record(raw: bytes) -> Start | Plan:
    """Raises BadLog: what stands in the log is not ours, or of a later release."""
    try:
        return _record_decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise BadLog(
            f"A record of the lane log cannot be read: {error}.",
            "Run the release that wrote it, or point LOYALTY_TOPIC_LANE_LOG at the right topic.",
        ) from error


def decode_head(raw: bytes) -> Head:
    """The empty head for b""; raises BadLog where the bytes are not a head."""
    if not raw:
        return EMPTY
    if raw == EMPTYING:
        raise BadLog(
            "The lane's state is being emptied: a rebuild runs, or was broken off.",
            "Let it end, or run `loyalty rebuild --yes` once more; then start the worker.",
        )
    try:
        return _head_decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise BadLog(
            f"The lane's head in Redis cannot be read: {error}.",
            "Run the release that wrote it, or check LOYALTY_REDIS_URL and "
            "LOYALTY_REDIS_KEY_PREFIX.",
        ) from error


class Chained(Struct, frozen=True):
    """A valid plan with its place in the log and the terms of its owner."""

    offset: int
    digest: bytes
    plan: Plan
    terms: Terms


class Chain(Struct, frozen=True):
    """The valid plans beyond the head, the term that is open at the end, and what is published."""

    term: int
    plans: tuple[Chained, ...]
    done: int
    head_plan: Plan | None
    """The plan that the head stands on."""


class Folding:
    """The fold of a log, record by record: which plans beyond the head are valid.

    A plan is valid if its term is the latest start before it and its sequence is the next one;
    everything else is void for ever. `term`: the latest start; `done`: the last sequence that a
    record calls published; `head_plan`: the plan that the head stands on, once it was met.
    """

    def __init__(self, head: Head) -> None:
        self.term, self.done = -1, 0
        self.head_plan: Plan | None = None
        self._head, self._seq, self._terms = head, head.seq, head.terms

    def take(self, offset: int, record: Start | Plan, digest: bytes) -> Chained | None:
        """The plan, where it is valid and beyond the head. Records come in the log's order, from
        the head's plan on, or from the log's beginning. Raises BadLog where the log does not hold
        the head's plan or skips a sequence."""
        if isinstance(record, Start):
            self.term, self._terms = offset, record.terms
            return None
        self.done = max(self.done, record.done)
        if offset == self._head.plan_offset:
            if record.seq != self._head.seq or digest != self._head.plan_digest:
                raise BadLog(f"Offset {offset} of the lane log is not the state's plan.", RESTORE)
            self.term, self.head_plan = record.term, record
        elif record.term == self.term and record.seq == self._seq + 1:
            self._seq += 1
            return Chained(offset, digest, record, self._terms)
        elif record.term == self.term and record.seq > self._seq + 1:
            raise BadLog(f"The lane log goes from plan {self._seq} to plan {record.seq}.", RESTORE)
        return None


def fold(records: Iterable[tuple[int, Start | Plan, bytes]], head: Head) -> Chain:
    """(offset, record, digest) in order, all at once. Raises as `Folding.take`."""
    folding = Folding(head)
    found = [folding.take(*record) for record in records]
    plans = tuple(link for link in found if link is not None)
    return Chain(folding.term, plans, folding.done, folding.head_plan)


def advance(positions: Mapping[str, int], plan: Plan) -> dict[str, int]:
    """Positions after the plan. Raises BadLog where a range does not begin at the position."""
    after = dict(positions)
    for part in plan.ranges:
        if after.get(part.topic) != part.first:
            raise BadLog(
                f"Plan {plan.seq} takes {part.topic} from {part.first}, "
                f"the state stands at {after.get(part.topic)}.",
                RESTORE,
            )
        after[part.topic] = part.last + 1
    for topic, position in plan.positions.items():
        after.setdefault(topic, position)
    return after
