"""Where a lane begins in a topic of which its state has no position."""

from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from config.settings import StartFrom
from worker.errors import Misconfigured, SourceUnavailable


async def first_offsets(
    consumer: AIOKafkaConsumer,
    partitions: Mapping[str, TopicPartition],
    internal: str | None,
    start: StartFrom | None,
) -> dict[str, int]:
    """The first offset to take of each of the partitions, which stand under their topics.

    Events: as `start` says. Of what lanes said to each other over the topic `internal` nothing may
    be missed: from its beginning. Raises Misconfigured where `start` is None and something is to
    be chosen, SourceUnavailable where Kafka does not answer.
    """
    told = [partition for topic, partition in partitions.items() if topic == internal]
    events = [partition for topic, partition in partitions.items() if topic != internal]
    try:
        found = dict(await consumer.beginning_offsets(told)) if told else {}
        if events:
            found |= await _of_events(consumer, events, start)
    except KafkaError as error:
        raise SourceUnavailable(f"offsets cannot be looked up: {error}") from error
    return {partition.topic: offset for partition, offset in found.items()}


async def _of_events(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], start: StartFrom | None
) -> dict[TopicPartition, int]:
    if start is None:
        raise Misconfigured(
            "A lane has no state and LOYALTY_START_FROM is not set.",
            "Set LOYALTY_START_FROM: `earliest` pays for everything that the topics still "
            "hold, `latest` for nothing that is in them now, an instant for all since then.",
        )
    if start == "earliest":
        return dict(await consumer.beginning_offsets(partitions))
    ends = await consumer.end_offsets(partitions)
    if start == "latest":
        return dict(ends)
    millis = int(start.timestamp() * 1000)
    at = await consumer.offsets_for_times(dict.fromkeys(partitions, millis))
    return {p: at[p].offset if at.get(p) else ends[p] for p in partitions}
