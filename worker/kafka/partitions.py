"""One partition number of several topics, out of the worker's one consumer: sought, read, asked.

Every wait ends at once when the lane is asked to stop. What aiokafka raises becomes what a lane
knows: the input cannot be read now, or the position lies outside its topic.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
    OffsetOutOfRangeError,
)

from schemas.records import Record
from worker.errors import BadLog, SourceUnavailable

ASK_SECONDS = 5.0
"""aiokafka repeats a request for ever while its broker is away."""


class LanePartitions:
    """`of`: the partition of each topic. `buffers`: what was read of it and not taken yet."""

    def __init__(self, consumer: AIOKafkaConsumer, number: int, topics: Sequence[str]) -> None:
        self.of = {topic: TopicPartition(topic, number) for topic in topics}
        self.buffers: dict[str, list[Record]] = {topic: [] for topic in topics}
        self.stopped = False
        self._consumer = consumer
        self._waiting: asyncio.Future[object] | None = None

    def stop(self) -> None:
        self.stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    def hold(self) -> bool:
        """Is anything buffered?"""
        return any(self.buffers.values())

    def seek(self, topic: str, offset: int) -> None:
        """The next record is the one at the offset. Raises SourceUnavailable, also once stopped:
        the partition may be another lane's already."""
        if self.stopped:
            raise SourceUnavailable("the lane is asked to stop")
        try:
            self._consumer.seek(self.of[topic], offset)
        except IllegalStateError as error:
            raise SourceUnavailable(f"{topic} is no longer assigned") from error
        self.buffers[topic] = []

    async def read(
        self, topics: Sequence[str], seconds: float, most: int, *, gather: bool = False
    ) -> None:
        """Buffer `most` records of what comes within the time; returns at the first ones unless
        gathering. Raises BadLog, SourceUnavailable."""
        if gather:
            await self._wait(asyncio.sleep(seconds))
            seconds = 0
        wanted = [self.of[topic] for topic in topics]
        fetched = await self._wait(
            self._consumer.getmany(*wanted, timeout_ms=int(seconds * 1000), max_records=most)
        )
        if isinstance(fetched, dict):
            for partition, records in fetched.items():
                self.buffers[partition.topic].extend(records)

    async def position(self, topic: str) -> int:
        """The offset behind what was read. Raises SourceUnavailable."""
        try:
            return int(await self._consumer.position(self.of[topic]))
        except IllegalStateError as error:
            raise SourceUnavailable(f"{topic} is no longer assigned") from error

    def end(self, topic: str) -> int | None:
        """Where committed records end, as the last fetch told; None before the first."""
        partition = self.of[topic]
        stable: int | None = self._consumer.last_stable_offset(partition)
        if stable is not None and stable >= 0:
            return stable
        end: int | None = self._consumer.highwater(partition)
        return end

    async def lags(self, topic: str) -> bool:
        """Has the broker more than what is buffered? Before the first fetch: perhaps. Raises
        SourceUnavailable."""
        end = self.end(topic)
        return end is None or await self.position(topic) < end

    async def are_read(self) -> bool:
        """Up to the ends that the broker names now? Records of a transaction count once it is
        committed. Raises SourceUnavailable, KafkaError, TimeoutError."""
        async with asyncio.timeout(ASK_SECONDS):
            ends = await self._wait(self._consumer.end_offsets(list(self.of.values())))
        if not isinstance(ends, dict):
            return False
        return all([await self.position(topic) >= ends[own] for topic, own in self.of.items()])

    def _stop_asked(self) -> bool:
        return self.stopped

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
