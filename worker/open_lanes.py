"""The lanes of one worker: a rebalance only opens and closes them.

`assign` starts one task per partition number and waits for nothing; `revoke` lets every lane finish
the batch at hand, within a bound, and gives the positions that the group may know.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial

from worker.errors import WorkerError
from worker.kafka.source import KafkaSource
from worker.lane.lane import Lane
from worker.lane.ports import Batch

log = logging.getLogger(__name__)

DRAIN_SECONDS = 3.0
"""A lane that cannot finish its batch so long is dropped: its successor replays the plan."""

Dispatch = Callable[[Lane, Batch], Awaitable[None]]
Positions = dict[str, dict[int, int]]
"""topic → partition → next offset."""


class OpenLane:
    """A lane with its source and the task that runs it."""

    def __init__(self, lane: Lane, source: KafkaSource) -> None:
        self.lane = lane
        self.source = source
        self.task: asyncio.Task[None] | None = None

    def start(self, dispatch: Dispatch) -> "asyncio.Task[None]":
        async def process(batch: Batch) -> None:
            await dispatch(self.lane, batch)

        self.task = asyncio.create_task(self.lane.run(process), name=f"lane-{self.lane.number}")
        return self.task

    def stop(self) -> None:
        self.lane.stop()
        self.source.stop()

    async def drained(self) -> None:
        """Raises nothing: how the task ended is told to its done-callback."""
        if self.task is None:
            return
        done, _ = await asyncio.wait([self.task], timeout=DRAIN_SECONDS)
        if not done:
            log.warning("lane %d did not finish its batch in time", self.lane.number)
            self.task.cancel()
            await asyncio.wait([self.task], timeout=1.0)


class Lanes:
    """`make` builds a lane for a partition number; `on_failure` hears how a lane's task died."""

    def __init__(
        self,
        make: Callable[[int], OpenLane],
        dispatch: Dispatch,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._make = make
        self._dispatch = dispatch
        self._on_failure = on_failure
        self._open: dict[int, OpenLane] = {}

    def __iter__(self) -> Iterator[OpenLane]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def assign(self, numbers: Iterable[int]) -> None:
        """Raises WorkerError where one is still open: two would take each other's records."""
        for number in sorted(set(numbers)):
            if number in self._open:
                raise WorkerError(f"lane {number} was assigned while it is open")
            opened = self._open[number] = self._make(number)
            opened.start(self._dispatch).add_done_callback(partial(self._ended, opened))

    async def revoke(self) -> Positions:
        """Closes every lane; the positions that they ended at."""
        closing, self._open = list(self._open.values()), {}
        for opened in closing:
            opened.stop()
        await asyncio.gather(*(opened.drained() for opened in closing))
        return _positions(closing)

    def positions(self) -> Positions:
        """As committed by the lanes' own states."""
        return _positions(self._open.values())

    def all_acquired(self) -> bool:
        return all(opened.lane.acquired for opened in self._open.values())

    def _ended(self, opened: OpenLane, task: "asyncio.Task[None]") -> None:
        """A lane ends when it is asked to; else its partitions would stand still unnoticed."""
        if task.cancelled():
            if not opened.lane.stopping:
                self._on_failure(WorkerError(f"lane {opened.lane.number} was cancelled"))
        elif (error := task.exception()) is not None:
            self._on_failure(error)


def _positions(lanes: Iterable[OpenLane]) -> Positions:
    found: Positions = {}
    for opened in lanes:
        owned = opened.lane.owned
        for topic, offset in (owned.head.positions if owned else {}).items():
            found.setdefault(topic, {})[opened.lane.number] = offset
    return found
