"""One simulated history per seed: owners come and go, everything fails, and in the end all
effects must be those of ONE history, each with one content.

    python -m tests.simulation.run --seeds 2000 [--first 0] [--faults 12]

A failing seed prints its number; `--first SEED --seeds 1 --verbose` replays it exactly.
"""

import argparse
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from tests.simulation.oracle import Broken, verify
from tests.simulation.source import SimulatedSource
from tests.simulation.toy import SilentObserver, ToyEvaluator
from tests.simulation.world import (
    PER_TOPIC,
    TOPICS,
    SimulatedClock,
    SimulatedLog,
    SimulatedPublisher,
    SimulatedTables,
    World,
)
from worker.errors import LoudStop
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import decode_head

MakeLane = Callable[[World, int], Lane]
MOST_STEPS = 20_000
PATIENCE = 3_000
"""Steps after which a rebalance comes anyway: an idle lane does not notice that its tables fell
back until it writes again."""


def make_lane(world: World, owner: int, kind: type[Lane] = Lane) -> Lane:
    ports = LanePorts(
        source=SimulatedSource(world, owner),
        log=SimulatedLog(world, owner),
        tables=SimulatedTables(world),
        publisher=SimulatedPublisher(world),
        evaluator=ToyEvaluator(world),
        clock=SimulatedClock(world),
        observer=SilentObserver(),
    )
    return kind(0, ports, LaneSettings(owner=str(owner)), CacheBudget(1 << 20))


class History:
    """The scheduler of one seed."""

    def __init__(self, seed: int, faults: int, make: MakeLane, verbose: bool = False) -> None:
        self.world = World(seed)
        self.make = make
        self.faults = self.world.random.randint(0, faults)
        self.owners: dict[int, Lane] = {}
        self.running: dict[int, Coroutine[Any, Any, None]] = {}
        self.asleep: dict[int, int] = {}
        self.steps = 0
        self.verbose = verbose

    def new_owner(self) -> None:
        self.world.newest += 1
        owner = self.world.newest
        self.owners[owner] = self.make(self.world, owner)
        self.running[owner] = self.owners[owner].run()

    def play(self) -> None:
        """Until every input is committed, published and trimmed. Raises Broken, LoudStop."""
        self.new_owner()
        while not self.finished():
            self.turn()
        self.close()

    def turn(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Broken("no progress")
        if self.steps % PATIENCE == 0:
            self.new_owner()
        luck = self.world.random.random()
        if self.faults and luck < 0.05:
            self.faults -= 1
            self.fault()
        elif self.world.under_way and luck < 0.3:
            self.land_one()
        elif self.world.delayed and luck < 0.35:
            self.world.arrive()
        else:
            self.step_one()

    def close(self) -> None:
        for coroutine in self.running.values():
            coroutine.close()

    def finished(self) -> bool:
        if self.faults or self.world.under_way:
            return False
        head = decode_head(self.world.tables.head)
        whole = all(head.positions.get(topic) == PER_TOPIC for topic in TOPICS)
        return whole and not self.world.tables.outbox

    def fault(self) -> None:
        random, world = self.world.random, self.world
        kind = random.choice(("crash", "crash", "owner", "owner", "back", "back", "sleep", "rules"))
        if self.verbose:
            print(self.steps, kind, len(world.log), decode_head(world.tables.head).seq)
        if kind == "crash":
            self.crash()
        elif kind == "owner":
            self.asleep[world.newest] = self.steps + random.choice((0, 20, 100, 400))
            self.new_owner()
        elif kind == "back":
            deep = 10**9 if random.random() < 0.15 else 1 + int(random.expovariate(0.3))
            world.roll_back(deep)
        elif kind == "sleep":
            self.asleep[world.newest] = self.steps + random.choice((10, 50))
        else:
            world.rules = random.choice(("r1", "r2", "r3"))

    def crash(self) -> None:
        """The newest owner dies; what it sent may still land."""
        owner = self.world.newest
        self.running.pop(owner).close()
        for append in [a for a in self.world.under_way if a.owner == owner]:
            if self.world.chance(0.5):
                self.world.under_way.remove(append)
        self.new_owner()

    def land_one(self) -> None:
        """In order per owner; a sleeping owner's records mostly land late."""
        world = self.world
        picked = world.random.choice(world.under_way)
        if self.asleep.get(picked.owner, 0) > self.steps and world.chance(0.9):
            return
        world.land(next(a for a in world.under_way if a.owner == picked.owner))

    def step_one(self) -> None:
        awake = [o for o in self.running if self.asleep.get(o, 0) <= self.steps]
        if not awake:
            return
        newest = self.world.newest
        owner = newest if newest in awake and self.world.chance(0.5) else awake[0]
        if owner != newest:
            owner = self.world.random.choice(awake)
        try:
            self.running[owner].send(None)
        except StopIteration:
            del self.running[owner]


def run_seed(seed: int, faults: int = 12, make: MakeLane = make_lane, verbose: bool = False) -> int:
    """Owners that lived. Raises Broken where an effect was lost, doubled or wrong."""
    history = History(seed, faults, make, verbose)
    try:
        history.play()
    except LoudStop as stop:
        raise Broken(f"loud stop: {stop}") from stop
    verify(history.world)
    return history.world.newest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--faults", type=int, default=12)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    begun, owners, broken = time.perf_counter(), 0, []
    for seed in range(options.first, options.first + options.seeds):
        try:
            owners += run_seed(seed, options.faults, verbose=options.verbose)
        except Broken as fault:
            broken.append(seed)
            print(f"seed {seed}: {fault}")
    seconds = time.perf_counter() - begun
    print(
        f"{options.seeds} histories, {owners} owners, up to {options.faults} faults each: "
        f"{len(broken)} broken, {options.seeds / seconds * 60:,.0f} histories a minute"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
