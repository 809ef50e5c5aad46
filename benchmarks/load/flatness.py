"""Is a series of samples flat? Growth of its last half against its first, and a bound on it."""

from collections.abc import Sequence
from statistics import median

from msgspec import Struct


class Bound(Struct, frozen=True):
    """The last half may be higher than the first by this share of it, and this much besides."""

    share: float
    slack: float = 0.0

    def limit(self, first: float) -> float:
        """The highest that a last half may be."""
        return first * (1 + self.share) + self.slack


class Growth(Struct, frozen=True):
    """Medians of both halves."""

    name: str
    first: float
    last: float

    @property
    def share(self) -> float:
        """0.05 where the last half is 5 % higher."""
        return self.last / self.first - 1 if self.first else 0.0

    def fault(self, bound: Bound) -> str | None:
        """What to say where it grew beyond the bound."""
        limit = bound.limit(self.first)
        if self.last <= limit:
            return None
        return (
            f"{self.name} grew from {self.first:,.1f} to {self.last:,.1f} "
            f"(at most {limit:,.1f}): something is kept for ever"
        )


def growth(name: str, samples: Sequence[float]) -> Growth:
    """Between the halves of a series whose first sample is left out: until then caches fill. A
    sample in the middle belongs to neither. Raises ValueError where there are under three."""
    settled = samples[1:]
    half = len(settled) // 2
    if not half:
        raise ValueError(f"{len(samples)} samples of {name} have no halves: give at least three")
    return Growth(name, median(settled[:half]), median(settled[-half:]))
