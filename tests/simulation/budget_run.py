"""Histories of several lanes that share budgets, under crashes, zombies, fallen-back tables and
lanes that are away.

    python -m tests.simulation.budget_run --seeds 500 [--first 0] [--faults 12]
"""

import argparse
import sys
import time
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from rules_engine.budgets.port import BudgetKey
from rules_engine.budgets.state import unpack_budgets
from tests.simulation.budget_oracle import judge, judge_probe, rebuilt
from tests.simulation.budget_toy import SHARED, BudgetToy, left_of
from tests.simulation.budget_world import (
    LANES,
    BudgetPublisher,
    BudgetSource,
    Event,
    Item,
    LaneWorld,
    Shared,
)
from tests.simulation.oracle import Broken
from tests.simulation.toy import SilentObserver
from tests.simulation.world import SimulatedClock, SimulatedLog, SimulatedTables
from worker.errors import LoudStop
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import decode_head

MOST_STEPS = 80_000
PATIENCE = 4_000


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


class History:
    """The scheduler of one seed."""

    def __init__(self, seed: int, faults: int) -> None:
        self.shared = Shared(seed)
        self.random = self.shared.random
        self.faults = self.random.randint(0, faults)
        self.running: dict[tuple[int, int], Coroutine[Any, Any, None]] = {}
        self.asleep: dict[tuple[int, int], int] = {}
        self.away: dict[int, int] = {}
        self.steps = 0
        for world in self.shared.lanes:
            self.new_owner(world)

    def new_owner(self, world: LaneWorld) -> None:
        world.newest += 1
        self.running[world.number, world.newest] = make_lane(world, world.newest).run()

    def play(self) -> None:
        limit = self.steps + MOST_STEPS
        while not self.finished():
            self.steps += 1
            if self.steps > limit:
                raise Broken("no progress")
            if self.steps % PATIENCE == 0:
                for world in self.shared.lanes:
                    self.new_owner(world)
            luck = self.random.random()
            if self.faults and luck < 0.04:
                self.faults -= 1
                self.fault(self.random.choice(self.shared.lanes))
            elif luck < 0.3:
                self.land_one(self.random.choice(self.shared.lanes))
            else:
                self.step_one(self.random.choice(self.shared.lanes))

    def finished(self) -> bool:
        if self.faults or self.away or any(world.under_way for world in self.shared.lanes):
            return False
        return all(map(self._is_through, self.shared.lanes))

    def _is_through(self, world: LaneWorld) -> bool:
        head = decode_head(world.tables.head)
        whole = all(head.positions.get(topic) == len(world.records(topic)) for topic in ("B", "E"))
        tried = unpack_budgets(world.tables.values.get(SHARED, b"")).tried
        return whole and not world.tables.outbox and tried is None

    def fault(self, world: LaneWorld) -> None:
        random, lane = self.random, (world.number, world.newest)
        kinds = ("crash", "crash", "owner", "owner", "back", "back", "sleep", "away", "raise")
        kind = random.choice(kinds)
        if kind in ("crash", "away"):
            self.crash(world)
            if kind == "away":
                self.away[world.number] = self.steps + random.choice((50, 300, 1000))
            elif world.number not in self.away:
                self.new_owner(world)
        elif kind == "owner" and world.number not in self.away:
            self.asleep[lane] = self.steps + random.choice((0, 20, 100, 400))
            self.new_owner(world)
        elif kind == "back":
            world.roll_back(10**9 if random.random() < 0.1 else 1 + int(random.expovariate(0.3)))
        elif kind == "sleep":
            self.asleep[lane] = self.steps + random.choice((10, 50))
        elif kind == "raise":
            self.shared.raise_limit()

    def crash(self, world: LaneWorld) -> None:
        coroutine = self.running.pop((world.number, world.newest), None)
        if coroutine is not None:
            coroutine.close()
        for append in [a for a in world.under_way if a.owner == world.newest]:
            if world.chance(0.5):
                world.under_way.remove(append)

    def land_one(self, world: LaneWorld) -> None:
        if not world.under_way:
            return
        picked = self.random.choice(world.under_way)
        if self.asleep.get((world.number, picked.owner), 0) > self.steps and world.chance(0.9):
            return
        world.land(next(a for a in world.under_way if a.owner == picked.owner))

    def step_one(self, world: LaneWorld) -> None:
        number = world.number
        if self.away.get(number, self.steps) < self.steps:
            del self.away[number]
            self.new_owner(world)
        awake = [
            lane
            for lane in self.running
            if lane[0] == number and self.asleep.get(lane, 0) <= self.steps
        ]
        if not awake:
            return
        newest = (number, world.newest)
        lane = newest if newest in awake and world.chance(0.6) else self.random.choice(awake)
        try:
            self.running[lane].send(None)
        except StopIteration:
            del self.running[lane]

    def probe(self) -> None:
        """Nothing strands: some lane can spend exactly what is left of a budget, and none more;
        also where its author has raised the budget since the lane was last refused."""
        states = [rebuilt(world) for world in self.shared.lanes]
        keys = sorted({key for state in states for key in state.budgets.ledgers})
        if not keys:
            return
        refused = [(k, n) for n, s in enumerate(states) for k in s.budgets.bounds if k in keys]
        key, first = self.random.choice(refused or [(self.random.choice(keys), 0)])
        if self.random.random() < 0.5:
            self.shared.raise_limit(key)
        left = left_of([s.credits for s in states], key, self.shared.limit_of(key))
        second = self.random.choice([n for n in range(LANES) if n != first])
        if left:
            self.append(first, key, left)
            self.play()
        self.append(second, key, Decimal(1))
        self.play()
        judge_probe(self.shared, first if left else None, second)

    def append(self, number: int, key: BudgetKey, amount: Decimal) -> None:
        organization, rule, _, ordinal = key.split("\x1f")
        need = self.shared.need(organization, rule, int(ordinal), amount)
        self.shared.lanes[number].events.append(Event((Item("probe", (need,), False),)))

    def close(self) -> None:
        for coroutine in self.running.values():
            coroutine.close()


def run_seed(seed: int, faults: int = 12) -> int:
    """Owners that lived. Raises Broken."""
    history = History(seed, faults)
    try:
        history.play()
        judge(history.shared)
        history.probe()
        judge(history.shared)
    except LoudStop as stop:
        raise Broken(f"loud stop: {stop}") from stop
    finally:
        history.close()
    return sum(world.newest for world in history.shared.lanes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--faults", type=int, default=12)
    options = parser.parse_args()
    begun, owners, broken = time.perf_counter(), 0, 0
    for seed in range(options.first, options.first + options.seeds):
        try:
            owners += run_seed(seed, options.faults)
        except Broken as fault:
            broken += 1
            print(f"seed {seed}: {fault}")
    seconds = time.perf_counter() - begun
    print(
        f"{options.seeds} histories of {LANES} lanes, {owners} owners, up to {options.faults} "
        f"faults each: {broken} broken, {options.seeds / seconds * 60:,.0f} histories a minute"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
