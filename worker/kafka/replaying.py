"""A consumer without a group, which reads given partitions again; and where those begin and end."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from worker.errors import Unavailable
from worker.kafka.closing import close_consumer
from worker.kafka.header_names import read_any_header_name
from worker.kafka.security import unreachable

FETCH_WAIT_MS = 10
"""A fetch of topics that are read to their end keeps all others of the broker waiting so long."""
Extent = tuple[int, int]
"""The first offset that is there, and the one after the last."""


@asynccontextmanager
async def replaying(
    client: Mapping[str, Any], topics: Sequence[str], partitions: Sequence[int]
) -> AsyncIterator[AIOKafkaConsumer]:
    """Assigned these partitions of each of the topics; nothing is sought yet. Raises
    Unavailable."""
    read_any_header_name()
    consumer = AIOKafkaConsumer(
        **client,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=4_194_304,
    )
    try:
        await consumer.start()
    except KafkaError as error:
        await close_consumer(consumer)
        raise Unavailable(unreachable(dict(client), error)) from error
    try:
        consumer.assign([TopicPartition(topic, n) for topic in topics for n in partitions])
        yield consumer
    finally:
        await close_consumer(consumer)


async def extents(
    client: Mapping[str, Any], topics: Sequence[str], partitions: Sequence[int]
) -> Mapping[tuple[str, int], Extent]:
    """By topic and partition. Raises Unavailable."""
    async with replaying(client, topics, partitions) as consumer:
        wanted = sorted(consumer.assignment())
        try:
            begin = await consumer.beginning_offsets(wanted)
            end = await consumer.end_offsets(wanted)
        except KafkaError as error:
            raise Unavailable(unreachable(dict(client), error)) from error
    return {(p.topic, p.partition): (begin[p], end[p]) for p in wanted}
