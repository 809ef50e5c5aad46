"""Lanes emptied, and brought up again by the replay that every start uses.

1. Nobody is in the group: a worker that were open would find its state gone.
2. The log and the inputs still hold everything (`survey.py`), or nothing is touched.
3. The lanes' keys go (`worker.tables.emptying`).
4. Each lane is acquired as by a worker, up to the end of its log, and nothing beyond it is taken.
   Commands that the log calls published are not published again.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from config.settings import Settings
from schemas.records import Record
from schemas.topics import INPUTS, OUTPUTS, Channel
from worker.acquire import catch_up
from worker.cache import CacheBudget
from worker.clock import SystemClock
from worker.errors import Misconfigured, Moved
from worker.evaluator import LoyaltyEvaluator, make_terms
from worker.evaluator_port import Evaluated
from worker.kafka.group import live_members
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.publisher import KafkaPublisher
from worker.kafka.replaying import replaying
from worker.kafka.security import client_options
from worker.kafka.source import KafkaSource, SourceSettings
from worker.lane import Lane, LanePorts, LaneSettings
from worker.rebuild.survey import Survey
from worker.rules.active import ActiveRules
from worker.rules.history import KafkaRuleHistory
from worker.rules.listener import RulesListener
from worker.rules.prover import ProverHere
from worker.start import source_of
from worker.tables.factory import TablesFactory

AT_ONCE = 3
"""Lanes that are rebuilt side by side: while one waits for Kafka or Redis another evaluates."""
DAY_US = 86_400_000_000
MEGABYTE = 1024 * 1024


class Rebuilt(Struct, frozen=True):
    lane: int
    plans: int
    records: int
    seconds: float


async def require_no_members(settings: Settings) -> None:
    """Raises Misconfigured where workers run, Unavailable where nobody can say."""
    members = await live_members(settings)
    if members:
        raise Misconfigured(
            f"Workers of group {settings.kafka_group_id} run: {', '.join(map(str, members))}.",
            "Stop them; one that was killed counts until its session timeout is over.",
        )


async def rebuild(
    settings: Settings,
    tables: TablesFactory,
    surveyed: Sequence[Survey],
    partitions: int,
    *,
    stale_outputs: str,
    progress: Callable[[int], None],
) -> Sequence[Rebuilt]:
    """Steps 3 and 4. `progress` hears of input records that were evaluated again, as they come.
    Raises LoudStop and Unavailable; run again, it begins anew."""
    await tables.empty([each.lane for each in surveyed])
    yard = await Yard.open(settings, tables, partitions, stale_outputs)
    try:
        room = asyncio.Semaphore(AT_ONCE)
        return await asyncio.gather(
            *(_one(yard, each, room, progress) for each in surveyed if each.plans)
        )
    finally:
        await yard.close()


async def _one(
    yard: "Yard", each: Survey, room: asyncio.Semaphore, progress: Callable[[int], None]
) -> Rebuilt:
    async with room, replaying(yard.client, yard.topics, [each.lane]) as consumer:
        begun = time.perf_counter()
        observer = Progress(each, progress)
        lane = yard.lane(each.lane, consumer, observer)
        watching = asyncio.create_task(observer.watch(lane))
        try:
            owned = await catch_up(lane)
            if owned.untrimmed:
                await lane.ports.tables.trim(owned.raw_head)
        except Moved as error:
            raise Misconfigured(
                f"Somebody else took lane {each.lane} meanwhile.",
                "Stop all workers and run the rebuild again.",
            ) from error
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        observer.finished()
        return Rebuilt(each.lane, each.plans, each.records, time.perf_counter() - begun)


class Progress:
    """`Observer` of a rebuild: of all that a lane tells, only how far it is."""

    def __init__(self, of: Survey, progress: Callable[[int], None]) -> None:
        self._of, self._progress, self._told = of, progress, 0

    async def watch(self, lane: Lane) -> None:
        """Records are told by the share of the plans that is committed."""
        while True:
            await asyncio.sleep(0.25)
            seq = lane.owned.head.seq if lane.owned is not None else 0
            self._tell(self._of.records * min(seq, self._of.plans) // self._of.plans)

    def finished(self) -> None:
        self._tell(self._of.records)

    def _tell(self, records: int) -> None:
        self._progress(records - self._told)
        self._told = records

    def acquired(self, lane: int, term: int, replayed: int, silent: int) -> None: ...
    def committed(self, lane: int, evaluated: Evaluated, records: Sequence[Record]) -> None: ...
    def published(self, lane: int, outputs: int) -> None: ...
    def stage(self, name: str, seconds: float) -> None: ...
    def fenced(self, lane: int, cause: str) -> None: ...
    def retried(self, lane: int, what: str, error: Exception) -> None: ...
    def released(self, lane: int) -> None: ...


@dataclass(frozen=True)
class Yard:
    """What the lanes of a rebuild share; each has a consumer of its own, so that none waits for the
    fetches of another."""

    settings: Settings
    tables: TablesFactory
    client: Mapping[str, Any]
    topics: tuple[str, ...]
    lane_log: KafkaLaneLog
    publisher: KafkaPublisher
    rules: ActiveRules
    partitions: int
    stale_outputs: str
    cache: CacheBudget

    @classmethod
    async def open(
        cls,
        settings: Settings,
        tables: TablesFactory,
        partitions: int,
        stale_outputs: str,
    ) -> "Yard":
        """The rules are those of the history only: plans name them by hash."""
        client = client_options(settings)
        outputs: dict[str, str] = {c: settings.topic(c) for c in (*OUTPUTS, Channel.BUDGETS)}
        yard = cls(
            settings,
            tables,
            client,
            tuple(settings.topic(channel) for channel in INPUTS),
            KafkaLaneLog(client, settings.topic(Channel.LANE_LOG)),
            KafkaPublisher(client, outputs),
            ActiveRules(
                source_of(settings),
                KafkaRuleHistory(client, settings.topic(Channel.RULES_HISTORY)),
                RulesListener(_nobody_hears, _nobody_hears, _nobody_hears, _nobody_hears),
                ProverHere(),
            ),
            partitions,
            stale_outputs,
            CacheBudget(settings.state_cache_mb * MEGABYTE),
        )
        await yard.lane_log.start()
        return yard

    async def close(self) -> None:
        await asyncio.gather(self.rules.stop(), self.publisher.stop(), self.lane_log.stop())

    def lane(self, number: int, consumer: Any, observer: Progress) -> Lane:
        settings = self.settings
        terms = make_terms(
            settings.max_clock_skew_seconds,
            settings.lapse_grace_seconds,
            settings.remember_payments_days,
        )
        channels = {settings.topic(channel): channel for channel in INPUTS}
        ports = LanePorts(
            source=KafkaSource(consumer, number, self._source_settings()),
            log=self.lane_log.lane(number),
            tables=self.tables.lane(number),
            publisher=self.publisher.lane(number),
            evaluator=LoyaltyEvaluator(channels, self.rules, terms, number, self.partitions),
            clock=SystemClock(),
            observer=observer,
        )
        lane_settings = LaneSettings(
            owner=f"rebuild:{socket.gethostname()}:{os.getpid()}",
            repeat_horizon_us=settings.repeat_horizon_days * DAY_US,
            stale_outputs=self.stale_outputs,
        )
        return Lane(number, ports, lane_settings, self.cache)

    def _source_settings(self) -> SourceSettings:
        return SourceSettings(
            topics=self.topics,
            internal=self.settings.topic(Channel.BUDGETS),
            partitions=self.partitions,
            start_from=None,
            batch_max=1500,
            linger=0.0,
            idle=0.0,
        )


def _nobody_hears(_: object) -> None:
    """No metrics of rules in a command."""
