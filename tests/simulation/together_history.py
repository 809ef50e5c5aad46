"""Histories of several lanes in which everything comes together: the product's own evaluation,
timers, budgets that lanes share, rule sets that are swapped under them, and every fault."""

from tests.simulation.history import MakeLane
from tests.simulation.late import LateTables
from tests.simulation.oracle import Broken
from tests.simulation.parts import SilentObserver, SimulatedLog
from tests.simulation.several import Several
from tests.simulation.tables import SimulatedTables
from tests.simulation.timer_fold import Expected
from tests.simulation.timer_history import TimerHistory, settings_of
from tests.simulation.timer_oracle import verify
from tests.simulation.timer_world import CHANNELS, OwnerClock, TimerPublisher, WorldRules
from tests.simulation.together_oracle import judge
from tests.simulation.together_world import LANES, TimeLane, Together, TogetherSource
from tests.simulation.world import Listener
from worker.errors import LoudStop
from worker.evaluation.evaluator import LoyaltyEvaluator
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts


def make_lane(world: TimeLane, owner: int) -> Lane:
    rules, tables = WorldRules(world), LateTables if world.late else SimulatedTables
    ports = LanePorts(
        source=TogetherSource(world, owner),
        log=SimulatedLog(world, owner),
        tables=tables(world),
        publisher=TimerPublisher(world.together.lanes, world.number),
        evaluator=LoyaltyEvaluator(
            CHANNELS, rules, world.terms, world.number, LANES, world.most_units
        ),
        clock=OwnerClock(world, owner),
        observer=SilentObserver(),
    )
    return Lane(world.number, ports, settings_of(owner), CacheBudget(1 << 20))


class LaneHistory(TimerHistory[TimeLane]):
    """One lane's part: its owner may leave in good order, an earlier one be given it back, and it
    may have none for a while."""

    def new_owner(self) -> None:
        self.world.member = 0
        super().new_owner()

    def fault(self) -> None:
        luck = self.world.random.random()
        if luck < 0.08:
            self.stay_away()
        elif luck < 0.2:
            self._leave()
        elif luck < 0.35:
            self._give_back()
        else:
            super().fault()

    def _leave(self) -> None:
        self.world.tell("the owner leaves")
        self.owners[self.world.newest].stop()
        self.new_owner()

    def _give_back(self) -> None:
        self.world.member = self.world.random.choice([self.world.newest, *self.running])
        self.world.tell(f"the lane is given back to owner {self.world.member}")


class TogetherHistory:
    """All of them."""

    def __init__(self, seed: int, faults: int = 12, make: MakeLane[TimeLane] = make_lane) -> None:
        self.together = Together(seed)
        lanes = [LaneHistory(world, faults, make) for world in self.together.lanes]
        self.lanes = Several(lanes, lanes[0].world.random)

    def play(self) -> list[Expected]:
        """What each lane came to. Raises Broken."""
        try:
            self.lanes.play()
        except LoudStop as stop:
            raise Broken(f"loud stop: {stop}") from stop
        finally:
            self.lanes.close()
        expected = [verify(world) for world in self.together.lanes]
        judge(expected)
        return expected


def run_seed(
    seed: int,
    faults: int = 12,
    make: MakeLane[TimeLane] = make_lane,
    listener: Listener | None = None,
) -> int:
    """Timers that rang. Raises Broken where an effect was lost, doubled or wrong."""
    history = TogetherHistory(seed, faults, make)
    for world in history.together.lanes:
        world.listener = listener
    return sum(lane.rung for lane in history.play())
