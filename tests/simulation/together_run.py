"""Histories of several lanes in which everything comes together: the product's own evaluation,
timers, budgets that lanes share, rule sets that are swapped under them, and every fault.

    python -m tests.simulation.together_run --seeds 100 [--first 0] [--faults 12]
"""

import argparse
import sys
import time
from collections.abc import Callable

from tests.simulation.late import LateTables
from tests.simulation.oracle import Broken
from tests.simulation.timer_oracle import verify
from tests.simulation.timer_run import TimerHistory
from tests.simulation.timer_world import CHANNELS, INTERNAL, WorldRules
from tests.simulation.together_oracle import judge
from tests.simulation.together_world import (
    LANES,
    RunningClock,
    TimeLane,
    Together,
    TogetherPublisher,
    TogetherSource,
)
from tests.simulation.toy import SilentObserver
from tests.simulation.world import SimulatedLog, SimulatedTables
from worker.errors import LoudStop
from worker.evaluation.evaluator import LoyaltyEvaluator
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import decode_head

MakeLane = Callable[[TimeLane, int], Lane]
FOR_EVER = 10**18


def make_lane(world: TimeLane, owner: int) -> Lane:
    rules, tables = WorldRules(world), LateTables if world.late else SimulatedTables
    ports = LanePorts(
        source=TogetherSource(world, owner),
        log=SimulatedLog(world, owner),
        tables=tables(world),
        publisher=TogetherPublisher(world),
        evaluator=LoyaltyEvaluator(
            CHANNELS, rules, world.terms, world.number, LANES, world.most_units
        ),
        clock=RunningClock(world, owner),
        observer=SilentObserver(),
    )
    settings = LaneSettings(owner=str(owner), give_up_after=FOR_EVER, repeat_horizon_us=FOR_EVER)
    return Lane(world.number, ports, settings, CacheBudget(1 << 20))


class LaneHistory(TimerHistory):
    """One lane's part: its owner may leave in good order, an earlier one be given it back, and it
    may have none for a while."""

    def __init__(self, world: TimeLane, seed: int, faults: int, make: MakeLane) -> None:
        super().__init__(seed * LANES + world.number, faults, make)  # type: ignore[arg-type]
        self.world: TimeLane = world
        self._back_at = 0

    def turn(self) -> None:
        if self.is_away and self.steps >= self._back_at:
            self._back_at = 0
            self.new_owner()
        super().turn()

    @property
    def is_away(self) -> bool:
        return self._back_at > 0

    def new_owner(self) -> None:
        self.world.member = 0
        if not self.is_away:
            super().new_owner()

    def fault(self) -> None:
        luck = self.world.random.random()
        if luck < 0.08:
            self._away()
        elif luck < 0.2:
            self.owners[self.world.newest].stop()
            self.new_owner()
        elif luck < 0.35:
            self.world.member = self.world.random.choice([self.world.newest, *self.running])
        else:
            super().fault()

    def _away(self) -> None:
        self._back_at = self.steps + self.world.random.choice((50, 300, 1000))
        self.crash()

    def crash(self) -> None:
        """Nobody dies where nobody is, or where the newest owner has left."""
        if self.world.newest in self.running:
            super().crash()

    def finished(self) -> bool:
        read = decode_head(self.world.tables.head).positions.get(INTERNAL, 0)
        if self.is_away or read < len(self.world.topics[INTERNAL]):
            self._moved_at = self.steps
        return super().finished()


class Histories:
    """The scheduler of one seed."""

    def __init__(self, seed: int, faults: int, make: MakeLane = make_lane) -> None:
        self.together = Together(seed)
        self.lanes = [LaneHistory(world, seed, faults, make) for world in self.together.lanes]
        self._random = self.lanes[0].world.random

    def play(self) -> None:
        """Until all lanes are at rest. Raises Broken, LoudStop."""
        for lane in self.lanes:
            lane.new_owner()
        while not all(lane.finished() for lane in self.lanes):
            self._random.choice(self.lanes).turn()

    def close(self) -> None:
        for lane in self.lanes:
            lane.close()


def run_seed(seed: int, faults: int = 12, make: MakeLane = make_lane) -> int:
    """Timers that rang. Raises Broken where an effect was lost, doubled or wrong."""
    histories = Histories(seed, faults, make)
    try:
        histories.play()
    except LoudStop as stop:
        raise Broken(f"loud stop: {stop}") from stop
    finally:
        histories.close()
    expected = [verify(world) for world in histories.together.lanes]
    judge(expected)
    return sum(each.rung for each in expected)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--faults", type=int, default=12)
    options = parser.parse_args()
    begun, rung, broken = time.perf_counter(), 0, 0
    for seed in range(options.first, options.first + options.seeds):
        try:
            rung += run_seed(seed, options.faults)
        except Broken as fault:
            broken += 1
            print(f"seed {seed}: {fault}")
    seconds = time.perf_counter() - begun
    print(
        f"{options.seeds} histories of {LANES} lanes, {rung} timers, up to {options.faults} faults "
        f"for each lane: {broken} broken, {options.seeds / seconds * 60:,.0f} histories a minute"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
