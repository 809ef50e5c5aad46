"""A worker that runs: what starts before its lanes and stops after them, and how it is."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from config.settings import Settings
from worker.faust_app import LoyaltyApp
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.publisher import KafkaPublisher
from worker.kafka.writer import TopicWriter
from worker.open_lanes import Lanes
from worker.rules.active import ActiveRules
from worker.rules.status import StatusBoard
from worker.start import patiently
from worker.tables.factory import TablesFactory
from worker.telemetry.metrics import Metrics
from worker.web.health import Health
from worker.web.server import WebServer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """What all lanes of a worker share. `board`: where it tells which rules it applies; None: it
    tells nobody."""

    lane_log: KafkaLaneLog
    publisher: KafkaPublisher
    tables: TablesFactory
    rules: ActiveRules
    statuses: TopicWriter
    board: StatusBoard | None

    async def stop_rules(self) -> None:
        await self.rules.stop()
        if self.board is not None:
            await self.board.stop()
        await self.statuses.close()


class LoyaltyWorker:
    """One worker, built and not yet started: `await app.start()`, `await app.stop()`.

    `on_failure` hears what stops it.
    """

    def __init__(
        self,
        app: LoyaltyApp,
        shared: Shared,
        metrics: Metrics,
        settings: Settings,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.health = Health()
        self._shared = shared
        self._on_failure = on_failure
        self._reported: set[tuple[str, int]] = set()
        """Topics and partitions whose lag the metrics show."""
        self.web = WebServer(
            lambda: self.health, metrics.registry, settings.http_host, settings.http_port
        )

    @property
    def failure(self) -> BaseException | None:
        """What stopped the worker; None after a stop that was asked for."""
        return self.app.feed.failure

    async def before_lanes(self) -> None:
        shared = self._shared
        await self.web.start()
        log.info("health and metrics: %s", self.web.address)
        await patiently(shared.rules.start)
        self.health = replace(self.health, rules_read=True)
        await shared.lane_log.start()
        await shared.publisher.start()

    async def after_lanes(self) -> None:
        """Side by side: a stop ends in time also while Kafka hangs."""
        shared = self._shared
        await asyncio.gather(
            shared.stop_rules(),
            shared.publisher.stop(),
            shared.lane_log.stop(),
            shared.tables.close(),
            self.web.stop(),
        )

    async def on_tick(self, lanes: Lanes, lags: dict[int, dict[str, int]]) -> None:
        opened = sum(lane.lane.acquired for lane in lanes)
        self.metrics.lanes_open(opened)
        self.metrics.lanes_waiting(sum(lane.lane.waits for lane in lanes))
        self._report_lags(lags)
        self.health = replace(
            self.health,
            assigned=self.health.assigned or len(lanes) > 0 or self.app.feed.assigned,
            lanes_assigned=len(lanes),
            lanes_open=opened,
            stopping=self.app.feed.closing,
            waiting=_waiting(self.app.feed.kafka_away_seconds),
        )

    def _report_lags(self, lags: dict[int, dict[str, int]]) -> None:
        """Partitions that another worker has now are no longer shown."""
        shown = {(topic, number) for number, by_topic in lags.items() for topic in by_topic}
        for topic, partition in self._reported - shown:
            self.metrics.partition_released(topic, partition)
        self._reported = shown
        for partition, by_topic in lags.items():
            for topic, records in by_topic.items():
                self.metrics.lag(topic, partition, records)

    def failed(self, error: BaseException) -> None:
        self.health = replace(self.health, crashed=str(error))
        self._on_failure(error)


def _waiting(kafka_away_seconds: float) -> str:
    if not kafka_away_seconds:
        return ""
    return f"Kafka has not answered for {kafka_away_seconds:.0f} s."
