"""Step 1 of the search: whoever wakes by their own value, up to the bound.

Some of them are due behind the position; others are *late*: it has passed their instant while
nobody carried them out (rules that came back, another lapse grace). The late may be everybody, and
the walk takes them in another order than the index has: all names are read, a piece at a time, and
the first are kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

from rules_engine.timers.due import Due, Position, Rank, client_key
from worker.index.entries import WAKES, read_wake, wake_prefix, wakes_prefix
from worker.tables.port import IndexRange
from worker.timers.gathered import Gathered, Span

MOST_LATE = 2_000
"""Names that are read in one go of those whose instant has passed."""


class WakeSearch:
    """`ranges` and `found` by turns until it `is_over`. `limit`: so many units are looked for;
    `last`: nothing behind this one."""

    def __init__(
        self,
        organizations: Iterable[str],
        span: Span,
        limit: int,
        last: Due | None,
        gathered: Gathered,
    ) -> None:
        self.is_over = False
        self._span, self._limit, self._last, self._gathered = span, limit, last, gathered
        self._begin = span.position or Position(span.until)
        self._wakes = list(self._all_wakes(sorted(organizations)))
        self._unread = [(rank, late) for rank, late, _ in self._wakes]
        """What is left to read of the late."""
        self._late: list[tuple[Due, bytes]] = []
        """The first of those that were read."""
        self._too_late = False
        """There are more of them."""

    def ranges(self) -> Sequence[IndexRange]:
        return [*(late for _, late in self._unread), *(due for _, _, due in self._wakes)]

    def found(self, entries: Sequence[Sequence[bytes]]) -> None:
        late, due = entries[: len(self._unread)], entries[len(self._unread) :]
        self._found_late(late)
        gathered = self._gathered
        for (rank, _, _), of_rank in zip(self._wakes, due, strict=True):
            for entry in of_rank:
                gathered.wakes(self._due_of(rank, entry), entry)
            if len(of_rank) == self._limit:
                gathered.ends_at(gathered.entries[of_rank[-1]])
        self._wakes = []
        self.is_over = not self._unread
        if self.is_over:
            for unit, entry in self._late:
                gathered.wakes(unit, entry)
            if self._too_late:
                gathered.ends_at(self._late[-1][0] if self._last is None else self._last)

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

    def _all_wakes(
        self, organizations: Sequence[str]
    ) -> Iterator[tuple[Rank, IndexRange, IndexRange]]:
        """Of each organization and rank, what the position has passed and what it has not."""
        for organization_id in organizations:
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
