"""Requests that reach the tables late change nothing; the comparison of heads is why."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tests.simulation import lane_history
from tests.simulation.careless import timer_lane
from tests.simulation.history import MakeLane
from tests.simulation.late import LateTables
from tests.simulation.oracle import Broken
from tests.simulation.timer_history import run_seed as run_timers
from tests.simulation.toy import ToyWorld
from worker.lane.lane import Lane
from worker.tables.port import CommitAnswer, IndexChange

SEEDS, ENOUGH = 300, 3
TIMER_SEEDS = 8


def lane_on(tables: type[LateTables]) -> MakeLane[ToyWorld]:
    def make(world: ToyWorld, owner: int) -> Lane:
        lane = lane_history.make_lane(world, owner)
        lane.ports = replace(lane.ports, tables=tables(world))
        return lane

    return make


def test_a_late_request_changes_nothing() -> None:
    owners = sum(lane_history.run_seed(seed, make=lane_on(LateTables)) for seed in range(SEEDS))
    assert owners > 2 * SEEDS


def test_no_late_request_leaves_the_index_without_an_entry() -> None:
    make = timer_lane(tables=LateTables)
    assert sum(run_timers(seed, 12, make) for seed in range(TIMER_SEEDS)) > 20 * TIMER_SEEDS


class CommitsOverAnyHead(LateTables):
    """A late commit takes the state back to where it was sent."""

    def _apply(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange,
    ) -> CommitAnswer:
        return super()._apply(self.world.tables.head, new, outbox, values, index)


def test_tables_that_do_not_compare_the_head_of_a_late_commit_are_caught() -> None:
    """By 64 of 300 histories."""
    assert len(caught(lane_on(CommitsOverAnyHead))) == ENOUGH


def caught(make: MakeLane[ToyWorld]) -> Sequence[int]:
    """The first histories that came out otherwise."""
    seeds: list[int] = []
    for seed in range(SEEDS):
        try:
            lane_history.run_seed(seed, make=make)
        except Broken:
            seeds.append(seed)
        if len(seeds) == ENOUGH:
            break
    return seeds
