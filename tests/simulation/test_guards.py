"""Every guard of the worker, taken out one at a time: each time a harness must fail.

A guard without a harness that misses it is a guess. The simulated histories of one lane
(`run`) and of one in which time passes (`timer_run`) look for what is lost, doubled or wrong; what
an event does, and that a repeated one does nothing, is held against the reference model.
"""

from collections.abc import Callable

import pytest
from msgspec import Struct

from tests.reference.compare import Case, compare
from tests.reference.hunt import make_case
from tests.reference.world import Switches
from tests.simulation import careless, run, timer_run
from tests.simulation.oracle import Broken

LANE_SEEDS, TIMER_SEEDS, CASES = 3000, 400, 400
CORNERS = range(7, 8 * CASES, 8)
"""Of the reference's cases those about one subject each; remembered ids are among them."""


class Guard(Struct, frozen=True):
    """`stands`: where it is in the product."""

    name: str
    stands: str
    break_it: Callable[[pytest.MonkeyPatch], careless.Make]
    history: Callable[..., int] = run.run_seed
    seeds: int = LANE_SEEDS
    faults: int = 12


GUARDS = (
    Guard("terms", "worker.plan.Folding.take", careless.counts_plans_of_any_term),
    Guard("reading of holes", "worker.batch.append", careless.does_not_read_holes),
    Guard(
        "commit after the acknowledgement",
        "worker.batch.step",
        careless.commits_before_the_acknowledgement,
    ),
    Guard("head comparison", "worker.tables.scripts", careless.does_not_compare_heads),
    Guard("checked loads", "worker.batch.load", careless.does_not_check_loads),
    Guard("cache of one term", "worker.lane.Lane._own", careless.keeps_its_cache),
    Guard("outbox replay", "worker.acquire._publish_outbox", careless.forgets_the_outbox),
    Guard("seek from state", "worker.acquire.acquire", careless.does_not_seek_from_the_state),
    Guard(
        "timer clock: no record unread",
        "worker.lane.Lane._rings",
        careless.rings_with_records_unread,
        timer_run.run_seed,
        TIMER_SEEDS,
        25,
    ),
    Guard(
        "timer clock: read before the ends",
        "worker.lane.Lane._rings",
        careless.reads_the_clock_last,
        timer_run.run_seed,
        TIMER_SEEDS,
        25,
    ),
)


def first_caught(guard: Guard, make: careless.Make) -> int | None:
    """The seed whose history came out lost, doubled or wrong."""
    for seed in range(guard.seeds):
        try:
            guard.history(seed, guard.faults, make=make)
        except Broken:
            return seed
    return None


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_worker_without_the_guard_is_caught(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = first_caught(guard, guard.break_it(monkeypatch))
    assert seed is not None
    monkeypatch.undo()
    guard.history(seed, guard.faults)  # with the guard the same history is as it should be


def test_a_worker_without_duplicate_memory_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """`rules_engine.evaluate.apply_event`, against the reference model."""
    cases: list[Case] = [make_case(seed, Switches()) for seed in CORNERS[:64]]
    careless.remembers_no_event(monkeypatch)
    missed = [case for case in cases if compare(case) is not None]
    assert missed
    monkeypatch.undo()
    assert all(compare(case) is None for case in missed)
