"""How long an event loop was held up: gaps between beats that should come every millisecond."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

BEAT_SECONDS = 0.001
NOTED_SECONDS = 0.005
"""Shorter gaps are not kept."""


class Gap(Struct, frozen=True):
    """`at`: seconds of the machine's monotonic clock, when it ended. `wall`: seconds that it took.
    `cpu`: seconds of processor time of the whole process in it; where it is less than `wall`, the
    machine gave the processor to somebody else."""

    at: float
    wall: float
    cpu: float


class Pauses(Struct, frozen=True):
    """Of a span of time: the longest gaps in milliseconds, and how many were over a bound."""

    wall_ms: float
    cpu_ms: float
    over: int


def pauses(gaps: Iterable[Gap], begin: float, end: float, bound_seconds: float) -> Pauses:
    """Of gaps that ended between `begin` and `end`."""
    within = [gap for gap in gaps if begin <= gap.at <= end]
    return Pauses(
        wall_ms=max((gap.wall for gap in within), default=0.0) * 1e3,
        cpu_ms=max((min(gap.wall, gap.cpu) for gap in within), default=0.0) * 1e3,
        over=sum(gap.wall > bound_seconds for gap in within),
    )


def write_gaps(path: Path, gaps: Sequence[Gap]) -> None:
    path.write_bytes(msgspec.json.encode(gaps))


def read_gaps(path: Path) -> list[Gap]:
    return msgspec.json.decode(path.read_bytes(), type=list[Gap])
