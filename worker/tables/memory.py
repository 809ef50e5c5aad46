"""Tables in memory: for the demo and for tests. State ends with the process."""

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping, Sequence

from worker.findings import Finding
from worker.tables.limits import check_commit
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange, IndexRange
from worker.tables.slots import lane_tag


class MemoryLane:
    """`worker.tables.port.Tables`. No call waits, so each is atomic."""

    def __init__(self) -> None:
        self._head, self._outbox = b"", b""
        self._values: dict[str, bytes] = {}
        self._index: list[bytes] = []
        """Ascending, each once."""

    def empty(self) -> int:
        """How many values went, the index counting as one."""
        gone = len(self._values) + bool(self._index)
        self._head, self._outbox = b"", b""
        self._values.clear()
        self._index.clear()
        return gone

    async def peek(self) -> tuple[bytes, bytes]:
        return self._head, self._outbox

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        if head != self._head:
            return None
        return [self._values.get(key) for key in keys]

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        check_commit(values)
        if self._head == new:
            return "DONE"
        if self._head != old:
            return "MOVED"
        self._drop(index.drop)
        for entry in index.add:
            if not self._holds(entry):
                insort(self._index, entry)
        self._head, self._outbox = new, outbox
        self._values.update(values)
        return "OK"

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        if head != self._head:
            return None
        return [self._range(each) for each in ranges]

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        if head == self._head:
            for key in keys:
                self._values.pop(key, None)
            self._drop(entries)

    async def trim(self, head: bytes) -> None:
        if head == self._head:
            self._outbox = b""

    def _range(self, wanted: IndexRange) -> list[bytes]:
        first, beyond = (bisect_left(self._index, end) for end in (wanted.first, wanted.beyond))
        return self._index[first : min(beyond, first + wanted.most)]

    def _holds(self, entry: bytes) -> bool:
        at = bisect_left(self._index, entry)
        return at < len(self._index) and self._index[at] == entry

    def _drop(self, entries: Sequence[bytes]) -> None:
        for entry in entries:
            if self._holds(entry):
                del self._index[bisect_left(self._index, entry)]


class MemoryTables:
    """`worker.tables.factory.TablesFactory`."""

    def __init__(self) -> None:
        self._lanes: dict[int, MemoryLane] = {}

    def lane(self, n: int) -> MemoryLane:
        lane_tag(n)
        return self._lanes.setdefault(n, MemoryLane())

    async def check(self) -> Sequence[Finding]:
        return ()

    async def durability(self) -> Sequence[Finding]:
        return ()

    async def empty(self, lanes: Collection[int]) -> int:
        return sum(self._lanes[n].empty() for n in lanes if n in self._lanes)

    async def close(self) -> None:
        """Nothing is held."""
