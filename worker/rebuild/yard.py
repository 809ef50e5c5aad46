"""What the lanes of a rebuild share in one process, and how a lane is made of it."""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.settings import Settings
from schemas.instants import DAY_US
from schemas.topics import INPUTS, OUTPUTS, Channel
from worker.clock import SystemClock
from worker.evaluation.evaluator import LoyaltyEvaluator, RuleBook, make_terms
from worker.evaluation.report import NoReport
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.publisher import KafkaPublisher
from worker.kafka.security import client_options
from worker.kafka.source import KafkaSource, SourceSettings
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.ports import Observer
from worker.rebuild.news import Order
from worker.rebuild.rules import LoggedRules
from worker.tables.factory import TablesFactory

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Yard:
    """Each lane has a consumer of its own, so that none waits for the fetches of another."""

    settings: Settings
    tables: TablesFactory
    order: Order
    client: Mapping[str, Any]
    topics: tuple[str, ...]
    lane_log: KafkaLaneLog
    publisher: KafkaPublisher
    rules: LoggedRules
    cache: CacheBudget

    @classmethod
    async def open(cls, settings: Settings, tables: TablesFactory, order: Order) -> "Yard":
        """Raises Unavailable. The jobs share the memory that a worker may take for its cache."""
        client = client_options(settings)
        outputs: dict[str, str] = {c: settings.topic(c) for c in (*OUTPUTS, Channel.BUDGETS)}
        yard = cls(
            settings,
            tables,
            order,
            client,
            tuple(settings.topic(channel) for channel in INPUTS),
            KafkaLaneLog(client, settings.topic(Channel.LANE_LOG)),
            KafkaPublisher(client, outputs),
            LoggedRules.of(settings),
            CacheBudget(settings.state_cache_mb * MEGABYTE // order.jobs),
        )
        try:
            await yard.lane_log.start()
        except BaseException:
            await yard.close()
            raise
        return yard

    async def close(self) -> None:
        await asyncio.gather(self.rules.close(), self.publisher.stop(), self.lane_log.stop())

    def lane(self, number: int, consumer: Any, rules: RuleBook, observer: Observer) -> Lane:
        settings, partitions = self.settings, self.order.partitions
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
            evaluator=LoyaltyEvaluator(channels, rules, terms, number, partitions, report=NoReport),
            clock=SystemClock(),
            observer=observer,
        )
        lane_settings = LaneSettings(
            owner=f"rebuild:{socket.gethostname()}:{os.getpid()}",
            repeat_horizon_us=settings.repeat_horizon_days * DAY_US,
            stale_outputs=self.order.stale_outputs,
        )
        return Lane(number, ports, lane_settings, self.cache)

    def _source_settings(self) -> SourceSettings:
        return SourceSettings(
            topics=self.topics,
            internal=self.settings.topic(Channel.BUDGETS),
            partitions=self.order.partitions,
            start_from=None,
            batch_max=1500,
            linger=0.0,
            idle=0.0,
        )
