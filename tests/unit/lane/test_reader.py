"""A small topic has several readers inside a worker: each knows all of it when its read ends."""

import asyncio
from typing import Any

from worker.kafka.reader import TopicReader


class Consumer:
    """Two records, one a fetch."""

    def __init__(self) -> None:
        self.left = ["first", "second"]

    def assignment(self) -> list[str]:
        return ["p"]

    async def end_offsets(self, partitions: list[str]) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"p": 2}

    async def position(self, partition: str) -> int:
        return 2 - len(self.left)

    async def getmany(self, timeout_ms: int) -> dict[str, list[str]]:
        for _ in range(3):
            await asyncio.sleep(0)
        return {"p": [self.left.pop(0)]} if self.left else {}


async def test_reads_at_the_same_time_do_not_share_the_records_out() -> None:
    class Reader(TopicReader):
        async def _open(self, isolation: str) -> Any:
            return Consumer()

    reader, known = Reader({}, "t"), list[object]()

    async def read() -> set[object]:
        known.extend((await reader.read()).records)
        return set(known)

    heard = await asyncio.gather(read(), read(), read())
    assert [sorted(map(str, each)) for each in heard] == [["first", "second"]] * 3
