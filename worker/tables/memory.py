"""Tables in memory: for the demo and for tests. State ends with the process."""

from collections.abc import Mapping, Sequence

from worker.findings import Finding
from worker.ports import CommitAnswer
from worker.tables.limits import check_commit
from worker.tables.slots import lane_tag


class MemoryLane:
    """`worker.ports.Tables`. No call waits, so each is atomic."""

    def __init__(self) -> None:
        self._head, self._outbox = b"", b""
        self._values: dict[str, bytes] = {}

    async def peek(self) -> tuple[bytes, bytes]:
        return self._head, self._outbox

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        if head != self._head:
            return None
        return [self._values.get(key) for key in keys]

    async def commit(
        self, old: bytes, new: bytes, outbox: bytes, values: Mapping[str, bytes]
    ) -> CommitAnswer:
        check_commit(values)
        if self._head == new:
            return "DONE"
        if self._head != old:
            return "MOVED"
        self._head, self._outbox = new, outbox
        self._values.update(values)
        return "OK"

    async def trim(self, head: bytes) -> None:
        if head == self._head:
            self._outbox = b""


class MemoryTables:
    """`worker.tables.factory.TablesFactory`."""

    def __init__(self) -> None:
        self._lanes: dict[int, MemoryLane] = {}

    def lane(self, n: int) -> MemoryLane:
        lane_tag(n)
        return self._lanes.setdefault(n, MemoryLane())

    async def check(self) -> Sequence[Finding]:
        return ()

    async def close(self) -> None:
        """Nothing is held."""
