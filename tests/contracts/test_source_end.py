"""When a lane may call itself idle: everything that its topics held when it asked was taken."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.conftest import MakeTopic
from tests.parts.kafka import KafkaServer, unique
from worker.kafka.source import KafkaSource, SourceSettings

pytestmark = pytest.mark.kafka

LONG_FETCH_MS = 1_500
"""The broker answers one request of a connection after the other: the ends come behind a fetch."""


class Inputs:
    def __init__(self, source: KafkaSource, producer: AIOKafkaProducer, topics: list[str]) -> None:
        self.source, self.producer, self.topics = source, producer, topics

    async def send(self, topic: int, *values: bytes) -> None:
        for value in values:
            await self.producer.send_and_wait(self.topics[topic], value, partition=0)

    async def read_all(self, count: int) -> None:
        taken = 0
        while taken < count:
            batch = await self.source.poll()
            taken += len(batch.records) if batch is not None else 0


@pytest.fixture
async def inputs(kafka: KafkaServer, make_topic: MakeTopic) -> AsyncIterator[Inputs]:
    """A lane of two topics whose fetches wait long: what they told of the end grows old."""
    topics = [await make_topic("topups"), await make_topic("visits")]
    consumer = AIOKafkaConsumer(
        **kafka.client,
        group_id=unique("group"),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=LONG_FETCH_MS,
    )
    producer = AIOKafkaProducer(**kafka.client)
    await producer.start()
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0) for topic in topics])
    settings = SourceSettings(tuple(topics), None, 1, "earliest", 2, 0.0, 0.0)
    source = KafkaSource(consumer, 0, settings)
    await source.seek(dict.fromkeys(topics, 0))
    yield Inputs(source, producer, topics)
    source.stop()
    await consumer.stop()
    await producer.stop()


async def test_nothing_was_ever_fetched(inputs: Inputs) -> None:
    assert not await inputs.source.at_end()


async def test_all_topics_read_is_the_end_until_a_record_comes(inputs: Inputs) -> None:
    await inputs.send(0, b"1", b"2")
    await inputs.send(1, b"1")
    await inputs.read_all(3)
    assert await inputs.source.at_end()
    await inputs.send(1, b"2")
    assert not await inputs.source.at_end()
    await inputs.read_all(1)
    assert await inputs.source.at_end()


async def test_records_that_are_buffered_are_not_taken(inputs: Inputs) -> None:
    """A batch holds two of the three."""
    await inputs.send(0, b"1", b"2", b"3")
    await inputs.read_all(1)
    assert not await inputs.source.at_end()


async def test_the_marker_behind_a_transaction_does_not_count(
    inputs: Inputs, kafka: KafkaServer
) -> None:
    """An open transaction's records are no records yet."""
    await inputs.send(0, b"1")
    await inputs.send(1, b"1")
    await inputs.read_all(2)
    writer = AIOKafkaProducer(**kafka.client, transactional_id=unique("writer"))
    await writer.start()
    try:
        async with writer.transaction():
            await writer.send_and_wait(inputs.topics[0], b"2", partition=0)
            assert await inputs.source.at_end()
        await inputs.read_all(1)
        for _ in range(20):
            if await inputs.source.at_end():
                return
            await inputs.source.poll(seconds=0.2)
        raise AssertionError("the end behind the marker is never reached")
    finally:
        await writer.stop()


async def test_a_lane_that_stops_is_not_idle(inputs: Inputs) -> None:
    await inputs.send(0, b"1")
    await inputs.send(1, b"1")
    await inputs.read_all(2)
    inputs.source.stop()
    assert not await inputs.source.at_end()
