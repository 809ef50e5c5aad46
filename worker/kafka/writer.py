"""One record at a time to a small topic, acknowledged by all in-sync replicas."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from worker.errors import OutcomeUnknown
from worker.kafka.producer import SharedProducer, too_large

WRITE_SECONDS = 15.0
BATCH_BYTES = 65_536


class TopicWriter:
    """Records of one key stay in order: its partition is the key's (murmur2)."""

    def __init__(self, client: Mapping[str, Any], topic: str) -> None:
        self._topic = topic
        self._producer = SharedProducer(client, batch_bytes=BATCH_BYTES)

    async def write(self, key: bytes, value: bytes | None) -> None:
        """Raises Unavailable where nothing was sent, OutcomeUnknown where it may have been, and
        Misconfigured where the topic never takes so large a record."""
        producer = await self._producer.current()
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await producer.send_and_wait(self._topic, value, key=key)
        except TimeoutError as error:
            raise OutcomeUnknown(f"{self._topic} did not acknowledge in time") from error
        except MessageSizeTooLargeError as error:
            self._producer.retire(producer, error)
            raise too_large(self._topic, len(key) + len(value or b"")) from error
        except KafkaError as error:
            self._producer.retire(producer, error)
            raise OutcomeUnknown(f"{self._topic} did not take the record: {error!r}") from error

    async def close(self) -> None:
        await self._producer.stop()
