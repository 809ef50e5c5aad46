"""The composition root: the Faust app and everything it is made of, from the settings.

The only place that constructs adapters. `run` is the production worker; the demo builds the same
worker over an embedded broker and tables in memory.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faust
from faust.app.base import BootStrategy

from config.settings import Settings
from schemas.topics import INPUTS, OUTPUTS, Channel
from worker.agent import take_batches
from worker.cache import CacheBudget
from worker.clock import SystemClock
from worker.errors import LoudStop
from worker.evaluator import LoyaltyEvaluator, make_terms
from worker.feed import Consuming, LaneFeed, Surroundings
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.publisher import KafkaPublisher
from worker.kafka.security import client_options
from worker.kafka.source import KafkaSource, SourceSettings
from worker.kafka.writer import TopicWriter
from worker.lane import Lane, LanePorts, LaneSettings
from worker.lanes import Lanes
from worker.metrics import Metrics
from worker.observe import LaneObserver, Listener
from worker.points import UNMARKED, Points
from worker.ports import Clock
from worker.rules.active import ActiveRules
from worker.rules.history import KafkaRuleHistory
from worker.rules.listener import Applied, Refusal, RulesListener
from worker.rules.ports import RuleHistory, RuleSource
from worker.rules.prover import Prover, ProverProcess
from worker.rules.status import StatusBoard
from worker.start import input_types, preflight, source_of, tables_of
from worker.tables.factory import TablesFactory
from worker.web.health import Health
from worker.web.server import WebServer

log = logging.getLogger(__name__)

DAY_US = 86_400_000_000
GC_THRESHOLDS = (50_000, 20, 100)
"""A batch makes thousands of short-lived values and hardly a cycle: with Python's own thresholds
looking for garbage among them takes a tenth of a worker's time."""
MEGABYTE = 1024 * 1024


class LanesOnly(BootStrategy):  # type: ignore[misc]
    """Faust without its consumer and producer: no event and no money passes through either."""

    enable_kafka_consumer = False
    enable_kafka_producer = False
    enable_web = False


class LoyaltyApp(faust.App):  # type: ignore[misc]
    """The feed starts before the agents' first batch and stops after the lanes drained."""

    BootStrategy = LanesOnly
    feed: LaneFeed

    def on_init_dependencies(self) -> Any:
        return [*super().on_init_dependencies(), self.feed]


class LoyaltyWorker:
    """One worker, built and not yet started: `await app.start()`, `await app.stop()`."""

    def __init__(
        self, app: LoyaltyApp, metrics: Metrics, rules: ActiveRules, settings: Settings
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.rules = rules
        self.health = Health()
        self._reported: set[tuple[str, int]] = set()
        """Topics and partitions whose lag the metrics show."""
        self.web = WebServer(
            lambda: self.health, metrics.registry, settings.http_host, settings.http_port
        )

    @property
    def failure(self) -> BaseException | None:
        """What stopped the worker; None after a stop that was asked for."""
        return self.app.feed.failure

    async def on_tick(self, lanes: Lanes, lags: dict[int, dict[str, int]]) -> None:
        opened = sum(lane.lane.acquired for lane in lanes)
        self.metrics.lanes_open(opened)
        self.metrics.lanes_waiting(sum(lane.lane.waits for lane in lanes))
        for topic, partition in self._reported - {(t, n) for n, by in lags.items() for t in by}:
            self.metrics.partition_released(topic, partition)
        self._reported = {(t, n) for n, by in lags.items() for t in by}
        for partition, by_topic in lags.items():
            for topic, records in by_topic.items():
                self.metrics.lag(topic, partition, records)
        self.health = replace(
            self.health,
            assigned=self.health.assigned or len(lanes) > 0 or self.app.feed.assigned,
            lanes_assigned=len(lanes),
            lanes_open=opened,
            stopping=self.app.feed.closing,
        )


@dataclass(frozen=True)
class Parts:
    """Adapters that the demo and the tests bring along; None: made from the settings."""

    tables: TablesFactory | None = None
    source: RuleSource | None = None
    history: RuleHistory | None = None
    prover: Prover | None = None
    listener: Listener | None = None
    fetch_max_wait_ms: int = 500
    points: Points = UNMARKED
    clock: Clock = field(default_factory=SystemClock)


def build(
    settings: Settings,
    partitions: int,
    on_failure: Callable[[BaseException], None],
    *,
    parts: Parts = Parts(),
    stale_outputs: str = "stop",
) -> LoyaltyWorker:
    """Everything constructed, nothing started. `partitions`: of the input topics."""
    metrics = Metrics(input_types(settings), version("loyalty-worker"))
    tables = parts.tables or tables_of(settings)
    client = client_options(settings)
    lane_log = KafkaLaneLog(client, settings.topic("LANE_LOG"))
    publisher = KafkaPublisher(client, {c: settings.topic(c) for c in (*OUTPUTS, Channel.BUDGETS)})
    owner = settings.kafka_group_instance_id or f"{socket.gethostname()}:{os.getpid()}"
    statuses = TopicWriter(client, settings.topic("RULES_STATUS"))
    board = StatusBoard(owner, statuses.write) if parts.history is None else None
    rules = ActiveRules(
        parts.source or source_of(settings),
        parts.history or KafkaRuleHistory(client, settings.topic("RULES_HISTORY")),
        _rules_listener(metrics, board, lambda error: app.feed.fail(error)),
        parts.prover or ProverProcess(),
    )
    channels = {settings.topic(channel): channel for channel in INPUTS}
    terms = make_terms(
        settings.max_clock_skew_seconds,
        settings.lapse_grace_seconds,
        settings.remember_payments_days,
    )
    observer = LaneObserver(metrics, parts.listener)
    budget = CacheBudget(settings.state_cache_mb * MEGABYTE)
    lane_settings = LaneSettings(
        owner=owner,
        repeat_horizon_us=settings.repeat_horizon_days * DAY_US,
        stale_outputs=stale_outputs,
    )

    def make_lane(number: int, source: KafkaSource) -> Lane:
        ports = LanePorts(
            source=source,
            log=lane_log.lane(number),
            tables=tables.lane(number),
            publisher=publisher.lane(number),
            evaluator=LoyaltyEvaluator(channels, rules, terms, number, partitions),
            clock=parts.clock,
            observer=observer,
            points=parts.points,
        )
        return Lane(number, ports, lane_settings, budget)

    app = _faust_app(settings)
    worker = LoyaltyWorker(app, metrics, rules, settings)

    async def start() -> None:
        await worker.web.start()
        log.info("health and metrics: %s", worker.web.address)
        await rules.start()
        worker.health = replace(worker.health, rules_read=True)
        await lane_log.start()
        await publisher.start()

    async def stop_rules() -> None:
        await rules.stop()
        if board is not None:
            await board.stop()
        await statuses.close()

    async def stop() -> None:
        await asyncio.gather(
            stop_rules(), publisher.stop(), lane_log.stop(), tables.close(), worker.web.stop()
        )

    def failed(error: BaseException) -> None:
        worker.health = replace(worker.health, crashed=str(error))
        on_failure(error)

    around = Surroundings(start, stop, make_lane, worker.on_tick, failed)
    batches = app.channel()
    app.feed = LaneFeed(
        app,
        _consuming(settings, owner, partitions, client, parts.fetch_max_wait_ms),
        around,
        batches,
    )
    app.agent(batches, name="lanes", concurrency=partitions)(take_batches)
    return worker


def _faust_app(settings: Settings) -> LoyaltyApp:
    """Faust reads environment variables of its own: none of them is ours."""
    return LoyaltyApp(
        settings.kafka_group_id,
        broker="kafka://" + settings.kafka_bootstrap_servers.replace(",", ";"),
        env_prefix="FAUST_UNUSED_",
        datadir=Path(tempfile.gettempdir()) / f"loyalty-worker-{os.getpid()}",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        autodiscover=False,
    )


def _consuming(
    settings: Settings,
    owner: str,
    partitions: int,
    client: dict[str, Any],
    fetch_max_wait_ms: int,
) -> Consuming:
    return Consuming(
        worker=owner,
        client=client,
        group=settings.kafka_group_id,
        instance=settings.kafka_group_instance_id,
        session_seconds=settings.kafka_session_timeout_seconds,
        heartbeat_seconds=settings.kafka_heartbeat_seconds,
        source=SourceSettings(
            topics=tuple(settings.topic(channel) for channel in INPUTS),
            internal=settings.topic(Channel.BUDGETS),
            partitions=partitions,
            start_from=settings.start_from,
            batch_max=settings.batch_max_events,
            linger=settings.batch_linger_ms / 1000,
            idle=settings.lane_idle_ms / 1000,
        ),
        fetch_max_wait_ms=fetch_max_wait_ms,
    )


def _rules_listener(
    metrics: Metrics, board: StatusBoard | None, failed: Callable[[BaseException], None]
) -> RulesListener:
    """Tells metrics and, in production, the topic of statuses."""

    def applied(told: Applied) -> None:
        metrics.rule_set_applied(
            told.organization, told.version, told.content_hash, told.rules, time.time()
        )
        if board is not None:
            board.applied(told)

    def refused(told: Refusal) -> None:
        metrics.rule_set_rejected(told.organization)
        if board is not None:
            board.refused(told)

    def removed(organization: str) -> None:
        metrics.rule_set_removed(organization)
        if board is not None:
            board.removed(organization)

    return RulesListener(applied, refused, removed, failed)


async def _until_signal(work: Coroutine[Any, Any, int]) -> int | None:
    """Its result; None after SIGTERM or SIGINT, which Faust takes only from the start on."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel)
    await asyncio.wait([task])
    return None if task.cancelled() else task.result()


def run(settings: Settings, *, stale_outputs: str = "stop", parts: Parts = Parts()) -> int:
    """The production worker until SIGTERM (0) or until it had to stop (1)."""
    try:
        partitions = asyncio.run(_until_signal(preflight(settings)))
    except LoudStop as stop:
        log.critical("%s", stop)
        return 1
    if partitions is None:
        log.info("stopped before the start: nothing was consumed")
        return 0
    gc.set_threshold(*GC_THRESHOLDS)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def on_failure(_: BaseException) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    worker = build(settings, partitions, on_failure, parts=parts, stale_outputs=stale_outputs)
    process = faust.Worker(
        worker.app, override_logging=False, redirect_stdouts=False, quiet=True, loop=loop
    )
    process.spinner = None  # it writes to standard output, a terminal or not
    crashed = False
    try:
        process.execute_from_commandline()
    except SystemExit as ended:
        crashed = bool(ended.code)
    gc.freeze()  # the interpreter need not look for garbage among everything before it ends
    return 1 if crashed or worker.failure is not None else 0
