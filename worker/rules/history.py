"""The topic of rule-set history: every set that ever decided, for replays and as last good.

Key: the organization. Value: JSON with `organizationId`, `version`, `hash`, `file` and `text`.
Not compacted and kept for ever: plans name sets by hash. A set that was pushed stands here too, in
one transaction with `loyalty.rules`, with `pushed`: who, why, when and in whose place. That alone
makes it no last good: a worker that takes it up writes it again, as decided by.

A worker passes pushes over, so it reads without regard to transactions: behind one that a pusher
left open (up to 15 s) there may stand what another worker decides by already.
"""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from worker.kafka.reader import TopicReader
from worker.kafka.writer import TopicWriter
from worker.rules.ports import StoredRules
from worker.rules.stored import StoredSets

log = logging.getLogger(__name__)


class Pushed(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`at`: RFC 3339. `base`: hash of the set that was live before; None: there was none.
    `is_back`: it is an earlier set again (`loyalty rules rollback`)."""

    author: str
    reason: str
    at: str
    base: str | None
    is_back: bool = False


class HistoryRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value on the wire. `pushed` None: a worker applied it."""

    organization: str = msgspec.field(name="organizationId")
    version: str
    content_hash: str = msgspec.field(name="hash")
    file: str
    text: str
    pushed: Pushed | None = None


decode_history = msgspec.json.Decoder(HistoryRecord).decode


class KafkaRuleHistory(StoredSets):
    """`worker.rules.ports.RuleHistory`."""

    def __init__(self, client: Mapping[str, Any], topic: str) -> None:
        super().__init__()
        self._topic = topic
        self._reader = TopicReader(client, topic, committed=False)
        self._writer = TopicWriter(client, topic)

    async def load(self) -> None:
        news = await self._reader.read()
        for record in news.records:
            self._take(record.value or b"")

    def _take(self, value: bytes) -> None:
        try:
            wire = decode_history(value)
        except msgspec.DecodeError as error:
            log.warning("%s holds a record that is no rule set: %s", self._topic, error)
            return
        if wire.pushed is None:
            self.add(
                StoredRules(
                    wire.organization, wire.version, wire.content_hash, wire.file, wire.text
                )
            )

    async def record(self, stored: StoredRules) -> None:
        wire = HistoryRecord(
            stored.organization, stored.version, stored.content_hash, stored.file, stored.text
        )
        await self._writer.write(stored.organization.encode(), msgspec.json.encode(wire))
        self.add(stored)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()
