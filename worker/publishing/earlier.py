"""Which set of the history a rollback means."""

from worker.errors import Misconfigured
from worker.publishing.catalog import Catalog
from worker.rules.history import HistoryRecord

SHORTEST_HASH = 6


def earlier_push(catalog: Catalog, organization: str, to: str | None) -> HistoryRecord:
    """`to`: a version (its latest push) or the beginning of a hash; None: the latest push of
    another set than the live one. Raises Misconfigured with what there is."""
    pushes = catalog.pushes_of(organization)
    live = catalog.live.get(organization)
    live_hash = None if live is None else live.content_hash
    for entry in reversed(pushes):
        if (entry.content_hash != live_hash) if to is None else _is_meant(entry, to):
            return entry
    there = ", ".join(dict.fromkeys(f"{e.version} ({e.content_hash[:12]})" for e in pushes))
    raise Misconfigured(
        f"There is no such earlier set of {organization}: {to or 'none beside the live one'}.",
        f"Pushed were: {there}." if there else "Nothing was ever pushed for it.",
    )


def _is_meant(entry: HistoryRecord, to: str) -> bool:
    by_hash = len(to) >= SHORTEST_HASH and entry.content_hash.startswith(to)
    return entry.version == to or by_hash
