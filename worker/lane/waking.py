"""What falls due by itself: when, how long a lane may wait for records until then, and taking it.

Where every input is read to its end, the clock follows the wall clock: what is due by it is taken
in a batch without records.
"""

from typing import TYPE_CHECKING

from worker.lane.evaluator_port import Moment
from worker.lane.ports import Batch, Process

if TYPE_CHECKING:
    from worker.lane.lane import Lane

LONGEST_WAIT = 1.0
"""Seconds that a lane waits for records before it looks up."""
IDLE_AGAIN_US = 5_000_000
"""With nothing due a lane asks so often whether its inputs are read to their end."""


async def next_due(lane: "Lane") -> int | None:
    """When something may fall due; None while another lane's answer is awaited, and where nothing
    ever does. Raises Moved."""
    if lane.waits:
        return None
    evaluator, owned = lane.ports.evaluator, lane.held()
    earliest = await lane.index.earliest(owned.raw_head, evaluator.wakes)
    head = owned.head
    moment = Moment(head.clock, head.clock, False, head.timer, lane.idle_until)
    return evaluator.next_due(moment, earliest)


def patience(lane: "Lane", due: int | None) -> float:
    """Seconds to wait for records: no longer than until something is due."""
    if due is None:
        return LONGEST_WAIT
    left = (due - lane.ports.clock.now_us()) / 1_000_000
    return min(left, LONGEST_WAIT) if left > 0 else LONGEST_WAIT


async def rings(lane: "Lane", due: int | None, process: Process) -> bool:
    """Take what is due by the wall clock; False where nothing is, or a record is unread. The wall
    clock is read first: what is unread then came after it."""
    now = lane.ports.clock.now_us()
    is_due = due is not None and due <= now
    if lane.waits or not (is_due or now - lane.idle_until >= IDLE_AGAIN_US):
        return False
    if not await lane.ports.source.at_end():
        return False
    if is_due:
        await process(Batch((), wall=now))
        return True
    lane.idle_until = now
    return False
