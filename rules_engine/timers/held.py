"""Clients and candidates in memory: what `simulate` has of all clients, the worker of one batch."""

from collections import defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush

from rules_engine.client import ClientState
from rules_engine.timers.due import split_client_key
from rules_engine.timers.facts import Fact, FactEntry, changed_facts, next_state_driven


class HeldClients:
    """`Clients` in a dictionary."""

    def __init__(self) -> None:
        self._clients: dict[str, ClientState] = {}

    def get(self, key: str) -> ClientState | None:
        return self._clients.get(key)

    def put(self, key: str, client: ClientState) -> None:
        self._clients[key] = client


class HeldCandidates:
    """`Candidates` that are told of every change, or were filled by hand (`add`, `wake`)."""

    def __init__(self, lapse_grace_us: int) -> None:
        self._grace_us = lapse_grace_us
        self._holders: defaultdict[tuple[str, Fact], defaultdict[int, set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )
        self._wakes: list[tuple[int, str]] = []

    def add(self, key: str, entry: FactEntry) -> None:
        self._of(key, entry).add(key)

    def wake(self, at: int, key: str) -> None:
        heappush(self._wakes, (at, key))

    def holders(
        self, organization_id: str, fact: Fact, first_day: int, last_day: int
    ) -> Sequence[str]:
        by_day = self._holders.get((organization_id, fact))
        if not by_day:
            return ()
        return [key for day in range(first_day, last_day + 1) for key in by_day.get(day, ())]

    def waking(self, until_us: int) -> Sequence[tuple[int, str]]:
        """Names each once: who asked keeps it."""
        found = []
        while self._wakes and self._wakes[0][0] <= until_us:
            found.append(heappop(self._wakes))
        return found

    def changed(self, key: str, before: ClientState | None, after: ClientState) -> None:
        changes = changed_facts(before, after)
        for entry in changes.added:
            self._of(key, entry).add(key)
        for entry in changes.removed:
            self._of(key, entry).discard(key)
        wake = next_state_driven(after, self._grace_us)
        if wake is not None and (
            before is None or wake != next_state_driven(before, self._grace_us)
        ):
            self.wake(wake, key)

    def _of(self, key: str, entry: FactEntry) -> set[str]:
        return self._holders[split_client_key(key)[0], entry.fact][entry.day]
