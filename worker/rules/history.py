"""The topic of rule-set history: every set that ever decided, for replays and as last good.

Key: the organization. Value: JSON with `organizationId`, `version`, `hash`, `file` and `text`.
Not compacted and kept for ever: plans name sets by hash.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from worker.errors import OutcomeUnknown
from worker.kafka.producer import SharedProducer, too_large
from worker.kafka.reader import TopicReader
from worker.rules.ports import StoredRules
from worker.rules.stored import StoredSets

log = logging.getLogger(__name__)

RECORD_SECONDS = 15.0
BATCH_BYTES = 65_536


class HistoryRecord(msgspec.Struct, frozen=True):
    """The value on the wire."""

    organization: str = msgspec.field(name="organizationId")
    version: str
    content_hash: str = msgspec.field(name="hash")
    file: str
    text: str


_decoder = msgspec.json.Decoder(HistoryRecord)


class KafkaRuleHistory(StoredSets):
    """`worker.rules.ports.RuleHistory`."""

    def __init__(self, client: Mapping[str, Any], topic: str) -> None:
        super().__init__()
        self._topic = topic
        self._reader = TopicReader(client, topic)
        self._producer = SharedProducer(client, batch_bytes=BATCH_BYTES)

    async def load(self) -> None:
        news = await self._reader.read()
        for record in news.records:
            self._take(record.value or b"")

    def _take(self, value: bytes) -> None:
        try:
            wire = _decoder.decode(value)
        except msgspec.DecodeError as error:
            log.warning("%s holds a record that is no rule set: %s", self._topic, error)
            return
        self.add(
            StoredRules(wire.organization, wire.version, wire.content_hash, wire.file, wire.text)
        )

    async def record(self, stored: StoredRules) -> None:
        wire = HistoryRecord(
            stored.organization, stored.version, stored.content_hash, stored.file, stored.text
        )
        producer = await self._producer.current()
        value = msgspec.json.encode(wire)
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                await producer.send_and_wait(self._topic, value, key=stored.organization.encode())
        except MessageSizeTooLargeError as error:
            self._producer.retire(producer, error)
            raise too_large(self._topic, len(value)) from error
        except TimeoutError as error:
            raise OutcomeUnknown(f"{self._topic} did not acknowledge in time") from error
        except KafkaError as error:
            self._producer.retire(producer, error)
            raise OutcomeUnknown(f"{self._topic} did not take the rule set: {error!r}") from error
        self.add(stored)

    async def close(self) -> None:
        await self._producer.stop()
        await self._reader.close()
