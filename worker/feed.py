"""The Service that owns the consumer: a rebalance only opens and closes lanes.

Faust carries the process (lifecycle, signals, supervision) and each lane's batches (an in-memory
channel and an agent); its own consumer is off, since money must not rest on its acknowledgements
(docs/adr/0001-what-faust-does.md). The consumer here commits group offsets for lag monitors only:
a lane's position is in its state.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faust import App
from mode import Service
from msgspec import Struct

from worker.errors import LoudStop, Misconfigured, WorkerError
from worker.kafka.closing import close_consumer
from worker.kafka.contact import Contact
from worker.kafka.header_names import read_any_header_name
from worker.kafka.source import KafkaSource, SourceSettings
from worker.lane.lane import Lane
from worker.lane.ports import Batch
from worker.open_lanes import Lanes, OpenLane, Positions

log = logging.getLogger(__name__)

BATCH_DEADLINE = 300.0
"""Seconds after which a batch that came to no end crashes the worker: sick lanes must not hold
their partitions for ever."""
TICK = 2.0
CLOSE_SECONDS = 1.0
"""For what is closed after the drain: a stop ends within ten seconds, come what may."""
REBALANCE_MS = 20_000


class Consuming(Struct, frozen=True):
    """How the consumer is made. `worker`: the name under which the group knows it; `client` are
    aiokafka's connection options."""

    worker: str
    client: dict[str, Any]
    group: str
    instance: str | None
    session_seconds: float
    heartbeat_seconds: float
    source: SourceSettings
    fetch_max_wait_ms: int = 500


class Surroundings(Struct, frozen=True):
    """What lives as long as the worker, started before the consumer and stopped after it."""

    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    make_lane: Callable[[int, KafkaSource], Lane]
    on_tick: Callable[[Lanes, dict[int, dict[str, int]]], Awaitable[None]]
    on_failure: Callable[[BaseException], None]


class LaneFeed(Service):  # type: ignore[misc]
    """`failure` holds what stopped the worker, None after a stop that was asked for."""

    def __init__(
        self, app: App, consuming: Consuming, around: Surroundings, channel: Any, **kwargs: Any
    ) -> None:
        self.app = app
        self.consuming = consuming
        self.around = around
        self.channel = channel
        self.failure: BaseException | None = None
        self.closing = False
        self.assigned = False
        """A first assignment came, be it of no lane."""
        self._consumer: AIOKafkaConsumer | None = None
        self._contact: Contact | None = None
        self.lanes = Lanes(self._make, self._dispatch, self.fail)
        super().__init__(**kwargs)

    async def on_start(self) -> None:
        try:
            await self.around.start()
            self._consumer = self._make_consumer()
            self._consumer.subscribe(list(self.consuming.source.topics), listener=_Rebalance(self))
            await self._consumer.start()
            asked = TopicPartition(self.consuming.source.topics[0], 0)
            self._contact = Contact(self._consumer, asked)
        except (WorkerError, KafkaError, OSError) as error:
            self.fail(error)

    def _make_consumer(self) -> AIOKafkaConsumer:
        consuming = self.consuming
        read_any_header_name()
        return AIOKafkaConsumer(
            **consuming.client,
            client_id=consuming.worker,
            group_id=consuming.group,
            group_instance_id=consuming.instance,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=int(consuming.session_seconds * 1000),
            heartbeat_interval_ms=int(consuming.heartbeat_seconds * 1000),
            rebalance_timeout_ms=REBALANCE_MS,
            max_poll_interval_ms=int(BATCH_DEADLINE * 2000),
            fetch_max_wait_ms=consuming.fetch_max_wait_ms,
            max_partition_fetch_bytes=1_048_576,
        )

    async def on_stop(self) -> None:
        """Finish the batches at hand, then leave the group and close what the lanes used."""
        self.closing = True
        await self.release()
        if self._contact is not None:
            await self._contact.close()
        closings = [_close("connections", self.around.stop())]
        if self._consumer is not None:
            closings.append(_close("the consumer", close_consumer(self._consumer)))
        await asyncio.gather(*closings)

    def _make(self, number: int) -> OpenLane:
        assert self._consumer is not None
        source = KafkaSource(self._consumer, number, self.consuming.source)
        return OpenLane(self.around.make_lane(number, source), source)

    async def _dispatch(self, lane: Lane, batch: Batch) -> None:
        """Through the channel to the agent, and back when the batch is published."""
        if not self.app.flow_control.is_active():
            self.app.flow_control.resume()
        done = asyncio.get_running_loop().create_future()
        await self.channel.send(value=(lane, batch, done))
        try:
            await asyncio.wait_for(done, BATCH_DEADLINE)
        except TimeoutError as error:
            raise LoudStop(
                f"A batch of lane {lane.number} came to no end in {BATCH_DEADLINE:g} s.",
                "Look for a stuck dependency; the worker goes on where it stood.",
            ) from error

    def fail(self, error: BaseException) -> None:
        """The first failure stops the worker, nothing more is committed by the lane it struck."""
        if self.failure is None and not self.closing:
            self.failure = error
            if isinstance(error, WorkerError):
                log.critical("%s", error)
            else:
                log.critical("the worker stops: %s", error, exc_info=error)
            self.around.on_failure(error)

    def assign(self, assigned: Sequence[TopicPartition]) -> None:
        """No await, no I/O: lanes acquire by themselves. A split lane is refused."""
        self.assigned = True
        if self.closing or self.failure is not None:
            return
        topics: dict[int, set[str]] = {}
        for partition in assigned:
            topics.setdefault(partition.partition, set()).add(partition.topic)
        source = self.consuming.source
        if max(topics, default=0) >= source.partitions:
            self.fail(
                Misconfigured(
                    f"The input topics have grown beyond the {source.partitions} partitions that "
                    "they had when the worker started.",
                    "Clients would change their lanes and lose their state: give the topics their "
                    "old count back.",
                )
            )
            return
        split = [n for n, found in topics.items() if found != set(source.topics)]
        if split:
            self.fail(
                Misconfigured(
                    f"Lanes {sorted(split)} got only some of their topics.",
                    "All workers of a group consume the same topics with equal partition counts.",
                )
            )
            return
        log.info("lanes assigned: %s", sorted(topics))
        self.lanes.assign(topics)

    async def release(self) -> None:
        positions = await self.lanes.revoke()
        if self._contact is not None:
            await self._contact.commit(self._offsets(positions))

    @property
    def kafka_away_seconds(self) -> float:
        """How long Kafka has not answered, once that is long; else 0."""
        return self._contact.away_seconds if self._contact is not None else 0.0

    @Service.timer(TICK)  # type: ignore[untyped-decorator]
    async def _tick(self) -> None:
        if self._contact is not None:
            await self._contact.look(self._offsets(self.lanes.positions()))
        lags = {opened.lane.number: await opened.source.lag() for opened in self.lanes}
        await self.around.on_tick(self.lanes, lags)

    def _offsets(self, positions: Positions) -> dict[TopicPartition, int]:
        return {
            TopicPartition(topic, partition): offset
            for topic, by_partition in positions.items()
            if topic in self.consuming.source.topics
            for partition, offset in by_partition.items()
        }


async def _close(what: str, closing: Awaitable[None]) -> None:
    """What does not close in time is left to the process's end: its broker is away."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
    except (TimeoutError, KafkaError, OSError) as error:
        log.warning("%s did not close: %r", what, error)


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]
    """aiokafka swallows what a listener raises: failures go to the feed."""

    def __init__(self, feed: LaneFeed) -> None:
        self._feed = feed

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        if revoked:
            log.info("lanes revoked: %s", sorted({p.partition for p in revoked}))
        await self._feed.release()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        try:
            self._feed.assign(assigned)
        except Exception as error:  # noqa: BLE001 - lanes that never opened would go unnoticed
            self._feed.fail(error)
