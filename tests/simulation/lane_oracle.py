"""What must have happened, worked out from the log and the topics alone, without the lane's code.

The ranges of the valid plans are taken in their order, and every effect is derived anew: a second,
plain implementation to hold the lane against.
"""

import heapq
import zlib

from schemas.records import InputRecord
from tests.simulation.oracle import Broken, hold, valid_plans
from tests.simulation.toy import PER_TOPIC, TOPICS, ToyWorld
from worker.lane.plan import Plan


def in_order(world: ToyWorld, plan: Plan) -> list[InputRecord]:
    """Always the topic whose next record has the lowest timestamp, ties to the earlier topic."""
    runs = {r.topic: world.topics[r.topic][r.first : r.last + 1] for r in plan.ranges}
    waiting = [(run[0].timestamp, TOPICS.index(t), 0) for t, run in runs.items()]
    heapq.heapify(waiting)
    ordered = []
    while waiting:
        _, number, index = heapq.heappop(waiting)
        run = runs[TOPICS[number]]
        ordered.append(run[index])
        if index + 1 < len(run):
            heapq.heappush(waiting, (run[index + 1].timestamp, number, index + 1))
    return ordered


def verify(world: ToyWorld) -> None:
    counts: dict[str, int] = {}
    checksums: dict[str, int] = {}
    due: dict[bytes, bytes] = {}
    positions = dict.fromkeys(TOPICS, 0)
    clock = 0
    for plan in valid_plans(world.log):
        clock = _idle_until(plan, clock, positions)
        for part in plan.ranges:
            if positions[part.topic] != part.first:
                raise Broken(f"plan {plan.seq} leaves a gap in {part.topic}")
            positions[part.topic] = part.last + 1
        for record in in_order(world, plan):
            assert record.key is not None
            assert record.value is not None
            client = record.key.decode()
            counts[client] = counts.get(client, 0) + 1
            checksums[client] = zlib.crc32(record.value, checksums.get(client, 0))
            if counts[client] % 2 == 0:
                content = f"{checksums[client]}:{plan.wall}:{clock}:{plan.rules.get('o')}"
                due[record.value] = content.encode()
        clock += sum(part.last - part.first + 1 for part in plan.ranges)
    hold("positions", positions, dict.fromkeys(TOPICS, PER_TOPIC))
    published: dict[bytes, set[bytes]] = {}
    for output in world.published:
        assert output.key is not None
        assert output.value is not None
        published.setdefault(output.key, set()).add(output.value)
    hold("published", published, {key: {content} for key, content in due.items()})
    states = {c: f"{counts[c]}:{checksums[c]}".encode() for c in counts}
    hold("states", world.tables.values, states)


def _idle_until(plan: Plan, clock: int, positions: dict[str, int]) -> int:
    """The lane's clock follows the wall clock only where nothing was left unread."""
    if plan.since and any(position < PER_TOPIC for position in positions.values()):
        raise Broken(f"plan {plan.seq} calls the lane idle with records unread")
    return max(clock, plan.since)
