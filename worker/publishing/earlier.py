"""Which set of the history a rollback means.

Without a version it undoes the last push that is not undone yet: a second rollback goes further
back, as somebody wants who finds the earlier set bad too, and never forward to the set that was
just left. What was pushed after a rollback is undone to where that rollback led.
"""

from collections.abc import Sequence

from worker.errors import Misconfigured
from worker.publishing.catalog import Catalog
from worker.rules.history import HistoryRecord

SHORTEST_HASH = 6


def earlier_push(catalog: Catalog, organization: str, to: str | None) -> HistoryRecord:
    """`to`: a version (its latest push) or the beginning of a hash; None: the one before the live
    one. Raises Misconfigured with what there is."""
    pushes = catalog.pushes_of(organization)
    live = catalog.live.get(organization)
    live_hash = None if live is None else live.content_hash
    found = _before(pushes, live_hash) if to is None else _meant(pushes, to)
    if found is not None:
        return found
    there = ", ".join(dict.fromkeys(f"{e.version} ({e.content_hash[:12]})" for e in pushes))
    what = to or "none before the live one"
    remedy = f"Pushed were: {there}. Name one with --to." if there else "Nothing was ever pushed."
    raise Misconfigured(f"There is no such earlier set of {organization}: {what}.", remedy)


def _before(pushes: Sequence[HistoryRecord], live_hash: str | None) -> HistoryRecord | None:
    for entry in reversed(_standing(pushes)):
        if entry.content_hash != live_hash:
            return entry
    return None


def _standing(pushes: Sequence[HistoryRecord]) -> list[HistoryRecord]:
    """Those that no rollback has undone, oldest first."""
    standing: list[HistoryRecord] = []
    for entry in pushes:
        hashes = [each.content_hash for each in standing]
        is_back = entry.pushed is not None and entry.pushed.is_back
        if is_back and entry.content_hash in hashes:
            del standing[len(hashes) - hashes[::-1].index(entry.content_hash) :]
        else:
            standing.append(entry)
    return standing


def _meant(pushes: Sequence[HistoryRecord], to: str) -> HistoryRecord | None:
    return next((entry for entry in reversed(pushes) if _is_meant(entry, to)), None)


def _is_meant(entry: HistoryRecord, to: str) -> bool:
    by_hash = len(to) >= SHORTEST_HASH and entry.content_hash.startswith(to)
    return entry.version == to or by_hash
