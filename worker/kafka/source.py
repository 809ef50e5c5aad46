"""A lane's own partitions of the input topics, out of the worker's one consumer.

The consumer runs with `auto_offset_reset="none"`: a position outside a topic is a loud stop, never
a silent jump. The position is the lane's (from its state), never the group's.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from operator import attrgetter
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
    OffsetOutOfRangeError,
)
from msgspec import Struct

from config.settings import StartFrom
from schemas.records import Record
from worker.errors import BadLog, SourceUnavailable
from worker.kafka.start_offsets import first_offsets
from worker.lane.merge import before_gaps, merge
from worker.lane.ports import Batch

_topic = attrgetter("topic")
POLL_SECONDS = 1.0
FETCH_PATIENCE = 30.0
"""Seconds that a replay waits for a record that the broker should have."""
ASK_SECONDS = 5.0
"""aiokafka repeats a commit for ever while the group's coordinator is away."""


class SourceSettings(Struct, frozen=True):
    """`topics` in topic order; `internal`: the one whose records come first and whose beginning is
    where a lane starts; `start_from` None: refuse where a lane has no state."""

    topics: tuple[str, ...]
    internal: str | None
    partitions: int
    start_from: StartFrom | None
    batch_max: int
    linger: float
    idle: float


class KafkaSource:
    """`Source` over aiokafka. One per lane; `stop()` wakes a waiting poll."""

    def __init__(self, consumer: AIOKafkaConsumer, number: int, settings: SourceSettings) -> None:
        self._consumer = consumer
        self._settings = settings
        self._of = {topic: TopicPartition(topic, number) for topic in settings.topics}
        self._buffers: dict[str, list[Record]] = {topic: [] for topic in settings.topics}
        self._sought: dict[str, int] = {}
        self._replayed: dict[str, int] = {}
        """Topic → offset after the last one that a replay fetched; empty once the lane polls."""
        self._waiting: asyncio.Future[object] | None = None
        self._stopped = False

    @property
    def topics(self) -> Sequence[str]:
        return self._settings.topics

    @property
    def internal(self) -> str | None:
        return self._settings.internal

    @property
    def partitions(self) -> int:
        return self._settings.partitions

    def stop(self) -> None:
        self._stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def seek(self, positions: Mapping[str, int]) -> None:
        """Nothing is polled through a source that was stopped, and its partitions may be those of
        the next lane already: it no longer touches the consumer."""
        self._replayed.clear()
        self._sought = dict(positions)
        if not self._stopped:
            for topic, offset in positions.items():
                self._seek(topic, offset)

    def _seek(self, topic: str, offset: int) -> None:
        if self._stopped:
            raise SourceUnavailable("the lane is asked to stop")
        try:
            self._consumer.seek(self._of[topic], offset)
        except IllegalStateError as error:
            raise SourceUnavailable(f"{topic} is no longer assigned") from error
        self._buffers[topic] = []

    async def poll(
        self, internal_only: bool = False, seconds: float = POLL_SECONDS
    ) -> Batch | None:
        self._replayed.clear()
        if internal_only:
            return await self._poll_internal()
        if not any(self._buffers.values()):
            await self._fill(self.topics, seconds)
            if self._settings.linger and any(self._buffers.values()) and not self._full():
                await self._fill(self.topics, self._settings.linger, gather=True)
        if self._stopped or not any(self._buffers.values()):
            return None
        await self._await_lagging()
        return None if self._stopped else await self._take()

    async def _poll_internal(self) -> Batch | None:
        topic = self._settings.internal
        assert topic is not None
        if not self._buffers[topic]:
            await self._fill([topic], POLL_SECONDS)
        if self._stopped or not self._buffers[topic]:
            return None
        most = self._settings.batch_max
        taken, self._buffers[topic] = self._buffers[topic][:most], self._buffers[topic][most:]
        return Batch(taken)

    async def at_end(self) -> bool:
        """The end that the last fetch told may be as old as a fetch waits: where that is reached,
        the broker is asked. Records of a transaction count once it is committed."""
        if self._stopped or any(self._buffers.values()):
            return False
        partitions = list(self._of.values())
        try:
            if any([await self._lags(topic) for topic in self.topics]):
                return False
            async with asyncio.timeout(ASK_SECONDS):
                ends = await self._wait(self._consumer.end_offsets(partitions))
            if not isinstance(ends, dict):
                return False
            read = [await self._consumer.position(p) >= ends[p] for p in partitions]
        except (IllegalStateError, SourceUnavailable, KafkaError, TimeoutError):
            return False
        return all(read) and not any(self._buffers.values())

    def _full(self) -> bool:
        return sum(map(len, self._buffers.values())) >= self._settings.batch_max

    async def _await_lagging(self) -> None:
        """In catch-up a topic must not run hours ahead of another: wait a little for each topic
        that has lag but nothing buffered."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.idle
        while not self._stopped:
            behind = [
                topic
                for topic in self.topics
                if topic != self.internal and not self._buffers[topic] and await self._lags(topic)
            ]
            left = deadline - loop.time()
            if not behind or left <= 0:
                return
            await self._fill(behind, min(left, 0.05))

    async def _lags(self, topic: str) -> bool:
        """Has the broker more than what is buffered? Before the first fetch: perhaps."""
        partition = self._of[topic]
        try:
            end = self._end(partition)
            return end is None or await self._consumer.position(partition) < end
        except IllegalStateError as error:
            raise SourceUnavailable(f"{topic} is no longer assigned") from error

    def _end(self, partition: TopicPartition) -> int | None:
        """Where committed records end; None before the first fetch."""
        stable: int | None = self._consumer.last_stable_offset(partition)
        if stable is not None and stable >= 0:
            return stable
        end: int | None = self._consumer.highwater(partition)
        return end

    async def _take(self) -> Batch:
        most, heads, lagging = self._settings.batch_max, [], {}
        first: list[Record] = []
        for topic in self.topics:
            buffer = self._buffers[topic]
            if topic == self.internal:
                first = buffer[:most]
                continue
            heads.append(buffer[:most])
            if buffer and (len(buffer) > most or await self._lags(topic)):
                lagging[topic] = heads[-1][-1].offset
        batch = [*first, *before_gaps(merge(heads), lagging)][:most]
        for topic, taken in Counter(map(_topic, batch)).items():
            del self._buffers[topic][:taken]
        return Batch(batch)

    async def _fill(self, topics: Sequence[str], seconds: float, *, gather: bool = False) -> None:
        """Buffer what comes within the time; returns at the first records unless gathering."""
        if gather:
            await self._wait(asyncio.sleep(seconds))
            seconds = 0
        wanted = [self._of[topic] for topic in topics]
        fetched = await self._wait(
            self._consumer.getmany(
                *wanted, timeout_ms=int(seconds * 1000), max_records=2 * self._settings.batch_max
            )
        )
        if isinstance(fetched, dict):
            for partition, records in fetched.items():
                self._buffers[partition.topic].extend(records)

    def _stop_asked(self) -> bool:
        return self._stopped

    async def _wait(self, awaitable: Coroutine[Any, Any, object]) -> object:
        """The awaitable's result; None where `stop()` cut the wait short."""
        if self._stop_asked():
            awaitable.close()
            return None
        waiting = self._waiting = asyncio.ensure_future(awaitable)
        try:
            return await waiting
        except asyncio.CancelledError:
            if self._stop_asked() and waiting.cancelled():
                return None
            raise
        except OffsetOutOfRangeError as error:
            raise BadLog(
                f"The lane's position lies outside its topic: {error}.",
                "The topic was recreated, or its retention is shorter than the worker was away: "
                "docs/runbooks/bad-log.md.",
            ) from error
        except (IllegalStateError, ConsumerStoppedError, KafkaError) as error:
            raise SourceUnavailable(f"the input cannot be read: {error}") from error
        finally:
            self._waiting = None

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        if self._replayed.get(topic) != first:
            self._seek(topic, first)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + FETCH_PATIENCE
        buffer = self._buffers[topic]
        while not (buffer and buffer[-1].offset >= last) and not await self._beyond(topic, last):
            await self._fill([topic], POLL_SECONDS)
            if self._stopped or loop.time() > deadline:
                raise SourceUnavailable(f"{topic} did not give offsets {first} to {last}")
        taken = [record for record in buffer if record.offset <= last]
        del buffer[: len(taken)]
        self._replayed[topic] = last + 1
        return taken

    async def _beyond(self, topic: str, last: int) -> bool:
        """A range may end in offsets without records (transaction markers)."""
        try:
            return bool(await self._consumer.position(self._of[topic]) > last)
        except IllegalStateError as error:
            raise SourceUnavailable(f"{topic} is no longer assigned") from error

    async def resolve_start(self, topics: Sequence[str]) -> Mapping[str, int]:
        own = {topic: self._of[topic] for topic in topics}
        return await first_offsets(self._consumer, own, self.internal, self._settings.start_from)

    async def still_member(self) -> bool:
        """Asks the group by a commit with the own generation; the offset serves lag monitors."""
        offsets = {self._of[t]: offset for t, offset in self._sought.items()}
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._consumer.commit(offsets or {self._of[self.topics[0]]: 0})
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError):
            return False
        return True

    async def lag(self) -> dict[str, int]:
        """Records by topic that the broker has and no batch has taken."""
        lags = {}
        try:
            for topic, partition in self._of.items():
                end = self._end(partition)
                if end is not None:
                    behind = end - await self._consumer.position(partition)
                    lags[topic] = max(0, behind) + len(self._buffers[topic])
        except IllegalStateError:
            return {}
        return lags
