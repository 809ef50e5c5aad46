"""The input topics of one scenario, and what a right worker makes of each segment of them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from benchmarks.harness.topics import create_topics, load
from benchmarks.workload.events import TOPICS, EventStream, InputEvent
from benchmarks.workload.expected import Command, Reference


class Segment(Struct, frozen=True):
    """A number of consecutive events and the commands that they must cause."""

    events: int
    expected: set[Command]


class Judge(Protocol):
    """Knows what a right worker makes of events that it is shown in their order."""

    def commands(self, events: Iterable[InputEvent]) -> set[Command]: ...


class Inputs:
    """Three co-partitioned topics that are filled segment by segment from one seeded stream.

    `stream` and `reference`: others than the workload's own.
    """

    def __init__(
        self,
        bootstrap: str,
        name: str,
        seed: int,
        clients: int,
        *,
        stream: EventStream | None = None,
        reference: Judge | None = None,
    ) -> None:
        self.topics = {topic: f"{name}.{topic}" for topic in TOPICS}
        self._bootstrap = bootstrap
        self._stream = stream or EventStream(seed, clients)
        self._reference = reference or Reference()

    async def create(self) -> None:
        # As `loyalty topics create` makes them.
        await create_topics(self._bootstrap, self.topics.values(), "LogAppendTime")

    def extend(self, count: int) -> Segment:
        """Appends the next events of the stream as a backlog."""
        events = self._stream.take(count)
        load(self._bootstrap, self.topics, events)
        return self.segment(events)

    def take(self, count: int) -> list[InputEvent]:
        """The next events, for a caller that produces them itself and tells `segment` of them."""
        return self._stream.take(count)

    def segment(self, events: Sequence[InputEvent]) -> Segment:
        """Must be called for all events in their order: later ones depend on earlier ones."""
        return Segment(len(events), self._reference.commands(events))
