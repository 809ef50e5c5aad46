"""Histories of one lane over a toy domain: the procedure of the lane alone."""

from tests.simulation.history import History, MakeLane
from tests.simulation.lane_oracle import verify
from tests.simulation.oracle import Broken
from tests.simulation.parts import SilentObserver, SimulatedClock, SimulatedLog, SimulatedPublisher
from tests.simulation.source import SimulatedSource
from tests.simulation.tables import SimulatedTables
from tests.simulation.toy import PER_TOPIC, TOPICS, ToyEvaluator, ToyWorld
from tests.simulation.world import Listener
from worker.errors import LoudStop
from worker.lane.cache import CacheBudget
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import decode_head


def make_lane(world: ToyWorld, owner: int, kind: type[Lane] = Lane) -> Lane:
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


class ToyHistory(History[ToyWorld]):
    def finished(self) -> bool:
        if self.faults or self.world.under_way:
            return False
        head = decode_head(self.world.tables.head)
        whole = all(head.positions.get(topic) == PER_TOPIC for topic in TOPICS)
        return whole and not self.world.tables.outbox

    def reload(self) -> None:
        self.world.rules = self.world.random.choice(("r1", "r2", "r3"))


def run_seed(
    seed: int,
    faults: int = 12,
    make: MakeLane[ToyWorld] = make_lane,
    listener: Listener | None = None,
) -> int:
    """Owners that lived. Raises Broken where an effect was lost, doubled or wrong."""
    history = ToyHistory(ToyWorld(seed), faults, make)
    history.world.listener = listener
    try:
        history.play()
    except LoudStop as stop:
        raise Broken(f"loud stop: {stop}") from stop
    finally:
        history.close()
    verify(history.world)
    return history.world.newest
