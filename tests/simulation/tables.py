"""The shipped tables in memory, seen through a connection that loses requests and replies, with
time for others between any two commands."""

from collections.abc import Collection, Mapping, Sequence
from random import Random

from tests.simulation.world import Step, World
from worker.errors import OutcomeUnknown, TablesUnavailable
from worker.findings import Finding
from worker.tables.limits import check_commit
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange, IndexRange
from worker.tables.slots import lane_tag


class SimulatedTables:
    """`worker.tables.port.Tables` over the store that the world has now."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def peek(self) -> tuple[bytes, bytes]:
        await Step()
        return self.world.tables.head, self.world.tables.outbox

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        await self._reach()
        return self.world.tables.load(head, keys)

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        await self._reach()
        return self.world.tables.look(head, ranges)

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        check_commit(values)
        await Step()
        if self.world.chance(self.world.lossy):
            raise OutcomeUnknown("the request was lost")
        self.world.perhaps_fall()
        await self._change_index(old, index)
        self.world.perhaps_fall()
        answer = self._apply(old, new, outbox, values, index)
        await Step()
        if self.world.chance(self.world.lossy * 2):
            raise OutcomeUnknown("the reply was lost")
        return answer

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        await self._reach()
        self._delete(head, keys)
        await Step()
        self._drop(head, entries)

    async def trim(self, head: bytes) -> None:
        await Step()
        self._trim(head)

    async def _reach(self) -> None:
        await Step()
        if self.world.chance(self.world.lossy):
            raise TablesUnavailable("no reply")

    async def _change_index(self, old: bytes, index: IndexChange) -> None:
        """Two commands before the commit's; anybody's may come between them."""
        if index.drop:
            self._drop(old, index.drop)
            await Step()
        if index.add:
            self._add(index.add)
            await Step()

    def _apply(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange,
    ) -> CommitAnswer:
        return self.world.change(lambda store: store.write(old, new, outbox, values, index.add))

    def _add(self, entries: Sequence[bytes]) -> None:
        self.world.change(lambda store: store.add(entries))

    def _drop(self, head: bytes, entries: Sequence[bytes]) -> None:
        self.world.change(lambda store: store.drop(head, entries))

    def _delete(self, head: bytes, keys: Sequence[str]) -> None:
        self.world.change(lambda store: store.delete(head, keys))

    def _trim(self, head: bytes) -> None:
        self.world.change(lambda store: store.trim(head))


class SimulatedFactory:
    """`worker.tables.factory.TablesFactory`: a world for each lane, in which nothing is lost but
    everything waits."""

    def __init__(self) -> None:
        self._worlds: dict[int, World] = {}

    def lane(self, n: int) -> SimulatedTables:
        lane_tag(n)
        if n not in self._worlds:
            self._worlds[n] = World(Random(n))
            self._worlds[n].lossy = 0.0
        return SimulatedTables(self._worlds[n])

    async def check(self) -> Sequence[Finding]:
        return ()

    async def durability(self) -> Sequence[Finding]:
        return ()

    async def empty(self, lanes: Collection[int]) -> int:
        return sum(self._worlds[n].change(lambda s: s.empty()) for n in lanes if n in self._worlds)

    async def close(self) -> None:
        """Nothing is held."""
