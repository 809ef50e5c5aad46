"""The embedded broker under the very clients and options that the worker uses."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import OffsetOutOfRangeError

from schemas.records import Record
from worker.demo import broker as embedded
from worker.demo.broker import EmbeddedBroker
from worker.errors import Misconfigured

TOPICS = {"topups": 6, "visits": 6, "log": 2}


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(TOPICS) as running:
        yield running


@pytest.fixture
async def producer(broker: EmbeddedBroker) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap_servers,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=1 << 20,
    )
    await client.start()
    yield client
    await client.stop()


class Assigned(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self) -> None:
        self.partitions: set[TopicPartition] = set()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.partitions -= revoked

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.partitions |= assigned


@pytest.fixture
async def member(broker: EmbeddedBroker) -> AsyncIterator[AIOKafkaConsumer]:
    client = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers,
        group_id="loyalty",
        enable_auto_commit=False,
        auto_offset_reset="none",
        partition_assignment_strategy=[RangePartitionAssignor],
        session_timeout_ms=embedded.SESSION_TIMEOUT_SECONDS * 1000,
        heartbeat_interval_ms=500,
        fetch_max_wait_ms=embedded.FETCH_MAX_WAIT_MS,
    )
    listener = Assigned()
    client.subscribe(["topups", "visits"], listener=listener)
    await client.start()
    client.listener = listener
    yield client
    await client.stop()


async def test_a_group_member_gets_every_partition_and_reads_from_where_it_seeks(
    producer: AIOKafkaProducer, member: AIOKafkaConsumer
) -> None:
    assert len(member.listener.partitions) == 12
    third = TopicPartition("topups", 3)
    batch = producer.create_batch()
    for n in range(300):
        batch.append(key=b"c-1", value=b"%d" % n, timestamp=None, headers=[("n", b"%d" % n)])
    acknowledged = await producer.send_batch(batch, "topups", partition=3)
    assert (await acknowledged).offset == 0

    for partition in member.assignment():
        member.seek(partition, 0)
    member.seek(third, 40)
    assert await member.position(third) == 40
    records = await collect(member, third, 260)
    assert [record.offset for record in records] == list(range(40, 300))
    assert records[0].headers == (("n", b"40"),)
    assert await member.beginning_offsets([third]) == {third: 0}
    assert await member.end_offsets([third]) == {third: 300}
    await member.commit({third: 300})
    assert await member.committed(third) == 300


async def test_a_position_outside_the_topic_is_an_error_not_a_silent_reset(
    member: AIOKafkaConsumer,
) -> None:
    first = TopicPartition("visits", 0)
    member.seek(first, 999)
    with pytest.raises(OffsetOutOfRangeError):
        await member.getmany(first, timeout_ms=2000)


async def test_appends_one_by_one_get_offsets_without_a_hole_and_are_read_back(
    broker: EmbeddedBroker, producer: AIOKafkaProducer
) -> None:
    offsets = [
        (await producer.send_and_wait("log", b"plan %d" % n, partition=1)).offset for n in range(20)
    ]
    assert offsets == list(range(20))
    reader = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers,
        auto_offset_reset="none",
        fetch_max_wait_ms=embedded.FETCH_MAX_WAIT_MS,
    )
    await reader.start()
    try:
        partition = TopicPartition("log", 1)
        reader.assign([partition])
        reader.seek(partition, 0)
        records = await collect(reader, partition, 20)
    finally:
        await reader.stop()
    assert [record.value for record in records] == [b"plan %d" % n for n in range(20)]


async def test_topics_have_the_partition_counts_that_were_asked_for(
    producer: AIOKafkaProducer,
) -> None:
    assert {topic: len(await producer.partitions_for(topic)) for topic in TOPICS} == TOPICS


def test_a_topic_that_exists_is_refused(broker: EmbeddedBroker) -> None:
    with pytest.raises(Misconfigured, match="refused topic 'topups'"):
        broker.create_topic("topups", 6)


def test_closing_frees_the_port_and_may_be_repeated() -> None:
    with EmbeddedBroker({}) as broker:
        host, port = broker.bootstrap_servers.split(":")
        broker.close()
    assert asyncio.run(refuses(host, int(port)))


def test_without_the_wheel_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "confluent_kafka", None)
    with pytest.raises(Misconfigured) as raised:
        EmbeddedBroker({})
    assert "pip install 'loyalty-worker[demo]'" in raised.value.remedy


def test_a_library_without_a_mock_cluster_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import _ctypes

    monkeypatch.setattr(embedded, "_extension", lambda: _ctypes)
    with pytest.raises(Misconfigured, match="rd_kafka_conf_new"):
        EmbeddedBroker({})


async def refuses(host: str, port: int) -> bool:
    try:
        await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return True
    return False


async def collect(
    consumer: AIOKafkaConsumer, partition: TopicPartition, count: int
) -> list[Record]:
    records: list[Record] = []
    async with asyncio.timeout(60):
        while len(records) < count:
            found = await consumer.getmany(partition, timeout_ms=500)
            records += found.get(partition, [])
    return records
