"""The lane with one guard taken out: what each of the lane's checks is there to prevent.

A breaker takes one guard away (for a test's time, by `monkeypatch`) and says how owners are made
without it. None of them is far from what a reasonable change could do by mistake.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from rules_engine import evaluate as evaluate_module
from tests.simulation import lane_history, timer_history
from tests.simulation.history import MakeLane
from tests.simulation.parts import SimulatedLog
from tests.simulation.source import SimulatedSource
from tests.simulation.tables import SimulatedTables
from tests.simulation.timer_world import TimerSource, TimerWorld
from tests.simulation.toy import ToyWorld
from tests.simulation.world import Append, Step
from worker.index.view import IndexView
from worker.lane import acquire as acquire_module
from worker.lane import batch as batch_module
from worker.lane.commit import Commit, commit
from worker.lane.lane import Lane
from worker.lane.plan import Chained, Folding, Plan, Start
from worker.lane.ports import Source
from worker.lane.waking import rings


def counts_plans_of_any_term(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    """Takes the next sequence whoever wrote it, also a zombie whose term is over."""
    honest = Folding.take

    def take(self: Folding, offset: int, record: Start | Plan, digest: bytes) -> Chained | None:
        if isinstance(record, Plan) and record.seq == self._seq + 1:
            self.done = max(self.done, record.done)
            self._seq += 1
            return Chained(offset, digest, record, self._terms)
        return honest(self, offset, record, digest)

    monkeypatch.setattr(Folding, "take", take)
    return lane_history.make_lane


def does_not_read_holes(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    """Whatever stands between its records: an acknowledged plan is a valid one."""

    async def append(lane: Lane, raw: bytes) -> int:
        owned = lane.held()
        owned.last = await lane.ports.log.append(raw)
        return owned.last

    monkeypatch.setattr(batch_module, "append", append)
    return lane_history.make_lane


def commits_before_the_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    """Sends the plan and does not wait: it will land, and at the next offset."""

    async def append(lane: Lane, raw: bytes) -> int:
        log, owned = lane.ports.log, lane.held()
        assert isinstance(log, SimulatedLog)
        log.world.under_way.append(Append(raw, log.owner))
        owned.last += 1
        return owned.last

    monkeypatch.setattr(batch_module, "append", append)
    return lane_history.make_lane


def does_not_compare_heads(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    """Commits over whatever head there is."""

    async def careless(lane: Lane, work: Commit) -> None:
        tables = lane.ports.tables
        assert isinstance(tables, SimulatedTables)
        lane.held().raw_head = tables.world.tables.head
        await commit(lane, work)

    monkeypatch.setattr(batch_module, "commit", careless)
    return lane_history.make_lane


class BelievesAnyReply(SimulatedTables):
    """Loads without looking whether the head is still the lane's."""

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        return await super().load(self.world.tables.head, keys)


def does_not_check_loads(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    def make(world: ToyWorld, owner: int) -> Lane:
        lane = lane_history.make_lane(world, owner)
        lane.ports = replace(lane.ports, tables=BelievesAnyReply(world))
        return lane

    return make


class KeepsItsCache(Lane):
    """Trusts what it knew before somebody else owned the lane."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.cache.clear = lambda: None  # type: ignore[method-assign]


def keeps_its_cache(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    return lambda world, owner: lane_history.make_lane(world, owner, KeepsItsCache)


def forgets_the_outbox(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    """What was committed was surely published."""

    async def forget(*_: object) -> None: ...

    monkeypatch.setattr(acquire_module, "_publish_outbox", forget)
    return lane_history.make_lane


class GoesOnWhereTheGroupStood(SimulatedSource):
    """Believes the group's offsets, which know nothing of tables that fell back."""

    async def seek(self, positions: Mapping[str, int]) -> None:
        group: dict[str, int] = self.world.__dict__.setdefault("group", {})
        await super().seek({t: max(p, group.get(t, p)) for t, p in positions.items()})

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Any:
        batch = await super().poll(internal_only, seconds)
        self.world.__dict__.setdefault("group", {}).update(self.positions)
        return batch


def does_not_seek_from_the_state(monkeypatch: pytest.MonkeyPatch) -> MakeLane[ToyWorld]:
    def make(world: ToyWorld, owner: int) -> Lane:
        lane = lane_history.make_lane(world, owner)
        lane.ports = replace(lane.ports, source=GoesOnWhereTheGroupStood(world, owner))
        return lane

    return make


def remembers_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate_module, "recall", lambda *_: None)


class AlwaysAtEnd(TimerSource[TimerWorld]):
    """Believes the last fetch."""

    async def at_end(self) -> bool:
        await Step()
        return True


class Answers(TimerSource[TimerWorld]):
    """Says what it was told to say."""

    def __init__(self, source: Source, answer: bool) -> None:
        assert isinstance(source, TimerSource)
        super().__init__(source.world, source.owner)
        self.positions, self.answer = source.positions, answer

    async def at_end(self) -> bool:
        return self.answer


def timer_lane(
    tables: type[SimulatedTables] = SimulatedTables,
    source: type[TimerSource[TimerWorld]] = TimerSource,
) -> MakeLane[TimerWorld]:
    """Owners in a `TimerWorld` of which a part is another."""

    def make(world: TimerWorld, owner: int) -> Lane:
        lane = timer_history.make_lane(world, owner)
        lane.ports = replace(lane.ports, source=source(world, owner), tables=tables(world))
        lane.index = IndexView(lane.ports.tables)
        return lane

    return make


def rings_with_records_unread(monkeypatch: pytest.MonkeyPatch) -> MakeLane[TimerWorld]:
    return timer_lane(source=AlwaysAtEnd)


def reads_the_clock_last(monkeypatch: pytest.MonkeyPatch) -> MakeLane[TimerWorld]:
    """Asks for the ends of the inputs, then what time it is."""

    async def careless(lane: Lane, *args: Any) -> bool:
        answer = await lane.ports.source.at_end()
        await Step()
        real = lane.ports
        lane.ports = replace(real, source=Answers(real.source, answer))
        try:
            return await rings(lane, *args)
        finally:
            lane.ports = real

    monkeypatch.setattr("worker.lane.lane.rings", careless)
    return timer_lane()
