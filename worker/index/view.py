"""A lane's index as its owner sees it: the tables', with what is evaluated and not yet committed.

An owner may trust what it remembers, as it trusts its cache: it has carried out every plan since.
Entries that a plan made stale are dropped with the next commit (or by `tidy` when the lane rests),
while the head is still that of the plan; until then they are passed over here.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence

from worker.errors import Moved
from worker.index.entries import watched_prefix
from worker.tables.port import IndexChange, IndexRange, Tables

END = b"\xff"
"""Behind every entry: they begin with a letter."""


class IndexView:
    """Kinds that are ordered by an instant are asked for at every step: nothing is read of them
    while their earliest entry is known to lie behind what is asked."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.version = 0
        """Another one whenever `floor` or `earliest` may answer something else."""
        self._answered: tuple[Sequence[bytes], int, list[bytes]] = ((), 0, [])
        self.forget()

    def forget(self) -> None:
        """The lane is acquired anew."""
        self._added: list[bytes] = []
        """Of plans that are evaluated and not yet committed, ascending."""
        self._dropped: set[bytes] = set()
        """What those plans made stale."""
        self._stale: set[bytes] = set()
        """What committed plans made stale."""
        self._floors: dict[bytes, bytes] = {}
        """Prefix → no entry of it lies below this one."""
        self._earliest: dict[bytes, bytes] = {}
        """Prefix → its earliest entry (END: none), where that is known exactly."""
        self.version += 1

    # ------------------------------------------------------------------ reading

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]]:
        """Entries of each range, ascending, as of the last plan that was noted; a range whose
        answer is shorter than its `most` is whole. `head`: the lane's. Raises Moved."""
        full = [not self._is_empty(each) for each in ranges]
        asked = [each for each, may_hold in zip(ranges, full, strict=True) if may_hold]
        found = iter(await self._read(head, asked) if asked else ())
        return [next(found) if may_hold else [] for may_hold in full]

    async def _read(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]]:
        spare = len(self._stale) + len(self._dropped)
        wider = [IndexRange(each.first, each.beyond, each.most + spare) for each in ranges]
        raw = await self._tables.look(head, wider)
        if raw is None:
            raise Moved
        return [self._seen(each, entries) for each, entries in zip(ranges, raw, strict=True)]

    def _seen(self, asked: IndexRange, raw: Sequence[bytes]) -> list[bytes]:
        gone = self._stale | self._dropped
        found = [entry for entry in raw if entry not in gone]
        own = self._added[bisect_left(self._added, asked.first) :]
        own = own[: bisect_left(own, asked.beyond)]
        if own:
            found = sorted({*found, *own})
        return found[: asked.most]

    def floor(self, prefix: bytes) -> bytes | None:
        """No entry that begins with this watched prefix lies below; None: not known."""
        return self._floors.get(prefix)

    def _is_empty(self, asked: IndexRange) -> bool:
        prefix = watched_prefix(asked.first)
        floor = self._floors.get(prefix) if prefix is not None else None
        return floor is not None and asked.beyond <= floor

    async def earliest(self, head: bytes, prefixes: Sequence[bytes]) -> list[bytes]:
        """The first entry of each watched prefix; the very same answer as long as prefixes and
        entries stay. Raises Moved."""
        asked, version, answer = self._answered
        if asked is prefixes and version == self.version:
            return answer
        unknown = [prefix for prefix in prefixes if prefix not in self._earliest]
        if unknown:
            ranges = [IndexRange(self._floors.get(p, p), _behind(p), 1) for p in unknown]
            for prefix, found in zip(unknown, await self._read(head, ranges), strict=True):
                self._earliest[prefix] = self._floors[prefix] = found[0] if found else END
            self.version += 1
        known = (self._earliest[prefix] for prefix in prefixes)
        answer = [entry for entry in known if entry != END]
        self._answered = (prefixes, self.version, answer)
        return answer

    # ------------------------------------------------------------------ plans

    def note(self, change: IndexChange) -> None:
        """A plan was evaluated. `change.drop`: what it makes stale."""
        for entry in change.drop:
            if _holds(self._added, entry):
                del self._added[bisect_left(self._added, entry)]
            self._dropped.add(entry)
            prefix = watched_prefix(entry)
            if prefix is not None and self._earliest.get(prefix) == entry:
                del self._earliest[prefix]
                self.version += 1
        for entry in change.add:
            self._dropped.discard(entry)
            if not _holds(self._added, entry):
                insort(self._added, entry)
            self._watch(entry)

    def _watch(self, entry: bytes) -> None:
        prefix = watched_prefix(entry)
        if prefix is None:
            return
        if prefix in self._floors and entry <= self._floors[prefix]:
            self._floors[prefix] = self._earliest[prefix] = entry
            self.version += 1

    def found_stale(self, entries: Sequence[bytes]) -> None:
        """Entries that the committed state has no need of."""
        self.note(IndexChange(drop=entries))
        self._stale |= self._dropped
        self._dropped = set()

    @property
    def change(self) -> IndexChange:
        """What the commit of the noted plans does."""
        return IndexChange(self._added, sorted(self._stale))

    def committed(self) -> None:
        self._added, self._stale, self._dropped = [], self._dropped, set()

    async def tidy(self, head: bytes, keys: Sequence[str] = ()) -> None:
        """Drop what committed plans made stale, and values that nothing asks for any more. Raises
        Unavailable."""
        if self._stale or keys:
            await self._tables.tidy(head, sorted(self._stale), keys)
            self._stale = set()


def _behind(prefix: bytes) -> bytes:
    return prefix[:-1] + bytes([prefix[-1] + 1])


def _holds(entries: Sequence[bytes], entry: bytes) -> bool:
    at = bisect_left(entries, entry)
    return at < len(entries) and entries[at] == entry
