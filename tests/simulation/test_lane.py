"""The lane under faults, and the proof that the simulation notices when a guard is missing."""

from collections.abc import Sequence

import pytest

from tests.simulation.oracle import Broken
from tests.simulation.run import make_lane, run_seed
from tests.simulation.world import SimulatedTables, World
from worker import acquire as acquire_module
from worker import batch as batch_module
from worker.commit import Commit, commit
from worker.lane import Lane

SEEDS = 800


def test_nothing_is_lost_doubled_or_wrong() -> None:
    owners = sum(run_seed(seed) for seed in range(SEEDS))
    assert owners > 2 * SEEDS


def test_nothing_is_lost_doubled_or_wrong_under_many_faults() -> None:
    owners = sum(run_seed(seed, faults=40) for seed in range(50_000, 50_000 + SEEDS // 4))
    assert owners > SEEDS


async def append_without_reading_holes(lane: Lane, raw: bytes) -> int:
    owned = lane.held()
    owned.last = await lane.ports.log.append(raw)
    return owned.last


async def commit_before_the_log_says_so(lane: Lane, raw: bytes) -> int:
    lane.held().last += 1
    return lane.held().last


class BelievesAnyReply(SimulatedTables):
    """Loads without looking whether the head is still the lane's."""

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        return await super().load(self.world.tables.head, keys)


class KeepsItsCache(Lane):
    """Trusts what it knew before somebody else owned the lane."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.cache.clear = lambda: None  # type: ignore[method-assign]


def _unguarded_tables(world: World, owner: int) -> Lane:
    lane = make_lane(world, owner)
    ports = lane.ports
    lane.ports = type(ports)(
        ports.source,
        ports.log,
        BelievesAnyReply(world),
        ports.publisher,
        ports.evaluator,
        ports.clock,
        ports.observer,
    )
    return lane


def _caught(make: object, seeds: int = 3000) -> bool:
    for seed in range(seeds):
        try:
            run_seed(seed, make=make)  # type: ignore[arg-type]
        except Broken:
            return True
    return False


@pytest.mark.parametrize("careless", [append_without_reading_holes, commit_before_the_log_says_so])
def test_an_append_without_its_guard_is_caught(
    careless: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "append", careless)
    assert _caught(make_lane)


def test_a_lane_that_keeps_its_cache_is_caught() -> None:
    assert _caught(lambda world, owner: make_lane(world, owner, KeepsItsCache))


def test_unguarded_loads_are_caught() -> None:
    assert _caught(_unguarded_tables)


def test_a_lane_that_forgets_the_outbox_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget(*_: object) -> None: ...

    monkeypatch.setattr(acquire_module, "_publish_outbox", forget)
    assert _caught(make_lane)


def test_a_lane_that_ignores_moved_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def careless(lane: Lane, work: Commit) -> None:
        tables = lane.ports.tables
        assert isinstance(tables, SimulatedTables)
        owned = lane.held()
        owned.raw_head = tables.world.tables.head
        await commit(lane, work)

    monkeypatch.setattr(batch_module, "commit", careless)
    assert _caught(make_lane)
