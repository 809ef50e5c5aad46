"""Step 1c of the lane: the log from the head's plan to the lane's own start, folded part by part.

A rebuild reads a log that no memory should hold at once. One part is read ahead of the plans that
are handed out: whether the last of them are published is said by the records behind them.
"""

from collections.abc import Sequence

from msgspec import Struct

from worker.errors import BadLog, Moved
from worker.lane.commit import plan_digest
from worker.lane.plan import RESTORE, Chained, Folding, Head, Plan, decode_record
from worker.lane.ports import LaneLog

PART = 10_000
"""Records that are read at once: about a megabyte."""


class Part(Struct, frozen=True):
    """Valid plans beyond the head, in order. `done` knows what the records of the next part say;
    `head_plan`: the plan that the head stands on."""

    plans: Sequence[Chained]
    done: int
    head_plan: Plan | None


class ChainReader:
    """`name`: whose log it is, for messages."""

    def __init__(self, log: LaneLog, head: Head, term: int, name: str) -> None:
        self._log, self._head, self._term, self._name = log, head, term, name
        self._folding = Folding(head)
        self._following = head.plan_offset
        """Where the next read begins; -1: at the log's beginning, which must be whole."""
        self._ahead: list[Chained] | None = None
        self._ended = False

    async def next(self) -> Part | None:
        """The first time a part in any case; None behind the last. Raises BadLog where the log
        does not hold what the head stands on, Moved where the last start is not that of the
        term."""
        if self._ended:
            return None
        plans = self._ahead if self._ahead is not None else await self._first()
        if self._following <= self._term:
            self._ahead = await self._read()
        else:
            self._ended = True
            if self._folding.term != self._term:
                raise Moved
        return Part(plans, self._folding.done, self._folding.head_plan)

    async def _first(self) -> list[Chained]:
        stands_on = self._head.plan_offset
        if stands_on >= self._term:
            raise BadLog(
                f"The state of {self._name} knows offset {stands_on} of the lane log, which ends "
                f"at {self._term}: the log was recreated under the state.",
                RESTORE,
            )
        plans = await self._read()
        if stands_on >= 0 and self._folding.head_plan is None:
            raise BadLog(
                f"Offset {stands_on} of the lane log is not the plan of {self._name}.", RESTORE
            )
        return plans

    async def _read(self) -> list[Chained]:
        first = self._following
        last = min(max(first, 0) + PART - 1, self._term)
        plans = []
        for offset, raw in await self._log.read(first, last):
            link = self._folding.take(offset, decode_record(raw), plan_digest(raw))
            if link is not None:
                plans.append(link)
        self._following = last + 1
        return plans
