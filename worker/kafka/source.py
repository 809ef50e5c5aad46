"""What a lane takes of its input topics: batches in the order of evaluation, ranges for a replay.

The consumer runs with `auto_offset_reset="none"`: a position outside a topic is a loud stop, never
a silent jump. The position is the lane's (from its state), never the group's.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from msgspec import Struct

from config.settings import StartFrom
from schemas.records import Record
from worker.errors import SourceUnavailable
from worker.kafka.partitions import ASK_SECONDS, LanePartitions
from worker.kafka.start_offsets import first_offsets
from worker.lane.merge import before_gaps, merge
from worker.lane.ports import Batch

_topic = attrgetter("topic")
POLL_SECONDS = 1.0
FETCH_PATIENCE = 30.0
"""Seconds that a replay waits for a record that the broker should have."""


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
        self._own = LanePartitions(consumer, number, settings.topics)
        self._sought: dict[str, int] = {}
        self._replayed: dict[str, int] = {}
        """Topic → offset after the last one that a replay fetched; empty once the lane polls."""

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
        self._own.stop()

    async def seek(self, positions: Mapping[str, int]) -> None:
        """Nothing is polled through a source that was stopped, and its partitions may be those of
        the next lane already: it no longer touches the consumer."""
        self._replayed.clear()
        self._sought = dict(positions)
        if not self._own.stopped:
            for topic, offset in positions.items():
                self._own.seek(topic, offset)

    # ------------------------------------------------------------------ batches

    async def poll(
        self, internal_only: bool = False, seconds: float = POLL_SECONDS
    ) -> Batch | None:
        own = self._own
        self._replayed.clear()
        if internal_only:
            return await self._poll_internal()
        if not own.hold():
            await self._read(self.topics, seconds)
            if self._settings.linger and own.hold() and not self._full():
                await self._read(self.topics, self._settings.linger, gather=True)
        if own.stopped or not own.hold():
            return None
        await self._await_lagging()
        return None if own.stopped else await self._take()

    async def _poll_internal(self) -> Batch | None:
        topic, buffers = self._settings.internal, self._own.buffers
        assert topic is not None
        if not buffers[topic]:
            await self._read([topic], POLL_SECONDS)
        if self._own.stopped or not buffers[topic]:
            return None
        most = self._settings.batch_max
        taken, buffers[topic] = buffers[topic][:most], buffers[topic][most:]
        return Batch(taken)

    async def at_end(self) -> bool:
        """The end that the last fetch told may be as old as a fetch waits: where that is reached,
        the broker is asked."""
        own = self._own
        if own.stopped or own.hold():
            return False
        try:
            if any([await own.lags(topic) for topic in self.topics]):
                return False
            are_read = await own.are_read()
        except (SourceUnavailable, KafkaError, TimeoutError):
            return False
        return are_read and not own.hold()

    def _full(self) -> bool:
        return sum(map(len, self._own.buffers.values())) >= self._settings.batch_max

    async def _read(self, topics: Sequence[str], seconds: float, *, gather: bool = False) -> None:
        await self._own.read(topics, seconds, 2 * self._settings.batch_max, gather=gather)

    async def _await_lagging(self) -> None:
        """In catch-up a topic must not run hours ahead of another: wait a little for each topic
        that has lag but nothing buffered."""
        loop, own = asyncio.get_running_loop(), self._own
        deadline = loop.time() + self._settings.idle
        while not own.stopped:
            behind = [
                topic
                for topic in self.topics
                if topic != self.internal and not own.buffers[topic] and await own.lags(topic)
            ]
            left = deadline - loop.time()
            if not behind or left <= 0:
                return
            await self._read(behind, min(left, 0.05))

    async def _take(self) -> Batch:
        most, heads, lagging = self._settings.batch_max, [], {}
        first: list[Record] = []
        for topic in self.topics:
            buffer = self._own.buffers[topic]
            if topic == self.internal:
                first = buffer[:most]
                continue
            heads.append(buffer[:most])
            if buffer and (len(buffer) > most or await self._own.lags(topic)):
                lagging[topic] = heads[-1][-1].offset
        batch = [*first, *before_gaps(merge(heads), lagging)][:most]
        for topic, taken in Counter(map(_topic, batch)).items():
            del self._own.buffers[topic][:taken]
        return Batch(batch)

    # ------------------------------------------------------------------ a replay

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        own = self._own
        if self._replayed.get(topic) != first:
            own.seek(topic, first)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + FETCH_PATIENCE
        buffer = own.buffers[topic]
        # a range may end in offsets without records (transaction markers)
        while not (buffer and buffer[-1].offset >= last) and await own.position(topic) <= last:
            await self._read([topic], POLL_SECONDS)
            if own.stopped or loop.time() > deadline:
                raise SourceUnavailable(f"{topic} did not give offsets {first} to {last}")
        taken = [record for record in buffer if record.offset <= last]
        del buffer[: len(taken)]
        self._replayed[topic] = last + 1
        return taken

    # ------------------------------------------------------------------ the group

    async def resolve_start(self, topics: Sequence[str]) -> Mapping[str, int]:
        own = {topic: self._own.of[topic] for topic in topics}
        return await first_offsets(self._consumer, own, self.internal, self._settings.start_from)

    async def still_member(self) -> bool:
        """Asks the group by a commit with the own generation; the offset serves lag monitors."""
        of = self._own.of
        offsets = {of[topic]: offset for topic, offset in self._sought.items()}
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._consumer.commit(offsets or {of[self.topics[0]]: 0})
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError):
            return False
        return True

    async def lag(self) -> dict[str, int]:
        """Records by topic that the broker has and no batch has taken."""
        own, lags = self._own, {}
        try:
            for topic in self.topics:
                end = own.end(topic)
                if end is not None:
                    behind = end - await own.position(topic)
                    lags[topic] = max(0, behind) + len(own.buffers[topic])
        except SourceUnavailable:
            return {}
        return lags
