"""What lies in the tables and nothing asks for any more: deleted while the head is the lane's.

No part of a plan: whether it has happened changes no outcome, and an entry of the index says what
is still to be done, also to the next owner of the lane (docs/adr/0005-crash-points.md).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from worker.errors import Moved
from worker.index.changes import names_forgotten
from worker.lane.erasing import erase
from worker.tables.port import IndexChange

if TYPE_CHECKING:
    from worker.lane.lane import Lane

AGAIN_US = 5_000_000
"""So often at most it is asked whether a value is outdated."""


class Housekeeping:
    """Of one lane, over all its terms."""

    def __init__(self) -> None:
        self._may_erase = False
        """Somebody was forgotten whose payments may still be held."""
        self._looked_at = 0

    def begin(self) -> None:
        """A new term: what an earlier owner left is not known."""
        self._may_erase = True

    def noted(self, change: IndexChange) -> None:
        """What a plan does to the index."""
        self._may_erase = self._may_erase or names_forgotten(change)

    async def erase_forgotten(self, lane: "Lane") -> None:
        """What clients who were forgotten have left behind. Raises Moved, Unavailable."""
        if self._may_erase:
            gone = await erase(lane.ports.tables, lane.index, lane.held().raw_head)
            lane.cache.put(dict.fromkeys(gone, b""))
            self._may_erase = False

    async def drop_outdated(self, lane: "Lane") -> None:
        """What the evaluation counts as forgotten by the clock of the head. Raises Moved,
        Unavailable."""
        owned, evaluator, now = lane.held(), lane.ports.evaluator, lane.ports.clock.now_us()
        if now - self._looked_at < AGAIN_US:
            return
        self._looked_at = now
        old = evaluator.old(owned.head.clock)
        if not any(e < old.beyond for e in await lane.index.earliest(owned.raw_head, [old.first])):
            return
        (entries,) = await lane.index.look(owned.raw_head, [old])
        gone = evaluator.forgets(await self._there(lane, entries), owned.head.clock)
        lane.index.found_stale(entries)
        await lane.index.tidy(owned.raw_head, gone)
        lane.cache.put(dict.fromkeys(gone, b""))

    async def _there(self, lane: "Lane", entries: Sequence[bytes]) -> Mapping[str, bytes]:
        """The values behind entries, as the tables hold them: where these fell back by a deletion
        and by no plan, the cache calls gone what is there again. Raises Moved, Unavailable."""
        keys = list(dict.fromkeys(map(lane.ports.evaluator.key_of, entries)))
        found = await lane.ports.tables.load(lane.held().raw_head, keys)
        if found is None:
            raise Moved
        return {key: raw for key, raw in zip(keys, found, strict=True) if raw is not None}
