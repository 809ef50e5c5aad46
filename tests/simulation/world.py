"""A world that misbehaves on command: topics, a lane log and tables of one lane.

Everything that waits yields to the scheduler, so a lane can be stopped, overtaken or killed at
every step. Appends land late, twice or never; tables fall back to any earlier commit or to
nothing; replies get lost after the write or before it.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from schemas.records import InputRecord, Output
from worker.errors import OutcomeUnknown, TablesUnavailable
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange, IndexRange

TOPICS = ("A", "B", "C")
PER_TOPIC = 7


class Step:
    """One turn of the scheduler."""

    def __await__(self) -> Generator["Step", None, None]:
        yield self


def make_topics(random: Random) -> dict[str, list[InputRecord]]:
    """Three topics, three clients; broker timestamps mostly ascending, sometimes not."""
    topics: dict[str, list[InputRecord]] = {}
    for number, topic in enumerate(TOPICS):
        stamp = 0
        topics[topic] = []
        for offset in range(PER_TOPIC):
            stamp += random.choice((0, 1, 2, 5, -2))
            client = "xyz"[(offset * (number + 1) + random.randint(0, 1)) % 3]
            value = f"{topic}{offset}".encode()
            record = InputRecord(topic, 0, offset, stamp, client.encode(), value)
            topics[topic].append(record)
    return topics


@dataclass
class Tables:
    head: bytes = b""
    outbox: bytes = b""
    values: dict[str, bytes] = field(default_factory=dict)
    index: frozenset[bytes] = frozenset()


@dataclass
class Append:
    raw: bytes
    owner: int
    offset: int | None = None


class World:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.topics = make_topics(self.random)
        self.log: list[bytes] = []
        self.under_way: list[Append] = []
        self.history: list[Tables] = [Tables()]
        self.delayed: list[list[Callable[[], object]]] = []
        """Requests to the tables that are still under way, each step by step (`late.py`)."""
        self.published: list[Output] = []
        self.now = 1_000_000
        self.newest = 0
        self.rules = "r1"
        self.lossy = 0.02

    @property
    def tables(self) -> Tables:
        return self.history[-1]

    def write(self, head: bytes, outbox: bytes, values: Mapping[str, bytes]) -> None:
        merged = {**self.tables.values, **values}
        self.history.append(Tables(head, outbox, merged, self.tables.index))

    def write_index(self, index: frozenset[bytes]) -> None:
        """A write of its own: the tables may fall back to between it and the commit."""
        now = self.tables
        self.history.append(Tables(now.head, now.outbox, now.values, index))

    def roll_back(self, commits: int) -> None:
        del self.history[max(1, len(self.history) - commits) :]

    def land(self, append: Append) -> None:
        """The record arrives; now and then twice, and the acknowledgement names either."""
        self.under_way.remove(append)
        append.offset = len(self.log)
        self.log.append(append.raw)
        if self.random.random() < 0.03:
            append.offset += self.random.randint(0, 1)
            self.log.append(append.raw)

    def arrive(self) -> None:
        """The next command of a delayed request is carried out; nobody waits for the answer."""
        request = self.random.choice(self.delayed)
        with suppress(OutcomeUnknown):
            request.pop(0)()
        if not request:
            self.delayed.remove(request)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability


class SimulatedLog:
    def __init__(self, world: World, owner: int) -> None:
        self.world, self.owner = world, owner

    async def append(self, record: bytes) -> int:
        append = Append(record, self.owner)
        self.world.under_way.append(append)
        turns = 0
        while append.offset is None:
            turns += 1
            if turns > 3 and self.world.chance(self.world.lossy):
                raise OutcomeUnknown("no acknowledgement")
            await Step()
        return append.offset

    async def read(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        await Step()
        first = max(first, 0)
        return list(enumerate(self.world.log))[first : last + 1]


class SimulatedTables:
    def __init__(self, world: World) -> None:
        self.world = world

    async def peek(self) -> tuple[bytes, bytes]:
        await Step()
        tables = self.world.tables
        return tables.head, tables.outbox

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        await Step()
        if self.world.chance(self.world.lossy):
            raise TablesUnavailable("no reply")
        if self.world.tables.head != head:
            return None
        return [self.world.tables.values.get(key) for key in keys]

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        await Step()
        if self.world.chance(self.world.lossy):
            raise OutcomeUnknown("the request was lost")
        await self._change_index(old, index)
        answer = self._apply(old, new, outbox, values, index)
        await Step()
        if self.world.chance(self.world.lossy * 2):
            raise OutcomeUnknown("the reply was lost")
        return answer

    async def _change_index(self, old: bytes, index: IndexChange) -> None:
        """Two commands before the commit's; anybody's may come between them."""
        if index.drop:
            self._drop(old, index.drop)
            await Step()
        if index.add:
            self._add(index.add)
            await Step()

    def _add(self, entries: Sequence[bytes]) -> None:
        self.world.write_index(self.world.tables.index.union(entries))

    def _apply(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange,
    ) -> CommitAnswer:
        if self.world.tables.head == new:
            return "DONE"
        if self.world.tables.head != old:
            return "MOVED"
        if not self.world.tables.index.issuperset(index.add):
            raise OutcomeUnknown("entries of the index went missing")
        self.world.write(new, outbox, values)
        return "OK"

    def _drop(self, head: bytes, entries: Sequence[bytes]) -> None:
        if self.world.tables.head == head and self.world.tables.index.intersection(entries):
            self.world.write_index(self.world.tables.index.difference(entries))

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        await Step()
        if self.world.chance(self.world.lossy):
            raise TablesUnavailable("no reply")
        if self.world.tables.head != head:
            return None
        index = sorted(self.world.tables.index)
        return [[e for e in index if r.first <= e < r.beyond][: r.most] for r in ranges]

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        await Step()
        if self.world.chance(self.world.lossy):
            raise TablesUnavailable("no reply")
        self._delete(head, keys)
        await Step()
        self._drop(head, entries)

    def _delete(self, head: bytes, keys: Sequence[str]) -> None:
        now = self.world.tables
        if now.head == head and any(key in now.values for key in keys):
            kept = {key: value for key, value in now.values.items() if key not in keys}
            self.world.history.append(Tables(now.head, now.outbox, kept, now.index))

    async def trim(self, head: bytes) -> None:
        await Step()
        self._trim(head)

    def _trim(self, head: bytes) -> None:
        if self.world.tables.head == head:
            self.world.write(head, b"", {})


class SimulatedPublisher:
    def __init__(self, world: World) -> None:
        self.world = world

    async def publish(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            await Step()
            self.world.published.append(output)
            if self.world.chance(self.world.lossy):
                raise OutcomeUnknown("no acknowledgement of an output")


class SimulatedClock:
    def __init__(self, world: World) -> None:
        self.world = world

    def now_us(self) -> int:
        self.world.now += 1
        return self.world.now

    def perf(self) -> float:
        return self.world.now / 1_000_000

    async def sleep(self, seconds: float) -> None:
        for _ in range(3):
            await Step()
