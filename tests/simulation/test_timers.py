"""Time in the lane under faults, and the proof that the simulation notices a missing guard."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from tests.simulation.oracle import Broken
from tests.simulation.timer_run import make_lane, run_seed
from tests.simulation.timer_world import TimerSource, TimerWorld
from tests.simulation.world import SimulatedTables, Step
from worker import evaluation as evaluation_module
from worker import replay as replay_module
from worker.index_view import IndexView
from worker.lane import Lane
from worker.ports import UNCHANGED, CommitAnswer, IndexChange, IndexRange, Source
from worker.timer_search import TimerSearch

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


class AlwaysAtEnd(TimerSource):
    """Believes the last fetch."""

    async def at_end(self) -> bool:
        await Step()
        return True


class ReadsTheClockLast(Lane):
    """Asks for the ends of the inputs, then what time it is."""

    async def _rings(self, *args: object) -> bool:
        answer = await self.ports.source.at_end()
        await Step()
        real, self.ports = (
            self.ports,
            replace(self.ports, source=Answers(self.ports.source, answer)),
        )
        try:
            return await super()._rings(*args)  # type: ignore[arg-type]
        finally:
            self.ports = real


class Answers(TimerSource):
    """Says what it was told to say."""

    def __init__(self, source: Source, answer: bool) -> None:
        assert isinstance(source, TimerSource)
        super().__init__(source.world, source.owner)
        self.positions, self.answer = source.positions, answer

    async def at_end(self) -> bool:
        return self.answer


def lane_with(
    tables: type[SimulatedTables] = SimulatedTables,
    source: type[TimerSource] = TimerSource,
    kind: type[Lane] = Lane,
) -> object:
    def make(world: TimerWorld, owner: int) -> Lane:
        lane = make_lane(world, owner, kind)
        lane.ports = replace(lane.ports, source=source(world, owner), tables=tables(world))
        lane.index = IndexView(lane.ports.tables)
        return lane

    return make


def caught(make: object = make_lane, first: int = 0) -> bool:
    """`first`: the search begins a little before a history that is known to show it."""
    for seed in range(first, first + 300):
        try:
            run_seed(seed, 25, make=make)  # type: ignore[arg-type]
        except Broken:
            return True
    return False


@pytest.mark.parametrize(
    ("tables", "first"),
    [(AnyIndex, 9), (UnguardedDrops, 0), (IndexesLater, 8), (TrustsTheIndex, 67)],
)
def test_tables_without_a_guard_of_the_index_are_caught(
    tables: type[SimulatedTables], first: int
) -> None:
    assert caught(lane_with(tables=tables), first)


def test_a_lane_that_is_idle_with_records_unread_is_caught() -> None:
    assert caught(lane_with(source=AlwaysAtEnd))


def test_a_lane_that_reads_the_clock_last_is_caught() -> None:
    assert caught(lane_with(kind=ReadsTheClockLast))


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
    monkeypatch.setattr(TimerSearch, "_ends_at", lambda self, due: None)
    assert caught()


def test_timers_for_an_event_that_is_refused_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_module, "refusal", lambda *_: None)
    assert caught(first=203)


def test_a_replay_that_takes_what_is_due_instead_of_what_was_taken_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_module, "Only", lambda *_: None)
    assert caught()
