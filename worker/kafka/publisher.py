"""Outputs to their topics: acknowledged by all in-sync replicas, in order per lane and topic."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from schemas.records import Output
from worker.errors import Unavailable
from worker.kafka.producer import SharedProducer, check_partition, too_large

log = logging.getLogger(__name__)

BATCH_BYTES = 524_288
"""Of one record batch; a single larger record goes alone."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0


class KafkaPublisher:
    """The outputs of all lanes. `topics`: topic by channel."""

    def __init__(self, client: Mapping[str, Any], topics: Mapping[str, str]) -> None:
        self._topics = dict(topics)
        self._producer = SharedProducer(client, batch_bytes=BATCH_BYTES)

    async def start(self) -> None:
        """Raises Unavailable where Kafka cannot be reached."""
        await self._producer.current()

    async def stop(self) -> None:
        await self._producer.stop()

    def lane(self, n: int) -> "LanePublisher":
        return LanePublisher(self._producer, self._topics, n)


class LanePublisher:
    """`worker.lane.ports.Publisher` to partition n of every topic, where an output names no
    other."""

    def __init__(self, producer: SharedProducer, topics: Mapping[str, str], n: int) -> None:
        self._producer, self._topics, self._n = producer, topics, n

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Order is kept within a partition; partitions go side by side. Retries until everything is
        acknowledged. Raises Misconfigured for a record that the topic will never take."""
        runs: dict[tuple[str, int], list[Output]] = {}
        for output in outputs:
            partition = self._n if output.partition is None else output.partition
            runs.setdefault((self._topics[output.channel], partition), []).append(output)
        done = await asyncio.gather(
            *(self._publish(topic, n, records) for (topic, n), records in runs.items()),
            return_exceptions=True,
        )
        for outcome in done:
            if outcome is not None:
                raise outcome

    async def _publish(self, topic: str, n: int, records: Sequence[Output]) -> None:
        """One unacknowledged batch at a time; after a failure everything from its first record on
        is sent again, so a repeat never overtakes what came before it."""
        sent, most, pause = 0, len(records), FIRST_PAUSE
        while sent < len(records):
            try:
                sent += await self._send(topic, n, records[sent : sent + most])
                pause = FIRST_PAUSE
            except MessageSizeTooLargeError as error:
                if most == 1:
                    raise too_large(topic, _size(records[sent])) from error
                most = max(1, min(most, len(records) - sent) // 2)
            except (KafkaError, Unavailable) as error:
                log.warning("%s partition %d: publishing again: %r", topic, n, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _send(self, topic: str, n: int, records: Sequence[Output]) -> int:
        """How many of them went into one acknowledged batch."""
        producer = await self._producer.current()
        try:
            await check_partition(producer, topic, n)
            batch, count = _fill(producer, records)
            await (await producer.send_batch(batch, topic, partition=n))
        except KafkaError as error:
            self._producer.retire(producer, error)
            raise
        return count


def _fill(producer: AIOKafkaProducer, records: Sequence[Output]) -> tuple[Any, int]:
    batch, now = producer.create_batch(), int(time.time() * 1000)
    count = 0
    for record in records:
        added = batch.append(
            timestamp=now, key=record.key, value=record.value, headers=list(record.headers)
        )
        if added is None:
            break
        count += 1
    batch.close()
    return batch, count


def _size(record: Output) -> int:
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers
