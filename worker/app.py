"""The composition root: a worker and everything it is made of, from the settings.

The only place that constructs adapters. The production worker (`worker.process.production`) and the
demo, over an embedded broker and tables in memory, are built here alike.
"""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version

from config.settings import Settings
from schemas.instants import DAY_US
from schemas.topics import INPUTS, OUTPUTS, Channel
from worker.agent import take_batches
from worker.clock import SystemClock
from worker.evaluation.evaluator import LoyaltyEvaluator, make_terms
from worker.faust_app import make_app
from worker.feed import Consuming, LaneFeed, Surroundings
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.publisher import KafkaPublisher
from worker.kafka.security import client_options
from worker.kafka.source import KafkaSource, SourceSettings
from worker.kafka.writer import TopicWriter
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.points import UNMARKED, Points
from worker.lane.ports import Clock
from worker.loyalty_worker import LoyaltyWorker, Shared
from worker.rules.active import ActiveRules
from worker.rules.history import KafkaRuleHistory
from worker.rules.listener import Applied, Refusal, RulesListener
from worker.rules.ports import RuleHistory, RuleSource
from worker.rules.prover import Prover, ProverProcess
from worker.rules.status import StatusBoard
from worker.start import input_types, source_of, tables_of
from worker.tables.factory import TablesFactory
from worker.telemetry.metrics import Metrics
from worker.telemetry.observer import LaneObserver, Listener

MEGABYTE = 1024 * 1024


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


PRODUCTION = Parts()


def build(
    settings: Settings,
    partitions: int,
    on_failure: Callable[[BaseException], None],
    *,
    parts: Parts = PRODUCTION,
    stale_outputs: str = "stop",
) -> LoyaltyWorker:
    """Everything constructed, nothing started. `partitions`: of the input topics.

    1. What all lanes share.
    2. How the lane of a partition is made, once it is assigned.
    3. What starts before the lanes and stops after them.
    4. The feed that opens and closes lanes, and the agent that takes their batches.
    """
    app = make_app(settings)
    owner = settings.kafka_group_instance_id or f"{socket.gethostname()}:{os.getpid()}"
    metrics = Metrics(input_types(settings), version("loyalty-worker"))
    shared = _shared(settings, owner, metrics, parts, lambda error: app.feed.fail(error))  # 1
    lanes = LaneSettings(
        owner=owner,
        repeat_horizon_us=settings.repeat_horizon_days * DAY_US,
        stale_outputs=stale_outputs,
    )
    observer = LaneObserver(metrics, parts.listener)
    make_lane = _lane_maker(settings, partitions, lanes, observer, parts, shared)  # 2
    worker = LoyaltyWorker(app, shared, metrics, settings, on_failure)  # 3
    around = Surroundings(
        worker.before_lanes, worker.after_lanes, make_lane, worker.on_tick, worker.failed
    )
    batches = app.channel()
    consuming = _consuming(settings, owner, partitions, parts.fetch_max_wait_ms)
    app.feed = LaneFeed(app, consuming, around, batches)  # 4
    app.agent(batches, name="lanes", concurrency=partitions)(take_batches)
    return worker


def _shared(
    settings: Settings,
    owner: str,
    metrics: Metrics,
    parts: Parts,
    failed: Callable[[BaseException], None],
) -> Shared:
    client = client_options(settings)
    statuses = TopicWriter(client, settings.topic("RULES_STATUS"))
    board = StatusBoard(owner, statuses.write) if parts.history is None else None
    rules = ActiveRules(
        parts.source or source_of(settings),
        parts.history or KafkaRuleHistory(client, settings.topic("RULES_HISTORY")),
        _rules_listener(metrics, board, failed),
        parts.prover or ProverProcess(),
    )
    topics: dict[str, str] = {c: settings.topic(c) for c in (*OUTPUTS, Channel.BUDGETS)}
    return Shared(
        lane_log=KafkaLaneLog(client, settings.topic("LANE_LOG")),
        publisher=KafkaPublisher(client, topics),
        tables=parts.tables or tables_of(settings),
        rules=rules,
        statuses=statuses,
        board=board,
    )


def _lane_maker(
    settings: Settings,
    partitions: int,
    lanes: LaneSettings,
    observer: LaneObserver,
    parts: Parts,
    shared: Shared,
) -> Callable[[int, KafkaSource], Lane]:
    channels = {settings.topic(channel): channel for channel in INPUTS}
    terms = make_terms(
        settings.max_clock_skew_seconds,
        settings.lapse_grace_seconds,
        settings.remember_payments_days,
    )
    budget = CacheBudget(settings.state_cache_mb * MEGABYTE)

    def make_lane(number: int, source: KafkaSource) -> Lane:
        ports = LanePorts(
            source=source,
            log=shared.lane_log.lane(number),
            tables=shared.tables.lane(number),
            publisher=shared.publisher.lane(number),
            evaluator=LoyaltyEvaluator(channels, shared.rules, terms, number, partitions),
            clock=parts.clock,
            observer=observer,
            points=parts.points,
        )
        return Lane(number, ports, lanes, budget)

    return make_lane


def _consuming(
    settings: Settings,
    owner: str,
    partitions: int,
    fetch_max_wait_ms: int,
) -> Consuming:
    return Consuming(
        worker=owner,
        client=client_options(settings),
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
