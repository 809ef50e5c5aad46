"""Histories of one lane in which time passes: what falls due by itself, under crashes, zombies,
tables that fall back, clocks that step and rule sets that are swapped."""

from rules_engine.budgets.state import unpack_budgets
from tests.simulation.history import History, MakeLane
from tests.simulation.oracle import Broken
from tests.simulation.parts import SilentObserver, SimulatedLog
from tests.simulation.tables import SimulatedTables
from tests.simulation.timer_oracle import verify
from tests.simulation.timer_rules import VERSIONS
from tests.simulation.timer_world import (
    CHANNELS,
    HOUR_US,
    AnyTimerWorld,
    OwnerClock,
    TimerPublisher,
    TimerSource,
    TimerWorld,
    WorldRules,
)
from tests.simulation.world import Listener
from worker.errors import LoudStop
from worker.evaluation.budget_share import BUDGETS_KEY
from worker.evaluation.evaluator import LoyaltyEvaluator
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import decode_head

STEP_US = HOUR_US // 4
VAIN = 3
"""An owner that asked so often in vain has nothing left to do: between two of its polls it looks
whether its tables fell back and what is due."""
QUIET_US = 3 * HOUR_US
"""Longer than any clock steps back: so long an owner may believe that it has looked just now."""
SPREADS = (200, 1000)
"""Over so many steps a history's faults are spread."""
FOR_EVER = 10**18


def make_lane(world: TimerWorld, owner: int) -> Lane:
    rules, terms, units = WorldRules(world), world.terms, world.most_units
    ports = LanePorts(
        source=TimerSource(world, owner),
        log=SimulatedLog(world, owner),
        tables=SimulatedTables(world),
        publisher=TimerPublisher([world]),
        evaluator=LoyaltyEvaluator(CHANNELS, rules, terms, most_units=units),
        clock=OwnerClock(world, owner),
        observer=SilentObserver(),
    )
    return Lane(0, ports, settings_of(owner), CacheBudget(1 << 20))


def settings_of(owner: int) -> LaneSettings:
    return LaneSettings(owner=str(owner), give_up_after=FOR_EVER, repeat_horizon_us=FOR_EVER)


class TimerHistory(History[AnyTimerWorld]):
    def __init__(self, world: AnyTimerWorld, faults: int, make: MakeLane[AnyTimerWorld]) -> None:
        super().__init__(world, faults, make)
        self.fault_rate = (1 + self.faults) / world.random.choice(SPREADS)
        self._quiet_since = (0, 0)
        """At so many changes: the instant."""

    def turn(self) -> None:
        self.world.pass_time(STEP_US)
        super().turn()

    def finished(self) -> bool:
        world = self.world
        if self.faults or self.is_away or world.now <= world.end or world.under_way:
            return False
        if self._quiet_since[0] != world.changes:
            self._quiet_since = (world.changes, world.now)
        quiet = world.vain >= VAIN and world.now - self._quiet_since[1] > QUIET_US
        return quiet and self._is_through()

    def _is_through(self) -> bool:
        tables = self.world.tables
        positions = decode_head(tables.head).positions
        whole = all(positions.get(t) == len(found) for t, found in self.world.topics.items())
        tried = unpack_budgets(tables.values.get(BUDGETS_KEY, b"")).tried
        return whole and not tables.outbox and tried is None

    def fault(self) -> None:
        if self.world.chance(0.2):
            self._step_clock()
        else:
            super().fault()

    def _step_clock(self) -> None:
        self.world.skews[self.world.newest] = self.world.random.choice((-1, 0, 1, 4)) * HOUR_US // 2

    def reload(self) -> None:
        if self.world.swapped:
            self.world.rules = self.world.random.choice(list(VERSIONS))

    def new_owner(self) -> None:
        super().new_owner()
        if self.world.chance(0.3):
            self.world.skews[self.world.newest] = self.world.random.randint(-HOUR_US, HOUR_US) // 2


def make_world(seed: int) -> TimerWorld:
    """Some begin when all records are there already: a catch-up."""
    return TimerWorld(seed, hurry=seed % 3 == 0, swapped=seed % 2 == 0)


def run_seed(
    seed: int,
    faults: int = 12,
    make: MakeLane[TimerWorld] = make_lane,
    listener: Listener | None = None,
) -> int:
    """Timers that rang. Raises Broken where an effect was lost, doubled or wrong."""
    return run_world(make_world(seed), faults, make, listener)


def run_world(
    world: TimerWorld,
    faults: int = 12,
    make: MakeLane[TimerWorld] = make_lane,
    listener: Listener | None = None,
) -> int:
    """The same of a world that is made already."""
    world.listener = listener
    history = TimerHistory(world, faults, make)
    try:
        history.play()
    except LoudStop as stop:
        raise Broken(f"loud stop: {stop}") from stop
    finally:
        history.close()
    return verify(world).rung
