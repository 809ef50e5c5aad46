"""What a search of the index has come to: candidates, and the unit up to which they are all."""

from collections.abc import Mapping

from msgspec import Struct

from rules_engine.compile import CompiledRuleSet
from rules_engine.timers.due import Due, Position
from rules_engine.timers.facts import FactEntry
from rules_engine.timers.held import HeldCandidates

RuleSets = Mapping[str, CompiledRuleSet]


class Span(Struct, frozen=True):
    """From a position up to an instant, inclusive. `grace_us`: of lapses. `position` None: nothing
    was ever taken, so the index is empty."""

    position: Position | None
    until: int
    grace_us: int


class Gathered:
    """`entries`: what the index named, and for which unit."""

    def __init__(self, grace_us: int) -> None:
        self.horizon: Due | None = None
        """The last unit up to which all candidates are known; None: to the span's end."""
        self.entries: dict[bytes, Due] = {}
        self.candidates = HeldCandidates(grace_us)

    def wakes(self, due: Due, entry: bytes) -> None:
        """The client of the unit wakes by their own value."""
        self.entries[entry] = due
        self.candidates.wake(due.at, due.key)

    def holds(self, due: Due, entry: bytes, fact: FactEntry) -> None:
        """The client of the unit has the fact that a rule looks for."""
        self.entries.setdefault(entry, due)
        self.candidates.add(due.key, fact)

    def ends_at(self, due: Due) -> None:
        """Behind this unit somebody may be missing."""
        self.horizon = due if self.horizon is None else min(self.horizon, due)

    def up_to_horizon(self) -> dict[bytes, str]:
        """Entries with their clients' keys."""
        horizon, entries = self.horizon, self.entries.items()
        return {entry: due.key for entry, due in entries if horizon is None or due <= horizon}
