"""Records to several topics, all or none, by the last one who began."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced

from worker.errors import OutcomeUnknown, Unavailable, WorkerError
from worker.kafka.producer import too_large
from worker.kafka.security import unreachable

TRANSACTION_MS = 15_000
"""What a writer that died had under way is taken back after this time at the latest."""


class Overtaken(WorkerError):
    """Another writer of the same name began after this one: nothing was written."""


class ExclusiveWriter:
    """One of a name: whoever begins later ends this one."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def write(self, records: Sequence[tuple[str, bytes, bytes]]) -> None:
        """(topic, key, value), in one transaction. Raises Overtaken and OutcomeUnknown, and
        Misconfigured where a topic never takes so large a record: nothing was written."""
        try:
            async with self._producer.transaction():
                for topic, key, value in records:
                    await self._send(topic, key, value)
        except ProducerFenced as error:
            raise Overtaken(str(error)) from error
        except KafkaError as error:
            raise OutcomeUnknown(f"whether it was written is not known: {error!r}") from error

    async def _send(self, topic: str, key: bytes, value: bytes) -> None:
        try:
            await self._producer.send_and_wait(topic, value, key=key)
        except MessageSizeTooLargeError as error:
            raise too_large(topic, len(key) + len(value)) from error


@asynccontextmanager
async def exclusive_writer(client: dict[str, Any], name: str) -> AsyncIterator[ExclusiveWriter]:
    """From here on every earlier writer of this name is fenced, and what it had under way is taken
    back. Raises Unavailable."""
    producer = AIOKafkaProducer(
        **client, transactional_id=name, transaction_timeout_ms=TRANSACTION_MS, acks="all"
    )
    try:
        await producer.start()
    except KafkaError as error:
        await producer.stop()
        raise Unavailable(unreachable(client, error)) from error
    try:
        yield ExclusiveWriter(producer)
    finally:
        await producer.stop()
