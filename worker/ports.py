"""What a lane needs of the world. Adapters implement these; the simulation's fakes do too.

A lane knows neither asyncio nor Kafka nor Redis: whatever waits, waits inside a port. So the same
lane runs under Faust and, driven step by step, in the deterministic simulation.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from schemas.records import Output, Record

CommitAnswer = Literal["OK", "DONE", "MOVED"]


class Batch(Struct, frozen=True):
    """Records of one lane in the order of evaluation, each topic's without a gap."""

    records: Sequence[Record]
    idle: bool
    """Every input was read to its end when this was taken."""


class Source(Protocol):
    """The lane's own partitions of the input topics."""

    async def seek(self, positions: Mapping[str, int]) -> None:
        """The next record of each topic is the one at this offset; buffers are dropped."""

    async def poll(self) -> Batch | None:
        """The next records, merged by (timestamp, topic number, offset); None: nothing came, or
        the lane is asked to stop. Raises BadLog where the position is outside the topic."""

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        """Records first..last again, for a replay. Raises BadLog where they are gone."""

    async def resolve_start(self) -> Mapping[str, int]:
        """The first offset to take of each topic where the lane has no state (START_FROM).
        Raises Misconfigured where nothing was chosen."""

    async def still_member(self) -> bool:
        """Does the group still see this worker as the owner?"""


class LaneLog(Protocol):
    """One partition of the lane log."""

    async def append(self, record: bytes) -> int:
        """The record's offset once it is acknowledged; OutcomeUnknown when that stays open."""

    async def read(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        """Records first..last with their offsets; first = -1: from the log's beginning, which
        must be offset 0. BadLog where it no longer holds them."""


class Tables(Protocol):
    """One lane's state: a head, an outbox and values, all under one hash tag."""

    async def peek(self) -> tuple[bytes, bytes]:
        """Head and outbox, b"" where there is none. One atomic read."""

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        """Values by key, only if the head still is `head`; None: it moved."""

    async def commit(
        self, old: bytes, new: bytes, outbox: bytes, values: Mapping[str, bytes]
    ) -> CommitAnswer:
        """old → new with outbox and values in one write command. Safe to repeat: DONE when the
        head already is `new`. Raises OutcomeUnknown; the same call again resolves it."""

    async def trim(self, head: bytes) -> None:
        """Empty the outbox if the head still is `head`."""


class Publisher(Protocol):
    """Outputs to their topics, to one partition number."""

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Returns when every record is acknowledged. Retries by itself; on failure everything
        from the first failed record on is sent again, in order."""


class Clock(Protocol):
    def now_us(self) -> int:
        """Wall clock, microseconds since the epoch."""

    async def sleep(self, seconds: float) -> None: ...
