"""The lane under faults; that the simulation notices a missing guard is in `test_guards.py`."""

from tests.simulation.lane_history import run_seed

SEEDS = 800


def test_nothing_is_lost_doubled_or_wrong() -> None:
    owners = sum(run_seed(seed) for seed in range(SEEDS))
    assert owners > 2 * SEEDS


def test_nothing_is_lost_doubled_or_wrong_under_many_faults() -> None:
    owners = sum(run_seed(seed, faults=40) for seed in range(50_000, 50_000 + SEEDS // 4))
    assert owners > SEEDS
