"""What a plan does to a lane's index: the entries that its clients and payments come to."""

from collections.abc import Iterable
from operator import attrgetter

from rules_engine.client import ClientState
from rules_engine.timers.facts import UNCHANGED, changed_facts, facts_of
from worker.index.entries import (
    FORGOTTEN,
    KINDS,
    WAKE_KINDS,
    WAKES,
    fact_entry,
    forgotten_entry,
    payment_entry,
    read_day,
    read_wake,
    wake_entry,
)
from worker.tables.port import IndexChange

_at = attrgetter("at")


def wakes_of(state: ClientState) -> tuple[int | None, int | None, int | None]:
    """Instants of the earliest lapse, end of an assignment and lapse that is still to ring."""
    ends = min(map(_at, state.ends)) if state.ends else None
    return state.lapses_at, ends, state.lapsed[0][0] if state.lapsed else None


def holds(entry: bytes, state: ClientState) -> bool:
    """Does the state of the client that the entry names stand behind it?"""
    kind = entry[:1]
    if kind in WAKE_KINDS:
        ranks = dict(zip(WAKES.values(), wakes_of(state), strict=True))
        return read_wake(entry)[0] == ranks[kind]
    day = read_day(entry)
    return any(KINDS[each.fact] == kind and each.day == day for each in facts_of(state))


class Changes:
    """The index's change by what a plan does to clients, collected."""

    def __init__(self) -> None:
        self._added: list[bytes] = []
        self._dropped: list[bytes] = []

    def client(self, key: str, before: ClientState, after: ClientState) -> None:
        """`before`: as of the head. Costs a few comparisons where nothing of it is indexed."""
        facts = changed_facts(before, after)
        if facts is not UNCHANGED:
            self._added += [fact_entry(key, entry) for entry in facts.added]
            self._dropped += [fact_entry(key, entry) for entry in facts.removed]
        if (
            before.lapses_at != after.lapses_at
            or before.ends != after.ends
            or before.lapsed != after.lapsed
        ):
            self._wakes(key, before, after)
        if before.life != after.life:
            self._added.append(forgotten_entry(key))

    def _wakes(self, key: str, before: ClientState, after: ClientState) -> None:
        for rank, old, new in zip(WAKES, wakes_of(before), wakes_of(after), strict=True):
            if old != new:
                if new is not None:
                    self._added.append(wake_entry(rank, new, key))
                if old is not None:
                    self._dropped.append(wake_entry(rank, old, key))

    def payment(self, paid_at: int, payment_key: str) -> None:
        self._added.append(payment_entry(paid_at, payment_key))

    def drop(self, entries: Iterable[bytes]) -> None:
        """Entries that no value stands behind."""
        self._dropped.extend(entries)

    def change(self) -> IndexChange:
        """`drop`: to be dropped once the plan is committed."""
        return IndexChange(self._added, self._dropped)


def names_forgotten(change: IndexChange) -> bool:
    """Does a plan forget somebody?"""
    return any(entry.startswith(FORGOTTEN) for entry in change.add)
