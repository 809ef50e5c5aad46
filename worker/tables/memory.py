"""Tables in memory: for the demo and for tests. State ends with the process."""

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, field

from worker.errors import OutcomeUnknown
from worker.findings import Finding
from worker.tables.limits import check_commit
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange, IndexRange
from worker.tables.slots import lane_tag


class LaneStore(Struct):
    """What there is of one lane, and the commands by which it changes: each is atomic, and between
    two of one caller's there may be anybody else's."""

    head: bytes = b""
    outbox: bytes = b""
    values: dict[str, bytes] = field(default_factory=dict)
    index: list[bytes] = field(default_factory=list)
    """Ascending, each once."""

    def copy(self) -> "LaneStore":
        return LaneStore(self.head, self.outbox, self.values.copy(), self.index.copy())

    def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        return [self.values.get(key) for key in keys] if head == self.head else None

    def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        return [self._range(each) for each in ranges] if head == self.head else None

    def _range(self, wanted: IndexRange) -> list[bytes]:
        first, beyond = (bisect_left(self.index, end) for end in (wanted.first, wanted.beyond))
        return self.index[first : min(beyond, first + wanted.most)]

    def drop(self, head: bytes, entries: Sequence[bytes]) -> None:
        """Entries of the index, if the head is `head`."""
        if head == self.head:
            for entry in entries:
                if self._holds(entry):
                    del self.index[bisect_left(self.index, entry)]

    def add(self, entries: Sequence[bytes]) -> None:
        for entry in entries:
            if not self._holds(entry):
                insort(self.index, entry)

    def _holds(self, entry: bytes) -> bool:
        at = bisect_left(self.index, entry)
        return at < len(self.index) and self.index[at] == entry

    def write(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        needed: Sequence[bytes] = (),
    ) -> CommitAnswer:
        """Raises OutcomeUnknown where the index lacks one of the entries `needed`."""
        if self.head == new:
            return "DONE"
        if self.head != old:
            return "MOVED"
        if not all(map(self._holds, needed)):
            raise OutcomeUnknown("Entries of the index went missing before the commit.")
        self.head, self.outbox = new, outbox
        self.values.update(values)
        return "OK"

    def delete(self, head: bytes, keys: Sequence[str]) -> None:
        if head == self.head:
            for key in keys:
                self.values.pop(key, None)

    def trim(self, head: bytes) -> None:
        if head == self.head:
            self.outbox = b""

    def empty(self) -> int:
        """How many values went, the index counting as one."""
        gone = len(self.values) + bool(self.index)
        self.head, self.outbox = b"", b""
        self.values.clear()
        self.index.clear()
        return gone


class MemoryLane:
    """`worker.tables.port.Tables`. No call waits, so each is atomic."""

    def __init__(self) -> None:
        self._store = LaneStore()

    def empty(self) -> int:
        """How many values went, the index counting as one."""
        return self._store.empty()

    async def peek(self) -> tuple[bytes, bytes]:
        return self._store.head, self._store.outbox

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        return self._store.load(head, keys)

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        check_commit(values)
        self._store.drop(old, index.drop)
        self._store.add(index.add)
        return self._store.write(old, new, outbox, values)

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        return self._store.look(head, ranges)

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        self._store.delete(head, keys)
        self._store.drop(head, entries)

    async def trim(self, head: bytes) -> None:
        self._store.trim(head)


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
