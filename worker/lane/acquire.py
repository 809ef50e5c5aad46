"""Steps 1 and 2 of the lane: become the owner, and bring the state to the end of the log.

1. Acquire
   a. read head and outbox (no fence);
   b. append a start: its offset is my term;
   c. read the log from the head's plan to my start and fold it (`chain.py`);
   d. publish the outbox unless its sequence is covered by `done`;
   e. no plan at all: resolve START_FROM once, append the genesis, commit it before the first poll.
2. Replay
   a. each valid plan beyond the head, exactly (`replay.py`);
   b. topics that joined get their position by a plan of that kind;
   c. seek to the positions.
"""

from typing import TYPE_CHECKING

import msgspec

from worker.errors import Misconfigured
from worker.lane.batch import step_empty
from worker.lane.chain import ChainReader, Part
from worker.lane.commit import decode_outbox
from worker.lane.plan import Head, Start, decode_head, encode
from worker.lane.points import Point
from worker.lane.replay import Replay
from worker.lane.republish import publish, publishable

if TYPE_CHECKING:
    from worker.lane.lane import Lane


class Owned(msgspec.Struct):
    """What an owner knows: its term, the last offset it wrote, the head it committed last."""

    term: int
    last: int
    head: Head
    raw_head: bytes
    """The head's bytes as they stand in the tables; b"" = none."""
    done: int
    logged_done: int
    planned_at: int
    """The wall clock of the latest plan, also of an earlier owner's: a lane at rest that changes
    hands often would else stand for ever on a plan that the log may keep for a while only."""
    untrimmed: bool = False


async def acquire(lane: "Lane") -> Owned:
    """Raises LoudStop where state, log, topics or settings contradict each other."""
    owned = await catch_up(lane)  # 1a-1d, 2a
    ports = lane.ports
    await _join_topics(lane)  # 1e, 2b
    await ports.source.seek({t: owned.head.positions[t] for t in ports.source.topics})  # 2c
    ports.points.reached(Point.SOUGHT)
    return owned


async def catch_up(lane: "Lane") -> Owned:
    """The owner of everything that the log holds; nothing is decided that is not in it."""
    ports, points = lane.ports, lane.ports.points
    lane.index.forget()
    lane.idle_until = 0
    raw_head, raw_outbox = await ports.tables.peek()  # 1a
    points.reached(Point.PEEKED)
    head = decode_head(raw_head)
    term = await ports.log.append(encode(Start(lane.settings.owner, ports.evaluator.terms)))  # 1b
    points.reached(Point.STARTED)
    lane.owned = owned = Owned(term, term, head, raw_head, 0, 0, ports.clock.now_us())
    _check_partitions(lane, head)
    chain, replay = ChainReader(ports.log, head, term, f"lane {lane.number}"), Replay(lane)
    first = part = await chain.next()  # 1c
    latest = part.head_plan if part is not None else None
    while part is not None:
        points.reached(Point.FOLDED)
        if part is first:
            await _publish_outbox(lane, raw_outbox, part)  # 1d
        await replay.take(part.plans, part.done)  # 2a
        owned.done, owned.logged_done = max(owned.done, part.done), part.done
        latest = part.plans[-1].plan if part.plans else latest
        part = await chain.next()
    await replay.finish()
    if latest is not None:
        owned.planned_at = min(owned.planned_at, latest.made_at)
    _check_partitions(lane, owned.head)
    ports.observer.acquired(lane.number, term, replay.plans, replay.silent)
    return owned


async def _publish_outbox(lane: "Lane", raw_outbox: bytes, part: Part) -> None:
    if not raw_outbox:
        return
    owned = lane.held()
    owned.untrimmed = True
    if owned.head.seq > part.done:
        await publish(lane, publishable(lane, part.head_plan, decode_outbox(raw_outbox)))
    owned.done = max(owned.done, owned.head.seq)
    lane.ports.points.reached(Point.OUTBOX_PUBLISHED)


def _check_partitions(lane: "Lane", head: Head) -> None:
    count = lane.ports.source.partitions
    if head.seq and head.partitions != count:
        raise Misconfigured(
            f"The state of lane {lane.number} was made with {head.partitions} partitions, "
            f"the input topics have {count}.",
            "Partition counts of the inputs are fixed; give the topics their old count back.",
        )


async def _join_topics(lane: "Lane") -> None:
    """The genesis of a lane without any plan, or the positions of topics new to it."""
    owned = lane.held()
    new = [t for t in lane.ports.source.topics if t not in owned.head.positions]
    if new:
        resolved = await lane.ports.source.resolve_start(new)
        await step_empty(lane, {topic: resolved[topic] for topic in new})
