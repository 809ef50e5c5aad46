"""The lane log in Kafka: partition n holds the starts and plans of lane n.

Offsets must be without holes, so the topic is neither compacted nor written by transactions.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, OffsetOutOfRangeError

from worker.errors import BadLog, LogUnavailable, OutcomeUnknown, Unavailable
from worker.kafka.closing import close_consumer
from worker.kafka.producer import SharedProducer, check_partition, too_large
from worker.kafka.security import unreachable
from worker.lane.plan import RESTORE

APPEND_SECONDS = 10.0
READ_SECONDS = 15.0
"""A read that gives nothing for so long is given up."""
SETTLE_SECONDS = 2.0
"""A new leader may show an older end for a moment."""
BATCH_BYTES = 65_536


class KafkaLaneLog:
    """The logs of all lanes: one producer of their own, so that no plan waits behind commands."""

    def __init__(
        self, client: Mapping[str, Any], topic: str, *, append_seconds: float = APPEND_SECONDS
    ) -> None:
        self._client, self._topic, self._append_seconds = dict(client), topic, append_seconds
        self._producer = SharedProducer(client, batch_bytes=BATCH_BYTES)

    async def start(self) -> None:
        """Raises Unavailable where Kafka cannot be reached."""
        await self._producer.current()

    async def stop(self) -> None:
        await self._producer.stop()

    def lane(self, n: int) -> "KafkaLanePartition":
        return KafkaLanePartition(
            self._client, TopicPartition(self._topic, n), self._producer, self._append_seconds
        )


class KafkaLanePartition:
    """`worker.lane.ports.LaneLog`."""

    def __init__(
        self,
        client: Mapping[str, Any],
        partition: TopicPartition,
        producer: SharedProducer,
        append_seconds: float,
    ) -> None:
        self._client, self._partition = dict(client), partition
        self._producer, self._append_seconds = producer, append_seconds

    async def append(self, record: bytes) -> int:
        """The offset, from the broker's acknowledgement by all in-sync replicas.

        Raises LogUnavailable where nothing was sent. After OutcomeUnknown the record may come into
        the log at any later time: it is never sent again.
        """
        try:
            producer = await self._producer.current()
        except Unavailable as error:
            raise LogUnavailable(str(error)) from error
        try:
            async with asyncio.timeout(self._append_seconds):
                offset = await self._append(producer, record)
        except TimeoutError as error:
            raise OutcomeUnknown("the lane log did not acknowledge in time") from error
        except MessageSizeTooLargeError as error:
            self._producer.retire(producer, error)
            raise too_large(self._partition.topic, len(record)) from error
        except KafkaError as error:
            self._producer.retire(producer, error)
            raise OutcomeUnknown(f"the lane log did not take the record: {error!r}") from error
        if offset < 0:
            # The broker has had this sequence number before and no longer knows the offset.
            raise OutcomeUnknown("the lane log acknowledged without an offset")
        return offset

    async def _append(self, producer: AIOKafkaProducer, record: bytes) -> int:
        topic, n = self._partition
        await check_partition(producer, topic, n)
        batch = producer.create_batch()
        batch.append(timestamp=None, key=None, value=record)
        batch.close()
        acknowledged = await (await producer.send_batch(batch, topic, partition=n))
        return int(acknowledged.offset)

    async def read(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        """A fresh consumer each time: what an old one has buffered may be of another leader."""
        if last < max(first, 0):
            return []
        consumer = AIOKafkaConsumer(
            **self._client,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=100,
            request_timeout_ms=int(READ_SECONDS * 1000),
        )
        try:
            await consumer.start()
            consumer.assign([self._partition])
            first = await self._check_ends(consumer, first, last)
            consumer.seek(self._partition, first)
            records = await self._read(consumer, last)
        except OffsetOutOfRangeError as error:
            raise self._bad(f"no longer holds offset {first}") from error
        except KafkaError as error:
            raise LogUnavailable(unreachable(self._client, error)) from error
        finally:
            await close_consumer(consumer)
        if [offset for offset, _ in records] != list(range(first, last + 1)):
            raise self._bad(f"has holes between offsets {first} and {last}")
        return records

    async def _check_ends(self, consumer: AIOKafkaConsumer, first: int, last: int) -> int:
        """Where to begin. A read from outside the log would wait for ever instead of failing."""
        partition = self._partition
        begins = (await consumer.beginning_offsets([partition]))[partition]
        if first < 0 and begins > 0:
            raise self._bad(f"begins at offset {begins}, and a lane without a state needs offset 0")
        if 0 <= first < begins:
            raise self._bad(f"begins at offset {begins}, offset {first} is gone")
        until = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while (ends := (await consumer.end_offsets([partition]))[partition]) <= last:
            if asyncio.get_running_loop().time() > until:
                raise self._bad(f"ends before offset {ends}, offset {last} is not in it")
            await asyncio.sleep(0.1)
        return max(first, 0)

    async def _read(self, consumer: AIOKafkaConsumer, last: int) -> list[tuple[int, bytes]]:
        records: list[tuple[int, bytes]] = []
        progress = asyncio.get_running_loop().time()
        while await consumer.position(self._partition) <= last:
            found = await consumer.getmany(self._partition, timeout_ms=1000, max_records=10_000)
            batch = found.get(self._partition, ())
            records += [(r.offset, r.value or b"") for r in batch if r.offset <= last]
            now = asyncio.get_running_loop().time()
            if batch:
                progress = now
            elif now - progress > READ_SECONDS:
                raise LogUnavailable(f"the lane log gives nothing up to offset {last}")
        return records

    def _bad(self, what: str) -> BadLog:
        topic, n = self._partition
        return BadLog(f"Partition {n} of {topic} {what}.", RESTORE)
