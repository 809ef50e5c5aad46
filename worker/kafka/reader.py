"""A small topic read to its end, and then on."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from msgspec import Struct

from schemas.records import Record
from worker.errors import SourceUnavailable
from worker.kafka.closing import close_consumer
from worker.kafka.header_names import read_any_header_name
from worker.kafka.security import unreachable

READ_SECONDS = 15.0
"""A read that gives nothing for so long is given up."""


class News(Struct, frozen=True):
    """What came since the last read. `afresh`: these are all records, forget what was before."""

    afresh: bool
    records: Sequence[Record]


class TopicReader:
    """All partitions of a topic, in offset order within each. After a failure it begins afresh.

    `committed`: a transaction's records come when it ends, and nothing behind them before. Without
    it everything comes at once, also what is taken back later: for who passes that over.
    """

    def __init__(self, client: Mapping[str, Any], topic: str, *, committed: bool = True) -> None:
        self._client, self._topic = dict(client), topic
        self._isolation = "read_committed" if committed else "read_uncommitted"
        self._consumer: AIOKafkaConsumer | None = None
        self._lock = asyncio.Lock()

    async def read(self) -> News:
        """Up to the end that the topic has now; one read at a time, or each of two would get a part
        of the records and believe it whole. Raises SourceUnavailable."""
        async with self._lock:
            return await self._read()

    async def is_held_back(self) -> bool:
        """Is there more than was read, such as behind a transaction that is still open? Raises
        SourceUnavailable."""
        async with self._lock:
            if self._consumer is None:
                return False
            try:
                whole = await self._open("read_uncommitted")
                try:
                    ends = await whole.end_offsets(whole.assignment())
                finally:
                    await close_consumer(whole)
                return any([await self._consumer.position(p) < end for p, end in ends.items()])
            except KafkaError as error:
                raise self._unreadable(error) from error

    async def _read(self) -> News:
        afresh = self._consumer is None
        try:
            consumer = self._consumer = self._consumer or await self._open(self._isolation)
            return News(afresh, await self._to_end(consumer))
        except UnknownTopicOrPartitionError as error:
            await self.close()
            raise SourceUnavailable(
                f"{self._topic} does not exist. Create it (loyalty topics create), or mend its "
                "TOPIC_ setting"
            ) from error
        except KafkaError as error:
            await self.close()
            raise self._unreadable(error) from error
        except BaseException:
            await self.close()  # records were taken that nobody got
            raise

    def _unreadable(self, error: KafkaError) -> SourceUnavailable:
        why = unreachable(self._client, error)
        return SourceUnavailable(f"{self._topic} cannot be read. {why}")

    async def close(self) -> None:
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await close_consumer(consumer)

    async def _open(self, isolation: str) -> AIOKafkaConsumer:
        read_any_header_name()
        consumer = AIOKafkaConsumer(
            self._topic,
            **self._client,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level=isolation,
            fetch_max_wait_ms=100,
            request_timeout_ms=int(READ_SECONDS * 1000),
        )
        try:
            await consumer.start()
        except BaseException:
            await close_consumer(consumer)
            raise
        return consumer

    async def _to_end(self, consumer: AIOKafkaConsumer) -> list[Record]:
        ends = await consumer.end_offsets(consumer.assignment())
        records: list[Record] = []
        clock = asyncio.get_running_loop().time
        progress = clock()
        while behind := [
            (p, at) for p, end in ends.items() if (at := await consumer.position(p)) < end
        ]:
            found = await consumer.getmany(timeout_ms=500)
            for batch in found.values():
                records += batch
            if found:
                progress = clock()
            elif self._waits_for(consumer, behind):
                break
            elif clock() - progress > READ_SECONDS:
                raise SourceUnavailable(f"{self._topic} gives nothing though it has more")
        return records

    def _waits_for(
        self, consumer: AIOKafkaConsumer, behind: Sequence[tuple[TopicPartition, int]]
    ) -> bool:
        """Is all that is still to come held back by open transactions? Without regard to them an
        empty fetch is only a slow one."""
        committed = self._isolation == "read_committed"
        return committed and all(_is_held_back(consumer, each, at) for each, at in behind)


def _is_held_back(consumer: AIOKafkaConsumer, partition: TopicPartition, position: int) -> bool:
    """Is what follows part of a transaction that is still open? Then it is not there yet."""
    stable = consumer.last_stable_offset(partition)
    return stable is not None and 0 <= stable <= position
