"""Where a read of a topic ends: at its end, or before a transaction that is still open."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from worker.kafka.reader import TopicReader

PARTITION = TopicPartition("rules-history", 0)


class SlowBroker:
    """A consumer of three records behind the first of which a transaction is open: a fetch takes
    longer than a poll waits. With `committed` nothing behind that comes."""

    def __init__(self, *, committed: bool) -> None:
        self._answers = [["first"], [], *([] if committed else [["aborted", "last"]])]
        self._position = 0

    def assignment(self) -> set[TopicPartition]:
        return {PARTITION}

    async def end_offsets(self, _: object) -> Mapping[TopicPartition, int]:
        return {PARTITION: 3}

    async def position(self, _: TopicPartition) -> int:
        return self._position

    def last_stable_offset(self, _: TopicPartition) -> int:
        return 1

    async def getmany(self, *, timeout_ms: int) -> Mapping[TopicPartition, Sequence[Any]]:
        found = self._answers.pop(0)
        self._position += len(found)
        return {PARTITION: found} if found else {}

    async def stop(self) -> None: ...


@pytest.mark.parametrize(
    ("committed", "found"), [(True, ["first"]), (False, ["first", "aborted", "last"])]
)
async def test_an_open_transaction_ends_only_a_read_of_what_is_committed(
    monkeypatch: pytest.MonkeyPatch, committed: bool, found: Sequence[Any]
) -> None:
    read = TopicReader({}, "rules-history", committed=committed)
    monkeypatch.setattr(read, "_consumer", SlowBroker(committed=committed))
    assert (await read.read()).records == found
    await read.close()
