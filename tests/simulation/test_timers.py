"""Time in the lane under faults, and the proof that the simulation notices a missing guard.

So many histories catch what lacks one (a test stops at the third; where only a few of hundreds do,
it begins a little before one of them):

    reads of the index under any head                  5 of 300
    entries written behind the commit                 21 of 100
    removals under any head                           12 of 200, 26 of 60 where tables fall back
                                                      within commits
    commits that do not look for their entries         4 of 200, 24 of 60 where they do
    what was known of the index kept over terms       14 of 60
    a replay that forgets what its plans did          60 of 60
    a search that forgets where it ended              14 of 60
    a replay that takes what is due                   39 of 60
    a replay that ends where a record was tried        2 of 150 where they do
    an event judged after its timers                  29 of 30 of a scene of its own
"""

from collections.abc import Mapping, Sequence
from itertools import islice

import pytest

from rules_engine.timers.due import Due
from tests.simulation.careless import timer_lane
from tests.simulation.history import MakeLane
from tests.simulation.oracle import Broken
from tests.simulation.tables import SimulatedTables
from tests.simulation.timer_history import make_lane, run_seed
from tests.simulation.timer_scenes import FallsBack, run_refusals
from tests.simulation.timer_world import TimerWorld
from worker.evaluation import evaluation as evaluation_module
from worker.index.view import IndexView
from worker.lane import replay as replay_module
from worker.lane.evaluator_port import Only
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange, IndexRange
from worker.timers.gathered import Gathered

SEEDS = 40
RUNG = 20
"""Timers that ring in a history at the least, on the average of some."""


def test_every_timer_rings_once() -> None:
    assert sum(run_seed(seed) for seed in range(SEEDS)) > RUNG * SEEDS


def test_every_timer_rings_once_under_many_faults() -> None:
    seeds = range(50_000, 50_000 + SEEDS // 4)
    assert sum(run_seed(seed, faults=40) for seed in seeds) > RUNG * len(seeds)


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


def is_broken(seed: int, faults: int, make: MakeLane[TimerWorld]) -> bool:
    try:
        run_seed(seed, faults, make)
    except Broken:
        return True
    return False


def caught(
    make: MakeLane[TimerWorld] = make_lane, first: int = 0, enough: int = 3, faults: int = 25
) -> bool:
    """By `enough` of 300 histories."""
    found = (seed for seed in range(first, first + 300) if is_broken(seed, faults, make))
    return len(list(islice(found, enough))) == enough


@pytest.mark.parametrize(("tables", "first", "enough"), [(AnyIndex, 54, 1), (IndexesLater, 0, 3)])
def test_tables_without_a_guard_of_the_index_are_caught(
    tables: type[SimulatedTables], first: int, enough: int
) -> None:
    assert caught(timer_lane(tables=tables), first, enough)


class UnguardedWhereTheyFallBack(UnguardedDrops, FallsBack): ...


class TrustingWhereTheyFallBack(TrustsTheIndex, FallsBack): ...


@pytest.mark.parametrize("tables", [UnguardedWhereTheyFallBack, TrustingWhereTheyFallBack])
def test_tables_that_fall_back_without_a_guard_of_the_index_are_caught(
    tables: type[SimulatedTables],
) -> None:
    assert caught(timer_lane(tables=tables), faults=6)


def test_every_timer_rings_once_where_tables_fall_back_within_a_commit() -> None:
    make, seeds = timer_lane(tables=FallsBack), range(SEEDS // 2)
    assert sum(run_seed(seed, 6, make) for seed in seeds) > RUNG * len(seeds)


def test_a_replay_that_ends_where_a_record_was_tried_in_vain_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A plan that tried a record, behind one that ended in the middle of an instant, while the
    index holds what is stale behind it: it must come out as it was logged."""

    def no_record(units: int, end: Due | None, tried: Due | None, _: bool) -> Only:
        return Only(units, end, tried)

    make = timer_lane(tables=FallsBack)
    monkeypatch.setattr(replay_module, "Only", no_record)
    assert caught(make, first=14, enough=1, faults=6)


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
    seeds = range(90_000, 90_000 + SEEDS // 4)
    assert sum(run_seed(seed, faults=40) for seed in seeds) > RUNG * len(seeds)


def test_timers_for_an_event_that_is_refused_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_module, "refusal", lambda *_: None)
    for seed in range(3):
        with pytest.raises(Broken):
            run_refusals(seed)
    monkeypatch.undo()
    assert sum(run_refusals(seed) for seed in range(3)) > 3 * RUNG


def test_a_replay_that_takes_what_is_due_instead_of_what_was_taken_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_module, "Only", lambda *_: None)
    assert caught()
