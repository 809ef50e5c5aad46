"""Topics for tests, waited for until a client sees them."""

import asyncio
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from tests.parts.processes import PartFailed


async def create_topic(
    bootstrap: str, name: str, partitions: int = 1, config: Mapping[str, str] | None = None
) -> None:
    """One replica per partition; returns when every partition has a leader."""
    await create_topics(bootstrap, {name: partitions}, config)


async def create_topics(
    bootstrap: str,
    partitions: Mapping[str, int],
    config: Mapping[str, str] | None = None,
    replicas: int = 1,
) -> None:
    """Several topics of the same configuration, by their partition counts."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics(
            [
                NewTopic(name, count, replicas, topic_configs=dict(config or {}))
                for name, count in partitions.items()
            ]
        )
        for _ in range(500):
            if all(map(_has_leaders, await admin.describe_topics(list(partitions)))):
                return
            await asyncio.sleep(0.02)
        raise PartFailed(f"no leaders for {', '.join(partitions)}")
    finally:
        await admin.close()


async def delete_topic(bootstrap: str, name: str) -> None:
    """Also where it stood under a state: recreated, it is another topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([name])
    finally:
        await admin.close()


def _has_leaders(topic: Mapping[str, object]) -> bool:
    partitions = topic["partitions"]
    assert isinstance(partitions, list)
    return bool(partitions) and all(p["leader"] >= 0 and not p["error_code"] for p in partitions)


async def partitions_of(bootstrap: str, topic: str) -> list[TopicPartition]:
    """The topic's partitions in order."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        [described] = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return [TopicPartition(topic, n) for n in range(len(described["partitions"]))]


async def read_topic(bootstrap: str, topic: str) -> list[ConsumerRecord]:
    """Everything that a topic holds now, partition by partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="none", fetch_max_wait_ms=50
    )
    await consumer.start()
    try:
        partitions = await partitions_of(bootstrap, topic)
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        records: dict[TopicPartition, list[ConsumerRecord]] = {p: [] for p in partitions}
        while [p for p in partitions if await consumer.position(p) < ends[p]]:
            for partition, batch in (await consumer.getmany(timeout_ms=500)).items():
                records[partition] += batch
        return [record for partition in partitions for record in records[partition]]
    finally:
        await consumer.stop()


async def produce(
    bootstrap: str, topic: str, records: Iterable[tuple[bytes | None, bytes | None]]
) -> None:
    """Keys and values, acknowledged when this returns; a client's records to its partition
    (murmur2), as the CRM does it."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        sent = [await producer.send(topic, value, key=key) for key, value in records]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def forget_before(bootstrap: str, topic: str, partition: int, offset: int) -> None:
    """Delete the records below an offset, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(offset)})
    finally:
        await admin.close()
