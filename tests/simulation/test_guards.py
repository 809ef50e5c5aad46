"""Every guard of the worker, taken out one at a time: each time a harness must fail.

A guard without a harness that misses it is a guess. The simulated histories of one lane
(`lane_history`) and of one in which time passes (`timer_history`) look for what is lost, doubled
or wrong; what an event does, and that a repeated one does nothing, is held against the reference
model.

Of the first 300 histories so many catch a lane without the guard (no single one is what a test
leans on: three have to):

    terms                                    97
    reading of holes                         84
    commit after the acknowledgement        157
    head comparison                          28
    checked loads                            52
    cache of one term                        82
    outbox replay                            45
    seek from state                         185
    duplicate memory                        300 (cases of the reference about remembered ids)
    timer clock: no record unread           300
    timer clock: read before the ends        27

The guards of the index of timers are taken out in `test_timers`, those of budgets over several
lanes in `test_budgets`.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from msgspec import Struct

from tests.reference.compare import Case, compare
from tests.reference.corners import remembered_ids
from tests.simulation import careless, lane_history, timer_history
from tests.simulation.history import MakeLane
from tests.simulation.oracle import Broken

SEEDS, ENOUGH = 300, 3
"""Histories at most, and how many of them have to catch a lane without the guard."""


class Guard(Struct, frozen=True):
    """`stands`: where it is in the product."""

    name: str
    stands: str
    break_it: Callable[[pytest.MonkeyPatch], MakeLane[Any]]
    history: Callable[..., int] = lane_history.run_seed
    faults: int = 12


GUARDS = (
    Guard("terms", "worker.lane.plan.Folding.take", careless.counts_plans_of_any_term),
    Guard("reading of holes", "worker.lane.batch.append", careless.does_not_read_holes),
    Guard(
        "commit after the acknowledgement",
        "worker.lane.batch.step",
        careless.commits_before_the_acknowledgement,
    ),
    Guard("head comparison", "worker.tables.scripts", careless.does_not_compare_heads),
    Guard("checked loads", "worker.lane.batch.load", careless.does_not_check_loads),
    Guard("cache of one term", "worker.lane.lane.Lane._own", careless.keeps_its_cache),
    Guard("outbox replay", "worker.lane.acquire._publish_outbox", careless.forgets_the_outbox),
    Guard("seek from state", "worker.lane.acquire.acquire", careless.does_not_seek_from_the_state),
    Guard(
        "timer clock: no record unread",
        "worker.lane.waking.rings",
        careless.rings_with_records_unread,
        timer_history.run_seed,
        25,
    ),
    Guard(
        "timer clock: read before the ends",
        "worker.lane.waking.rings",
        careless.reads_the_clock_last,
        timer_history.run_seed,
        25,
    ),
)


def caught(guard: Guard, make: MakeLane[Any]) -> list[int]:
    """The first seeds whose histories came out lost, doubled or wrong: enough of them, if so."""
    seeds: list[int] = []
    for seed in range(SEEDS):
        try:
            guard.history(seed, guard.faults, make=make)
        except Broken:
            seeds.append(seed)
        if len(seeds) == ENOUGH:
            break
    return seeds


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_worker_without_the_guard_is_caught(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = caught(guard, guard.break_it(monkeypatch))
    assert len(seeds) == ENOUGH
    monkeypatch.undo()
    for seed in seeds:  # with the guard the same histories are as they should be
        guard.history(seed, guard.faults)


def test_a_worker_without_duplicate_memory_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """`rules_engine.evaluate.apply_event`, against the reference model."""
    cases = [Case(seed, *remembered_ids(Random(seed))) for seed in range(ENOUGH)]
    careless.remembers_no_event(monkeypatch)
    assert all(compare(case) is not None for case in cases)
    monkeypatch.undo()
    assert all(compare(case) is None for case in cases)
