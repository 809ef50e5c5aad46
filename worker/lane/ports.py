"""What a lane needs of the world. Adapters implement these; the simulation's fakes do too.

A lane knows neither asyncio nor Kafka nor Redis: whatever waits, waits inside a port. So the same
lane runs under Faust and, driven step by step, in the deterministic simulation.

Two ports have rooms of their own: the lane's state (`worker.tables.port`) and the pure part of a
batch (`worker.lane.evaluator_port`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from schemas.records import Output, Record
from worker.lane.evaluator_port import Evaluated


class Batch(Struct, frozen=True):
    """Records of one lane in the order of evaluation, each topic's without a gap; or none: what
    falls due up to `wall`, an instant after which every input was seen read to its end."""

    records: Sequence[Record]
    wall: int = 0


Process = Callable[[Batch], Awaitable[None]]
"""Has a batch carried out by the lane that took it, perhaps in another task."""


class Source(Protocol):
    """The lane's own partitions of the input topics."""

    async def seek(self, positions: Mapping[str, int]) -> None:
        """The next record of each topic is the one at this offset; buffers are dropped."""

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        """The next records: those of the internal topic first, the others merged by (timestamp,
        topic number, offset); None: nothing came in so many seconds, or the lane is asked to stop.
        Raises BadLog where the position is outside the topic."""

    async def at_end(self) -> bool:
        """Has every record that the topics held when this was asked been taken? False also where
        nobody answers."""

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        """Records first..last again, for a replay. Raises BadLog where they are gone."""

    async def resolve_start(self, topics: Sequence[str]) -> Mapping[str, int]:
        """The first offset to take of each of the topics, of which the lane has no position
        (START_FROM; the internal topic's beginning). Raises Misconfigured where nothing was
        chosen."""

    @property
    def topics(self) -> Sequence[str]:
        """The input topics in topic order."""

    @property
    def internal(self) -> str | None:
        """The one of them that lanes speak to each other over; its records come first."""

    @property
    def partitions(self) -> int:
        """Partition count of the inputs."""

    async def still_member(self) -> bool:
        """Does the group still see this worker as the owner?"""


class LaneLog(Protocol):
    """One partition of the lane log."""

    async def append(self, record: bytes) -> int:
        """The record's offset once it is acknowledged; OutcomeUnknown when that stays open."""

    async def read(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        """Records first..last with their offsets; first = -1: from the log's beginning, which
        must be offset 0. BadLog where it no longer holds them."""


class Publisher(Protocol):
    """Outputs to their topics, to one partition number."""

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Returns when every record is acknowledged. Retries by itself; on failure everything
        from the first failed record on is sent again, in order."""


class Clock(Protocol):
    def now_us(self) -> int:
        """Wall clock, microseconds since the epoch."""

    def perf(self) -> float:
        """Seconds of a clock that never steps back, for durations."""

    async def sleep(self, seconds: float) -> None: ...


class Observer(Protocol):
    """What the lane tells metrics and log. Cheap calls, one per batch or rarer."""

    def acquired(self, lane: int, term: int, replayed: int, silent: int) -> None: ...
    def committed(self, lane: int, evaluated: Evaluated, records: Sequence[Record]) -> None: ...
    def published(self, lane: int, outputs: int) -> None: ...
    def stage(self, name: str, seconds: float) -> None: ...
    def fenced(self, lane: int, cause: str) -> None: ...
    def retried(self, lane: int, what: str, error: Exception) -> None: ...
    def released(self, lane: int) -> None: ...
