"""Dead letters read from their topic, and originals sent back to theirs."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from config.settings import Settings
from schemas.records import Record
from schemas.topics import EVENT_TYPES, Channel
from worker.dead_letters import Letter, Sending
from worker.errors import Unavailable
from worker.kafka.admin import describe
from worker.kafka.reader import TopicReader
from worker.kafka.security import client_options, unreachable
from worker.kafka.topics import partition_count


def partition_of(key: bytes, count: int) -> int:
    """What Java's and aiokafka's producers do: the inputs' producers must do the same."""
    return int((murmur2(key) & 0x7FFFFFFF) % count)


async def read_letters(settings: Settings) -> list[Letter]:
    """Every letter that the topic holds now, by partition and offset. Raises Unavailable, and
    Misconfigured where there is no such topic."""
    topic = settings.topic(Channel.DEAD_LETTERS)
    await partition_count(settings, topic)
    reader = TopicReader(client_options(settings), topic)
    try:
        records = (await reader.read()).records
    finally:
        await reader.close()
    ordered = sorted(records, key=lambda record: (record.partition, record.offset))
    return [_letter(record) for record in ordered]


async def input_partitions(settings: Settings) -> dict[str, int]:
    """Partition count of every input topic that exists. Raises Unavailable."""
    found = await describe(settings, [settings.topic(channel) for channel in EVENT_TYPES])
    return {name: topic.partitions for name, topic in found.items()}


async def send(settings: Settings, sendings: Sequence[Sending]) -> None:
    """In order, each acknowledged by all replicas before the next one goes out."""
    sent, client = 0, client_options(settings)
    producer = AIOKafkaProducer(**client, acks="all", enable_idempotence=True)
    try:
        await producer.start()
        for sending in sendings:
            letter = sending.letter
            await producer.send_and_wait(
                sending.topic,
                key=letter.key,
                value=letter.value,
                partition=sending.partition,
                headers=list(letter.original_headers),
            )
            sent += 1
    except KafkaError as error:
        told = f"{sent} of {len(sendings)} sent. {unreachable(client, error)}"
        raise Unavailable(told) from error
    finally:
        await producer.stop()


def _letter(record: Record) -> Letter:
    place = f"{record.topic}-{record.partition}@{record.offset}"
    headers = tuple((name, value or b"") for name, value in record.headers)
    return Letter(place, record.key, record.value, headers)
