"""The lanes of one job brought up again, in this process: acquired as by a worker, up to the end of
the log, and nothing beyond it is taken. What happens to one lane does not keep the others."""

import asyncio
import time
from collections.abc import Sequence

from config.settings import Settings
from schemas.records import Record
from worker.errors import Misconfigured, Moved, WorkerError
from worker.kafka.replaying import replaying
from worker.lane.acquire import catch_up
from worker.lane.evaluator_port import Evaluated
from worker.lane.lane import Lane
from worker.rebuild.news import Failed, Order, Rebuilt, Replayed, Share, Tell
from worker.rebuild.yard import Yard
from worker.tables.factory import TablesFactory

AT_ONCE = 3
"""Lanes that are rebuilt side by side: while one waits for Kafka or Redis another evaluates."""


async def rebuild_lanes(
    settings: Settings, tables: TablesFactory, order: Order, tell: Tell
) -> None:
    """Each lane of the order ends in `Rebuilt` or `Failed`."""
    try:
        yard = await Yard.open(settings, tables, order)
    except WorkerError as error:
        for share in order.shares:
            tell(Failed(share.lane, str(error)))
        return
    room = asyncio.Semaphore(AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            for share in order.shares:
                group.create_task(_settle(yard, share, room, tell))
    finally:
        await yard.close()


async def _settle(yard: Yard, share: Share, room: asyncio.Semaphore, tell: Tell) -> None:
    async with room:
        try:
            tell(await _rebuild(yard, share, tell))
        except WorkerError as error:
            tell(Failed(share.lane, str(error)))


async def _rebuild(yard: Yard, share: Share, tell: Tell) -> Rebuilt:
    begun = time.perf_counter()
    rules = yard.rules.lane()
    async with replaying(yard.client, yard.topics, [share.lane]) as consumer:
        observer = Progress(share, tell)
        lane = yard.lane(share.lane, consumer, rules, observer)
        watching = asyncio.create_task(observer.watch(lane))
        try:
            owned = await catch_up(lane)
            if owned.untrimmed:
                await lane.ports.tables.trim(owned.raw_head)
        except Moved as error:
            raise Misconfigured(
                f"Somebody else took lane {share.lane} meanwhile.",
                "Stop all workers and run the rebuild again.",
            ) from error
        finally:
            lane.cache.clear()
            yard.rules.forget(rules)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        observer.finished()
        return Rebuilt(share.lane, share.plans, share.records, time.perf_counter() - begun)


class Progress:
    """`Observer` of a rebuild: of all that a lane tells, only how far it is."""

    def __init__(self, of: Share, tell: Tell) -> None:
        self._of, self._tell, self._told = of, tell, 0

    async def watch(self, lane: Lane) -> None:
        """Records are told by the share of the plans that is committed."""
        while True:
            await asyncio.sleep(0.25)
            seq = lane.owned.head.seq if lane.owned is not None else 0
            self._reached(self._of.records * min(seq, self._of.plans) // self._of.plans)

    def finished(self) -> None:
        self._reached(self._of.records)

    def _reached(self, records: int) -> None:
        if records > self._told:
            self._tell(Replayed(records - self._told))
            self._told = records

    def acquired(self, lane: int, term: int, replayed: int, silent: int) -> None: ...
    def committed(self, lane: int, evaluated: Evaluated, records: Sequence[Record]) -> None: ...
    def published(self, lane: int, outputs: int) -> None: ...
    def stage(self, name: str, seconds: float) -> None: ...
    def fenced(self, lane: int, cause: str) -> None: ...
    def retried(self, lane: int, what: str, error: Exception) -> None: ...
    def released(self, lane: int) -> None: ...
