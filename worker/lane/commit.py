"""Step 7 of the lane: one write command, repeated until its outcome is known."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from xxhash import xxh3_128, xxh3_128_digest

from schemas.records import Output
from worker.errors import BadLog, Moved, Unavailable
from worker.lane.evaluator_port import Evaluated
from worker.lane.plan import Head, Plan, Terms, advance, encode
from worker.lane.points import Point
from worker.tables.port import CommitAnswer

if TYPE_CHECKING:
    from worker.lane.lane import Lane

LEAVE_AFTER = 0.5
"""Seconds that a lane which is to be left goes on trying: a rebalance holds up every lane of the
group, and the heir carries out what stands in the log."""
_encoder = msgspec.msgpack.Encoder()
_outbox_decoder = msgspec.msgpack.Decoder(list[Output])


class Commit(Struct, frozen=True):
    """A valid plan and what it comes to, ready to be written. `digest`: of the plan's bytes as they
    stand in the log, whichever release wrote them (`plan_digest`)."""

    offset: int
    digest: bytes
    plan: Plan
    terms: Terms
    outbox: bytes
    evaluated: Evaluated

    def at(self, offset: int) -> "Commit":
        """The same, with the offset at which its plan was acknowledged."""
        return replace(self, offset=offset)


def encode_outbox(outputs: Sequence[Output]) -> bytes:
    return _encoder.encode(outputs) if outputs else b""


def decode_outbox(raw: bytes) -> list[Output]:
    """Raises BadLog where the bytes are not an outbox of this release."""
    try:
        return _outbox_decoder.decode(raw) if raw else []
    except msgspec.MsgspecError as error:
        raise BadLog(
            f"The lane's outbox in Redis cannot be read: {error}.",
            "Run the release that wrote it until it is published, then this one.",
        ) from error


def digest_states(values: Mapping[str, bytes]) -> bytes:
    """Digest of the written values in their order; b"" for none."""
    if not values:
        return b""
    state = xxh3_128()
    for key, value in values.items():
        state.update(key.encode())
        state.update(value)
    return state.digest()


def plan_digest(raw: bytes) -> bytes:
    """Eight bytes that tie a head to the very record of the log."""
    return xxh3_128_digest(raw)[:8]


async def commit(lane: "Lane", work: Commit) -> None:
    """Move the state from its head to the plan's. Raises Moved where another owner was here."""
    await write(lane, following(lane.held().head, work), work.outbox, work.evaluated.values)


def following(old: Head, work: Commit) -> Head:
    """The head once the plan is carried out. Raises BadLog where it does not follow."""
    return Head(
        seq=work.plan.seq,
        plan_offset=work.offset,
        plan_digest=work.digest,
        positions=advance(old.positions, work.plan),
        partitions=work.plan.partitions or old.partitions,
        clock=work.evaluated.clock,
        terms=work.terms,
        timer=work.evaluated.timer,
    )


async def write(lane: "Lane", new: Head, outbox: bytes, values: Mapping[str, bytes]) -> None:
    """Head, outbox and values of one plan, or of several, in one write command; what they do to
    the index was noted before. Raises Moved."""
    owned, raw = lane.held(), encode(new)
    lane.ports.points.reached(Point.COMMITTING)
    answer = await _until_known(lane, raw, outbox, values)
    if answer == "MOVED":
        raise Moved
    owned.head, owned.raw_head = new, raw
    lane.cache.put(values)
    lane.index.committed()


async def _until_known(
    lane: "Lane", new: bytes, outbox: bytes, values: Mapping[str, bytes]
) -> CommitAnswer:
    """Repeating is safe: the script answers DONE where the head already is the new one. Giving up
    is as safe as dying here."""
    pause, since, old = 0.02, lane.ports.clock.perf(), lane.held().raw_head
    index = lane.index.change
    while True:
        try:
            return await lane.ports.tables.commit(old, new, outbox, values, index)
        except Unavailable as error:
            lane.ports.observer.retried(lane.number, "commit", error)
            patience = LEAVE_AFTER if lane.stopping else lane.settings.give_up_after
            if lane.ports.clock.perf() - since > patience:
                raise
            await lane.ports.clock.sleep(pause)
            pause = min(pause * 2, 1.0)
