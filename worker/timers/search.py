"""Who may have a timer due in a plan: read out of the index before its evaluation.

1. Whoever wakes by their own value, up to the bound: what the position has not passed, and the
   *late*, whose instant it passed while nobody carried them out (rules that came back, another
   lapse grace). They may be everybody, and the walk takes them in another order than the index has:
   all names are read, a piece at a time, and the first are kept.
2. Whoever has a fact on the date that a rule looks for, one due instant after the other.

A plan takes a bounded number of timers, so a search ends at its `horizon`: the last unit up to
which every candidate is known. Nothing is scanned: each range begins at the first entry that can be
due.
"""

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge, nsmallest
from itertools import groupby, islice, takewhile

from msgspec import Struct

from rules_engine.compile import CompiledRuleSet
from rules_engine.timers.agenda import FactDue
from rules_engine.timers.due import Due, Position, Rank, client_key
from rules_engine.timers.facts import Fact, FactEntry
from rules_engine.timers.held import HeldCandidates
from worker.index.entries import (
    BEYOND,
    SEPARATOR,
    WAKES,
    fact_prefix,
    read_wake,
    wake_prefix,
    wakes_prefix,
)
from worker.tables.port import IndexRange

MOST_UNITS = 1_000
"""Candidates of one plan: so many clients at most are loaded and written for timers."""
MOST_LATE = 2_000
"""Names that are read in one go of those whose instant has passed."""
NO_LIMIT = 1 << 40
AT_ONCE = 4
"""Ranks of instants whose candidates are read in one go."""

LAST_KEY = "\U0010ffff"
"""Behind every key."""

RuleSets = Mapping[str, CompiledRuleSet]


class Span(Struct, frozen=True):
    """From a position up to an instant, inclusive. `grace_us`: of lapses. `position` None: nothing
    was ever taken, so the index is empty."""

    position: Position | None
    until: int
    grace_us: int


class Wanted(Struct, frozen=True):
    """One range of one day's holders of a fact, for rules that are due at `at`."""

    at: int
    rank: int
    organization_id: str
    fact: Fact
    day: int


class TimerSearch:
    """`ranges` and `found` by turns until there are no more ranges; then `candidates` are whole up
    to the horizon. `most` None: everything up to the span's end, for a replay. `last`: nothing
    behind this unit is asked for. `budgets_key`: that of the lane's own value.
    """

    def __init__(
        self,
        rule_sets: RuleSets,
        span: Span,
        most: int | None = MOST_UNITS,
        budgets_key: str = "",
        last: Due | None = None,
    ) -> None:
        self.horizon: Due | None = None
        """The last unit up to which all candidates are known; None: to the span's end."""
        self._entries: dict[bytes, Due] = {}
        """What the index named, and for which unit."""
        self.candidates = HeldCandidates(span.grace_us)
        self._rule_sets, self._span, self._budgets_key = rule_sets, span, budgets_key
        self._limit = NO_LIMIT if most is None else most
        self._begin = span.position or Position(span.until)
        self._last = last
        self._wakes = list(self._all_wakes())
        self._unread = [(rank, late) for rank, late, _ in self._wakes]
        """What is left to read of the late."""
        self._late: list[tuple[Due, bytes]] = []
        """The first of those that were read."""
        self._too_late = False
        """There are more of them."""
        self._dues = self._groups()
        self._asked: list[Wanted] = []
        self._holders = 0
        self._woken = False

    # ------------------------------------------------------------------ reading the index

    @property
    def keys(self) -> list[str]:
        """Of the clients that the entries name, each once; with them the lane's budgets."""
        keys = dict.fromkeys(self.entries().values())
        if keys and any(rule_set.budgets for rule_set in self._rule_sets.values()):
            keys[self._budgets_key] = None
        return list(keys)

    def candidate_keys(self) -> set[str]:
        """Of all whom the index named, beyond the horizon too."""
        return {due.key for due in self._entries.values()}

    def entries(self) -> dict[bytes, str]:
        """Entries up to the horizon, with their clients' keys."""
        horizon, found = self.horizon, self._entries.items()
        return {entry: due.key for entry, due in found if horizon is None or due <= horizon}

    def ranges(self) -> Sequence[IndexRange]:
        """What is to be read next; empty: the search is over."""
        if self._span.position is None:
            return []
        if not self._woken:
            return [*(late for _, late in self._unread), *(due for _, _, due in self._wakes)]
        groups = islice(takewhile(self._is_within, self._dues), AT_ONCE)
        self._asked = [wanted for group in groups for wanted in group]
        return [self._range(wanted) for wanted in self._asked]

    def found(self, entries: Sequence[Sequence[bytes]]) -> None:
        """The entries of each range, ascending."""
        if self._woken:
            self._found_holders(entries)
            return
        late, due = entries[: len(self._unread)], entries[len(self._unread) :]
        self._found_late(late)
        for (rank, _, _), of_rank in zip(self._wakes, due, strict=True):
            for entry in of_rank:
                self._wake(self._due_of(rank, entry), entry)
            if len(of_rank) == self._limit:
                self._ends_at(self._entries[of_rank[-1]])
        self._wakes = []
        self._woken = not self._unread
        if self._woken:
            for unit, entry in self._late:
                self._wake(unit, entry)
            if self._too_late:
                self._ends_at(self._late[-1][0] if self._last is None else self._last)

    def _wake(self, due: Due, entry: bytes) -> None:
        self._entries[entry] = due
        self.candidates.wake(due.at, due.key)

    def _due_of(self, rank: Rank, entry: bytes) -> Due:
        at, key = read_wake(entry)
        return Due(at + self._grace(rank), rank, key)

    def _found_late(self, entries: Sequence[Sequence[bytes]]) -> None:
        """Of a piece of each range; what is left is asked for next."""
        asked, self._unread = self._unread, []
        for (rank, of_rank), found in zip(asked, entries, strict=True):
            self._late += ((self._begin.late(self._due_of(rank, each)), each) for each in found)
            if len(found) == of_rank.most:
                rest = IndexRange(found[-1] + b"\x00", of_rank.beyond, of_rank.most)
                self._unread.append((rank, rest))
        known = len(self._late)
        if self._last is not None:
            self._late = [each for each in self._late if each[0] <= self._last]
        self._late = nsmallest(min(self._limit, len(self._late)), self._late)
        self._too_late = self._too_late or len(self._late) < known

    def _all_wakes(self) -> Iterator[tuple[Rank, IndexRange, IndexRange]]:
        """Of each organization and rank, what the position has passed and what it has not."""
        for organization_id in sorted(self._rule_sets):
            for rank in WAKES:
                first = wakes_prefix(rank, organization_id)
                now = self._passed(rank, organization_id)
                until = self._span.until - self._grace(rank) + 1
                beyond = max(now, wake_prefix(rank, organization_id, until))
                yield rank, IndexRange(first, now, MOST_LATE), IndexRange(now, beyond, self._limit)

    def _passed(self, rank: Rank, organization_id: str) -> bytes:
        """The first entry that the position has not passed."""
        position = self._begin
        at, timer = position.at - self._grace(rank), position.timer
        if timer is None or rank < timer.rank:
            return wake_prefix(rank, organization_id, at + 1)
        first = wake_prefix(rank, organization_id, at)
        begin = client_key(organization_id, "")
        if rank > timer.rank or begin > timer.key:
            return first
        if not timer.key.startswith(begin):
            return wake_prefix(rank, organization_id, at + 1)
        return first + timer.key[len(begin) :].encode() + b"\x00"

    def _grace(self, rank: Rank) -> int:
        return 0 if rank is Rank.GROUP_EXPIRY else self._span.grace_us

    def _is_within(self, group: Sequence[Wanted]) -> bool:
        horizon = self.horizon
        return horizon is None or (group[0].at, group[0].rank) <= (horizon.at, horizon.rank)

    def _groups(self) -> Iterator[list[Wanted]]:
        """What is looked for at one instant in one rank, one after the other. The rank that the
        position stands in is not through yet."""
        position, until = self._begin, self._span.until
        after = position.at - 1 if position.timer is not None else position.at
        of_each = (
            _dues(organization_id, self._rule_sets[organization_id], after, until)
            for organization_id in sorted(self._rule_sets)
        )
        for _, group in groupby(merge(*of_each, key=_turn), key=lambda each: _turn(each)[:2]):
            wanted = [one for organization_id, due in group for one in _days(organization_id, due)]
            if self._is_ahead(wanted[0]):
                yield list(dict.fromkeys(wanted))

    def _is_ahead(self, wanted: Wanted) -> bool:
        timer = self._begin.timer
        return timer is None or (wanted.at, wanted.rank) >= (timer.at, timer.rank)

    def _range(self, wanted: Wanted) -> IndexRange:
        """From the client on that the position stands at, if it stands in this rank."""
        prefix = fact_prefix(wanted.fact, wanted.organization_id, wanted.day)
        first, beyond = prefix, prefix[:-1] + BEYOND
        timer = self._begin.timer
        if timer is not None and (timer.at, timer.rank) == (wanted.at, wanted.rank):
            begin = client_key(wanted.organization_id, "")
            if timer.key.startswith(begin):
                first = prefix + timer.key[len(begin) :].encode() + b"\x00"
            elif begin < timer.key:
                first = beyond
        return IndexRange(first, beyond, self._limit)

    def _found_holders(self, entries: Sequence[Sequence[bytes]]) -> None:
        """A long search ends behind the rank in which it passed its limit."""
        for wanted, of_day in zip(self._asked, entries, strict=True):
            fact = FactEntry(wanted.fact, wanted.day)
            due = Due(wanted.at, wanted.rank, "")
            for entry in of_day:
                client_id = entry.rpartition(SEPARATOR)[2].decode()
                due = Due(wanted.at, wanted.rank, client_key(wanted.organization_id, client_id))
                self._entries.setdefault(entry, due)
                self.candidates.add(due.key, fact)
            if len(of_day) == self._limit:
                self._ends_at(due)
            self._holders += len(of_day)
        if self._asked and self._holders >= self._limit:
            last = self._asked[-1]
            self._ends_at(Due(last.at, last.rank, LAST_KEY))

    def _ends_at(self, due: Due) -> None:
        self.horizon = due if self.horizon is None else min(self.horizon, due)


def _dues(
    organization_id: str, rule_set: CompiledRuleSet, after: int, until: int
) -> Iterator[tuple[str, FactDue]]:
    for due in rule_set.agenda.dues(after, until):
        yield organization_id, due


def _turn(each: tuple[str, FactDue]) -> tuple[int, int, str]:
    organization_id, due = each
    return due.at, due.rank, organization_id


def _days(organization_id: str, due: FactDue) -> Iterator[Wanted]:
    for day in range(due.first_day, due.last_day + 1):
        yield Wanted(due.at, due.rank, organization_id, due.fact, day)
