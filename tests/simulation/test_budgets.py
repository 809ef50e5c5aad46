"""Budgets over several lanes under faults, and the proof that a missing guard is noticed.

Of the first 100 histories so many catch lanes that take every message as new: 67; keep their slice:
16; never say that money came back: 4; take other records before the pending one: 100; forget what
is settled of it: 100; do not ask again when a budget was raised: 41.
"""

from collections.abc import Callable, Sequence

import pytest

from rules_engine.budgets import holder, owner
from rules_engine.budgets.lane import LaneBudgets
from rules_engine.budgets.messages import Message, Return
from rules_engine.budgets.port import Need, Verdict
from rules_engine.budgets.state import BudgetState
from tests.simulation.budget_history import run_seed
from tests.simulation.oracle import Broken
from worker.lane.lane import Lane

SEEDS = 150


def test_never_too_much_nothing_strands_nobody_waits_for_ever() -> None:
    owners = sum(run_seed(seed) for seed in range(SEEDS))
    assert owners > 4 * SEEDS


def test_the_same_under_many_faults() -> None:
    owners = sum(run_seed(seed, faults=40) for seed in range(90_000, 90_000 + SEEDS // 5))
    assert owners > 2 * SEEDS


def _caught(seeds: int = 500) -> bool:
    for seed in range(seeds):
        try:
            run_seed(seed)
        except (Broken, AssertionError):
            return True
    return False


def test_lanes_that_take_every_message_as_new_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = LaneBudgets.receive

    def forgetful(self: LaneBudgets, message: Message, limit_of: Callable[..., object]) -> None:
        self.state.seen[message.sender] = message.number - 1
        honest(self, message, limit_of)  # type: ignore[arg-type]

    monkeypatch.setattr(LaneBudgets, "receive", forgetful)
    assert _caught()


def test_holders_that_keep_their_slice_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(lane: LaneBudgets, body: object, sender: int) -> None:
        key, recall = body.key, body.recall  # type: ignore[attr-defined]
        lane.send(sender, Return(key, holder.NOTHING, recall))

    monkeypatch.setattr(holder, "recalled", keep)
    assert _caught()


def test_owners_that_never_say_that_money_came_back_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, "_open", lambda *_: None)
    assert _caught(1500)


def test_a_lane_that_takes_other_records_before_the_pending_one_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Lane, "_see_pending", lambda *_: None)
    assert _caught()


def test_a_lane_that_forgets_what_is_settled_of_the_pending_record_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LaneBudgets, "begin", lambda self, *_: self._verdicts.clear())
    assert _caught()


def test_lanes_that_do_not_ask_again_when_a_budget_was_raised_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = holder.try_to_charge

    def stubborn(state: BudgetState, needs: Sequence[Need]) -> Verdict:
        return honest(state, [Need(need.key, need.amount, holder.NOTHING) for need in needs])

    monkeypatch.setattr(holder, "try_to_charge", stubborn)
    assert _caught(1500)
