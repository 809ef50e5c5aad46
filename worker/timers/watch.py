"""When somebody may wake, of many organizations: every batch asks it, and a lane that rests, too.

What it comes to stays the same until the rules change, or the least that is known of an index; it
is worked out once for each.
"""

from collections.abc import Sequence

from rules_engine.timers.due import Position, Rank
from worker.index.entries import WAKES, read_wake, wakes_prefix
from worker.index.view import END
from worker.lane.evaluator_port import Floors
from worker.timers.gathered import RuleSets, Span

NEVER = 1 << 62
"""Behind every instant."""

_RANKS = {kind: rank for rank, kind in WAKES.items()}


class WakeWatch:
    """Of one lane. Remembers what it was asked last, by the very objects: rule sets are never
    changed in place. Instants in microseconds since the epoch."""

    def __init__(self) -> None:
        self._of: RuleSets | None = None
        self._prefixes: Sequence[bytes] = ()
        self._dates: tuple[RuleSets | None, int, int] = (None, 0, 0)
        """From one instant on, up to another, nothing is due by a date."""
        self._lowest: tuple[RuleSets | None, Floors | None, int] = (None, None, 0)
        self._instants: Sequence[tuple[Rank, int]] = ()
        self._earliest: Sequence[bytes] = ()
        self._first: Sequence[tuple[Rank, int]] = ()

    def prefixes(self, rule_sets: RuleSets) -> Sequence[bytes]:
        """Of all entries of those who wake by their own value."""
        if rule_sets is not self._of:
            self._of = rule_sets
            self._prefixes = [wakes_prefix(rank, name) for name in rule_sets for rank in WAKES]
        return self._prefixes

    def may_be_due(self, rule_sets: RuleSets, span: Span, floors: Floors) -> bool:
        """Cheap: most batches hold nothing due."""
        position, until = span.position, span.until
        if position is None or position.timer is not None:
            return True
        if self._next_date(rule_sets, position.at) <= until:
            return True
        lowest = self._lowest_of(rule_sets, floors)
        return any(at + _grace(rank, span.grace_us) <= until for rank, at in lowest)

    def next_due(
        self, rule_sets: RuleSets, position: Position, earliest: Sequence[bytes], grace_us: int
    ) -> int | None:
        """When something may be due: by a date, or by one of these entries of an index."""
        if position.timer is not None:
            return position.at
        if earliest is not self._earliest:
            self._earliest, self._first = earliest, _first_of_each(earliest)
        woken = (at + _grace(rank, grace_us) for rank, at in self._first)
        found = min(self._next_date(rule_sets, position.at), *woken, NEVER)
        return None if found == NEVER else found

    def _next_date(self, rule_sets: RuleSets, after: int) -> int:
        known, since, at = self._dates
        if known is not rule_sets or not since <= after < at:
            dates = (rule_set.agenda.next_at(after) for rule_set in rule_sets.values())
            at = min((date for date in dates if date is not None), default=NEVER)
            self._dates = (rule_sets, after, at)
        return at

    def _lowest_of(self, rule_sets: RuleSets, floors: Floors) -> Sequence[tuple[Rank, int]]:
        known, index, version = self._lowest
        if known is not rule_sets or index is not floors or version != floors.version:
            self._lowest = (rule_sets, floors, floors.version)
            self._instants = _lowest(self.prefixes(rule_sets), floors)
        return self._instants


def _grace(rank: Rank, grace_us: int) -> int:
    """Groups end at their instant, credits lapse the grace later."""
    return 0 if rank is Rank.GROUP_EXPIRY else grace_us


def _lowest(prefixes: Sequence[bytes], floors: Floors) -> Sequence[tuple[Rank, int]]:
    """An index of which something is not known may hold everything."""
    found = [floors.floor(prefix) for prefix in prefixes]
    known = [floor for floor in found if floor is not None]
    if len(known) < len(found):
        return [(Rank.GROUP_EXPIRY, -NEVER)]
    return _first_of_each([floor for floor in known if floor != END])


def _first_of_each(entries: Sequence[bytes]) -> Sequence[tuple[Rank, int]]:
    """The earliest instant of each rank that has an entry."""
    first = dict.fromkeys(_RANKS.values(), NEVER)
    for entry in entries:
        rank = _RANKS[entry[:1]]
        first[rank] = min(first[rank], read_wake(entry)[0])
    return [(rank, at) for rank, at in first.items() if at != NEVER]
