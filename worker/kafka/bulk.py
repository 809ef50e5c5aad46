"""Many records to one topic, a bounded number at a time, acknowledged by all in-sync replicas."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from worker.errors import Unavailable
from worker.kafka.producer import too_large
from worker.kafka.security import unreachable

SECONDS = 60.0
"""aiokafka repeats for ever what may be repeated; a person waits no longer than this."""
BATCH_BYTES = 262_144


class BulkWriter:
    """`async with BulkWriter(options, topic) as writer:`

    A record's partition is its key's by murmur2, as with Java's producers. Raises Unavailable.
    """

    def __init__(self, client: Mapping[str, Any], topic: str) -> None:
        self._client, self._topic = dict(client), topic
        self._producer = AIOKafkaProducer(
            **self._client,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_batch_size=BATCH_BYTES,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            raise Unavailable(unreachable(self._client, error)) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            async with asyncio.timeout(SECONDS if kind is None else 1.0):
                await self._producer.stop()
        except TimeoutError:
            return  # nobody waits for what is still open

    async def write(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        """(key, value); returns when all are acknowledged. Raises Unavailable where some may not
        have been, and Misconfigured where the topic never takes so large a record."""
        largest = max((len(key) + len(value) for key, value in records), default=0)
        try:
            async with asyncio.timeout(SECONDS):
                sent = [
                    await self._producer.send(self._topic, value, key=key) for key, value in records
                ]
                await asyncio.gather(*sent)
        except TimeoutError as error:
            raise Unavailable(f"{self._topic} did not acknowledge in time") from error
        except MessageSizeTooLargeError as error:
            raise too_large(self._topic, largest) from error
        except KafkaError as error:
            raise Unavailable(unreachable(self._client, error)) from error
