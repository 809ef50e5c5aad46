"""Histories of one lane in which time passes: what falls due by itself, under crashes, zombies,
tables that fall back, clocks that step and rule sets that are swapped.

    python -m tests.simulation.timer_run --seeds 500 [--first 0] [--faults 12]
"""

import argparse
import sys
import time
from collections.abc import Callable

from tests.simulation.oracle import Broken
from tests.simulation.run import History
from tests.simulation.timer_oracle import verify
from tests.simulation.timer_world import (
    CHANNELS,
    HOUR_US,
    INTERNAL,
    TERMS,
    OwnerClock,
    TimerPublisher,
    TimerSource,
    TimerWorld,
    WorldRules,
)
from tests.simulation.toy import SilentObserver
from tests.simulation.world import SimulatedLog, SimulatedTables
from worker.errors import LoudStop
from worker.evaluation.evaluator import LoyaltyEvaluator
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import decode_head

MakeLane = Callable[[TimerWorld, int], Lane]
QUIET_STEPS = 250
"""So long nothing happened after the end: the lane has nothing left to do."""


def make_lane(world: TimerWorld, owner: int) -> Lane:
    ports = LanePorts(
        source=TimerSource(world, owner),
        log=SimulatedLog(world, owner),
        tables=SimulatedTables(world),
        publisher=TimerPublisher(world),
        evaluator=LoyaltyEvaluator(CHANNELS, WorldRules(world), TERMS, most_units=world.most_units),
        clock=OwnerClock(world, owner),
        observer=SilentObserver(),
    )
    settings = LaneSettings(owner=str(owner), repeat_horizon_us=10**18)
    return Lane(0, ports, settings, CacheBudget(1 << 20))


class TimerHistory(History):
    """The scheduler of one seed. Some begin when all records are there already: a catch-up."""

    world: TimerWorld

    def __init__(self, seed: int, faults: int, make: MakeLane = make_lane) -> None:
        super().__init__(seed, faults, make)  # type: ignore[arg-type]
        self.world = TimerWorld(seed, hurry=seed % 3 == 0)
        self.world.swapped = seed % 2 == 0
        self._moved_at = 0
        self._moved = (b"", 0)

    def step_one(self) -> None:
        self.world.pass_time()
        super().step_one()

    def finished(self) -> bool:
        world = self.world
        now = (world.tables.head, len(world.log))
        if now != self._moved or world.now <= world.end or self.faults or world.under_way:
            self._moved, self._moved_at = now, self.steps
        head = decode_head(world.tables.head)
        whole = all(
            head.positions.get(topic) == len(records)
            for topic, records in world.topics.items()
            if topic != INTERNAL
        )
        if not whole or world.tables.outbox or self.asleep.get(world.newest, 0) > self.steps:
            self._moved_at = self.steps
        return self.steps - self._moved_at > QUIET_STEPS

    def fault(self) -> None:
        random, world = self.world.random, self.world
        if random.random() < 0.25:
            world.skews[world.newest] = random.choice((-1, 0, 1, 4)) * HOUR_US // 2
        elif world.swapped or random.random() < 0.9:
            super().fault()
        if not world.swapped:
            world.rules = "r1"

    def new_owner(self) -> None:
        super().new_owner()
        if self.world.chance(0.3):
            self.world.skews[self.world.newest] = self.world.random.randint(-HOUR_US, HOUR_US) // 2


def run_seed(seed: int, faults: int = 12, make: MakeLane = make_lane) -> int:
    """Timers that rang. Raises Broken where an effect was lost, doubled or wrong."""
    return judged(TimerHistory(seed, faults, make))


def judged(history: TimerHistory) -> int:
    """The same of a history that is to be played."""
    try:
        history.play()
    except LoudStop as stop:
        raise Broken(f"loud stop: {stop}") from stop
    return verify(history.world).rung


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--faults", type=int, default=12)
    options = parser.parse_args()
    begun, rung, broken = time.perf_counter(), 0, []
    for seed in range(options.first, options.first + options.seeds):
        try:
            rung += run_seed(seed, options.faults)
        except Broken as fault:
            broken.append(seed)
            print(f"seed {seed}: {fault}")
    seconds = time.perf_counter() - begun
    print(
        f"{options.seeds} histories, {rung} timers, up to {options.faults} faults each: "
        f"{len(broken)} broken, {options.seeds / seconds * 60:,.0f} histories a minute"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
