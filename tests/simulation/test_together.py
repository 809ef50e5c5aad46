"""Lanes, timers, budgets, payments and reloads at once, under faults; and what only a lane that
waits for another's answer can do wrong."""

from collections.abc import Sequence
from typing import Any

import pytest

from rules_engine.budgets.state import unpack_budgets
from tests.simulation.oracle import Broken, valid_plans
from tests.simulation.together_history import TogetherHistory, run_seed
from worker.lane.batch import step
from worker.lane.evaluator_port import Evaluated
from worker.lane.plan import timer_at

SEEDS = 4


def test_every_timer_rings_once_and_no_budget_is_overdrawn() -> None:
    assert sum(map(run_seed, range(SEEDS))) > 50 * SEEDS


def test_the_same_under_many_faults() -> None:
    assert run_seed(50_000, faults=40) > 50


def test_lanes_ask_each_other_about_events_and_timers() -> None:
    history = TogetherHistory(1, faults=0)
    expected = history.play()
    cuts = [p.cut for w in history.together.lanes for p in valid_plans(w.log) if p.cut]
    timers = [cut for cut in cuts if timer_at(cut) is not None]
    assert 0 < len(timers) < len(cuts)
    heard = {pair for number, lane in enumerate(expected) for pair in _heard(number, lane.budgets)}
    assert len({receiver for receiver, sender in heard if receiver != sender}) == len(expected)


def _heard(number: int, budgets: bytes) -> set[tuple[int, int]]:
    return {(number, sender) for sender in unpack_budgets(budgets).seen}


def test_a_lane_that_leaves_payments_of_the_forgotten_behind_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(*_: object) -> Sequence[str]:
        return ()

    monkeypatch.setattr("worker.lane.housekeeping.erase", nothing)
    with pytest.raises(Broken, match="states"):
        run_seed(2)


@pytest.mark.parametrize(("forgotten", "seed"), [("again_at", 0), ("rules", 2)])
def test_a_lane_that_decides_the_pending_record_otherwise_is_caught(
    forgotten: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the instant of the second attempt, or under rules that came between, in a history
    that shows it."""

    async def careless(*args: Any, **named: Any) -> Evaluated:
        return await step(*args, **{**named, forgotten: None})

    monkeypatch.setattr("worker.lane.lane.step", careless)
    with pytest.raises(Broken, match="decides otherwise"):
        run_seed(seed)
