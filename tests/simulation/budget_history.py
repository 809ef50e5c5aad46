"""Histories of several lanes that share budgets, under crashes, zombies, fallen-back tables and
lanes that are away."""

from collections.abc import Sequence
from decimal import Decimal

from rules_engine.budgets.port import BudgetKey
from rules_engine.budgets.state import unpack_budgets
from tests.simulation.budget_oracle import Rebuilt, judge, judge_probe
from tests.simulation.budget_toy import SHARED, BudgetToy, left_of
from tests.simulation.budget_world import (
    LANES,
    TOPICS,
    BudgetPublisher,
    BudgetSource,
    Event,
    Item,
    LaneWorld,
    Shared,
)
from tests.simulation.history import History, MakeLane
from tests.simulation.oracle import Broken
from tests.simulation.parts import SilentObserver, SimulatedClock, SimulatedLog
from tests.simulation.several import Several
from tests.simulation.tables import SimulatedTables
from tests.simulation.world import Listener
from worker.errors import LoudStop
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import decode_head


def make_lane(world: LaneWorld, owner: int) -> Lane:
    ports = LanePorts(
        source=BudgetSource(world, owner),
        log=SimulatedLog(world, owner),
        tables=SimulatedTables(world),
        publisher=BudgetPublisher(world),
        evaluator=BudgetToy(world),
        clock=SimulatedClock(world),
        observer=SilentObserver(),
    )
    return Lane(world.number, ports, LaneSettings(owner=str(owner)), CacheBudget(1 << 20))


class BudgetHistory(History[LaneWorld]):
    """One lane's part."""

    def __init__(self, world: LaneWorld, faults: int, make: MakeLane[LaneWorld]) -> None:
        super().__init__(world, faults, make)
        self.kinds.append(self.stay_away)
        self._looked = (-1, False)
        """At so many changes: is the lane through?"""

    def finished(self) -> bool:
        if self.faults or self.is_away or self.world.under_way:
            return False
        if self._looked[0] != self.world.changes:
            self._looked = (self.world.changes, self._is_through())
        return self._looked[1]

    def _is_through(self) -> bool:
        tables = self.world.tables
        head = decode_head(tables.head)
        whole = all(head.positions.get(t) == len(self.world.records(t)) for t in TOPICS)
        tried = unpack_budgets(tables.values.get(SHARED, b"")).tried
        return whole and not tables.outbox and tried is None

    def reload(self) -> None:
        self.world.shared.raise_limit()


class SharedHistory:
    """All of them, and whether they can spend what is left."""

    def __init__(self, seed: int, faults: int, make: MakeLane[LaneWorld]) -> None:
        self.shared = Shared(seed)
        self.random = self.shared.random
        lanes = [BudgetHistory(world, faults // LANES, make) for world in self.shared.lanes]
        self.lanes = Several(lanes, self.random)

    def play(self) -> None:
        """Raises Broken, LoudStop."""
        self.lanes.play()
        due = self._probe(judge(self.shared))
        judge_probe(judge(self.shared), due)

    def _probe(self, states: Sequence[Rebuilt]) -> dict[int, bool]:
        """Nothing strands: some lane can spend exactly what is left of a budget, and none more;
        also where its author has raised the budget since the lane was last refused. Lane → will
        its last event be credited?"""
        keys = sorted({key for state in states for key in state.budgets.ledgers})
        if not keys:
            return {}
        refused = [(k, n) for n, s in enumerate(states) for k in s.budgets.bounds if k in keys]
        key, first = self.random.choice(refused or [(self.random.choice(keys), 0)])
        if self.random.random() < 0.5:
            self.shared.raise_limit(key)
        left = left_of([s.credits for s in states], key, self.shared.limit_of(key))
        second = self.random.choice([n for n in range(LANES) if n != first])
        if left:
            self._append(first, key, left)
            self.lanes.play_on()
        self._append(second, key, Decimal(1))
        self.lanes.play_on()
        return {first: True, second: False} if left else {second: False}

    def _append(self, number: int, key: BudgetKey, amount: Decimal) -> None:
        organization, rule, _, ordinal = key.split("\x1f")
        need = self.shared.need(organization, rule, int(ordinal), amount)
        self.shared.lanes[number].append(Event((Item("probe", (need,), False),)))


def run_seed(
    seed: int,
    faults: int = 12,
    make: MakeLane[LaneWorld] = make_lane,
    listener: Listener | None = None,
) -> int:
    """Owners that lived. Raises Broken."""
    history = SharedHistory(seed, faults, make)
    for world in history.shared.lanes:
        world.listener = listener
    try:
        history.play()
    except LoudStop as stop:
        raise Broken(f"loud stop: {stop}") from stop
    finally:
        history.lanes.close()
    return sum(world.newest for world in history.shared.lanes)
