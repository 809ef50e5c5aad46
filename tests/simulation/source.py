"""Sources of simulated owners: what they do alike, however the world holds its records."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic

from schemas.records import Record
from tests.simulation.history import AnyWorld
from tests.simulation.toy import TOPICS, ToyWorld
from tests.simulation.world import Step
from worker.errors import BadLog, SourceUnavailable
from worker.lane.merge import before_gaps, merge
from worker.lane.ports import Batch


class SomeOfEach(ABC, Generic[AnyWorld]):
    """A poll sees some of each topic: how far is the fetches' luck."""

    partitions = 1
    topics: Sequence[str]
    internal: str | None = None

    def __init__(self, world: AnyWorld, owner: int) -> None:
        self.world, self.owner = world, owner
        self.positions: dict[str, int] = {}

    @abstractmethod
    def records(self, topic: str) -> Sequence[Record]:
        """What the topic holds by now."""

    @abstractmethod
    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None: ...

    async def seek(self, positions: Mapping[str, int]) -> None:
        self.positions = dict(positions)
        await Step()

    async def at_end(self) -> bool:
        await Step()
        return not any(map(self._unread, self.topics))

    def some(self, topic: str) -> Sequence[Record]:
        position = self.positions[topic]
        return self.records(topic)[position : position + self.world.random.randint(0, 3)]

    def merged(self, topics: Sequence[str]) -> list[Record]:
        """Some of each of the topics, as far as the order of the merge is certain."""
        buffers, lagging = [], {}
        for topic in topics:
            buffer = self.some(topic)
            buffers.append(buffer)
            if buffer and buffer[-1].offset + 1 < len(self.records(topic)):
                lagging[topic] = buffer[-1].offset
        return before_gaps(merge(buffers), lagging)

    def taken(self, records: Sequence[Record], topics: Sequence[str]) -> Batch | None:
        """What a poll of these topics answers."""
        for record in records:
            self.positions[record.topic] = record.offset + 1
        if not records and not any(map(self._unread, topics)):
            self.world.wait(self.owner)
        return Batch(records) if records else None

    def _unread(self, topic: str) -> bool:
        return self.positions[topic] < len(self.records(topic))

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        await Step()
        if self.world.chance(self.world.lossy):
            raise SourceUnavailable("no reply")
        records = self.records(topic)[first : last + 1]
        if len(records) != last - first + 1:
            raise BadLog("the range is gone", "")
        return records

    async def resolve_start(self, topics: Sequence[str]) -> Mapping[str, int]:
        await Step()
        return dict.fromkeys(topics, 0)

    async def still_member(self) -> bool:
        await Step()
        member = self.world.is_member(self.owner)
        if not member:
            self.world.dismissed.add(self.owner)
        return member


class SimulatedSource(SomeOfEach[ToyWorld]):
    """Topics that hold everything from the beginning."""

    topics: Sequence[str] = TOPICS

    def records(self, topic: str) -> Sequence[Record]:
        return self.world.topics[topic]

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        assert not internal_only
        await Step()
        return self.taken(self.merged(TOPICS), TOPICS)
