"""Time in the lane under faults, and the proof that the simulation notices a missing guard."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pytest

from tests.simulation.careless import timer_lane
from tests.simulation.oracle import Broken
from tests.simulation.timer_run import MakeLane, make_lane, run_seed
from tests.simulation.timer_scenes import FallsBack, run_refusals
from tests.simulation.world import SimulatedTables
from worker.evaluation import evaluation as evaluation_module
from worker.index.view import IndexView
from worker.lane import replay as replay_module
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange, IndexRange
from worker.timers.gathered import Gathered

SEEDS = 16


def test_every_timer_rings_once() -> None:
    assert sum(run_seed(seed) for seed in range(SEEDS)) > 20 * SEEDS


def test_every_timer_rings_once_under_many_faults() -> None:
    first = 50_000
    assert sum(run_seed(seed, faults=40) for seed in range(first, first + SEEDS // 4)) > 10 * SEEDS


class AnyIndex(SimulatedTables):
    """Reads the index without looking whether the head is still the lane's."""

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        return await super().look(self.world.tables.head, ranges)


class UnguardedDrops(SimulatedTables):
    """Drops entries whatever the head is by now."""

    def _drop(self, head: bytes, entries: Sequence[bytes]) -> None:
        super()._drop(self.world.tables.head, entries)


class TrustsTheIndex(SimulatedTables):
    """Commits without looking whether the entries are there."""

    def _apply(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange,
    ) -> CommitAnswer:
        return super()._apply(old, new, outbox, values, UNCHANGED)


class IndexesLater(SimulatedTables):
    """Writes the entries behind the commit."""

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        answer = await super().commit(old, new, outbox, values)
        await self._change_index(new, index)
        return answer


def is_broken(play: Callable[[], int]) -> bool:
    try:
        play()
    except Broken:
        return True
    return False


def caught(make: MakeLane = make_lane, first: int = 0) -> bool:
    """`first`: the search begins a little before a history that is known to show it."""
    seeds = range(first, first + 300)
    return any(is_broken(partial(run_seed, seed, 25, make)) for seed in seeds)


def test_every_timer_rings_once_where_tables_fall_back_within_a_commit() -> None:
    """History 21 replays a plan that tried a record in vain in the middle of an instant, while the
    index holds what is stale behind it: the plan comes out as it was logged."""
    make = timer_lane(tables=FallsBack)
    assert sum(run_seed(seed, 6, make) for seed in range(16, 24)) > 8 * 20


@pytest.mark.parametrize(("tables", "first"), [(AnyIndex, 9), (IndexesLater, 8)])
def test_tables_without_a_guard_of_the_index_are_caught(
    tables: type[SimulatedTables], first: int
) -> None:
    """Of 300 histories AnyIndex is caught by 5, IndexesLater by 50."""
    assert caught(timer_lane(tables=tables), first)


class UnguardedWhereTheyFallBack(UnguardedDrops, FallsBack): ...


class TrustingWhereTheyFallBack(TrustsTheIndex, FallsBack): ...


@pytest.mark.parametrize("tables", [UnguardedWhereTheyFallBack, TrustingWhereTheyFallBack])
def test_tables_that_fall_back_without_a_guard_of_the_index_are_caught(
    tables: type[SimulatedTables],
) -> None:
    """Of 60 histories by 31 and 16; where tables fall back between commits alone, by 3 of 300."""
    make = timer_lane(tables=tables)
    assert sum(is_broken(partial(run_seed, seed, 6, make)) for seed in range(18)) >= 3


def test_a_lane_that_keeps_what_it_knew_of_the_index_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = IndexView.forget

    def once(self: IndexView) -> None:
        if not hasattr(self, "_stale"):
            real(self)

    monkeypatch.setattr(IndexView, "forget", once)
    assert caught()


def test_a_replay_that_forgets_what_its_plans_did_to_the_index_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(IndexView, "note", lambda self, change: None)
    assert caught()


def test_a_search_that_forgets_where_it_ended_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gathered, "ends_at", lambda self, due: None)
    assert caught()


def test_a_replay_of_many_plans_searches_only_when_somebody_may_be_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_module, "FEW", 0)
    first = 90_000
    assert sum(run_seed(seed, faults=40) for seed in range(first, first + SEEDS // 4)) > 10 * SEEDS


def test_timers_for_an_event_that_is_refused_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """By 29 of 30 histories of the scene that is about them, by 2 of 300 without it."""
    monkeypatch.setattr(evaluation_module, "refusal", lambda *_: None)
    assert sum(is_broken(partial(run_refusals, seed)) for seed in range(6)) >= 3
    monkeypatch.undo()
    assert sum(run_refusals(seed) for seed in range(3)) > 3 * 50


def test_a_replay_that_takes_what_is_due_instead_of_what_was_taken_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_module, "Only", lambda *_: None)
    assert caught()
