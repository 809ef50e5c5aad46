"""The asking side: a lane's slices of budgets, and the one request that it may have under way."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from rules_engine.budgets.messages import GivenBack, Granted, NoneLeft, Recall, Request, Return
from rules_engine.budgets.port import BudgetKey, Need, Verdict, organization_of, split_key
from rules_engine.budgets.state import BudgetState
from rules_engine.limits import KEPT_PERIODS

if TYPE_CHECKING:
    from rules_engine.budgets.lane import LaneBudgets

NOTHING = Decimal(0)
Kept = TypeVar("Kept")


def try_to_charge(state: BudgetState, needs: Sequence[Need]) -> Verdict:
    """What the slices cover is charged at once; what is above a known bound is refused."""
    slices = state.slices
    if all(slices.get(need.key, NOTHING) >= need.amount for need in needs):
        _charge(state, needs)
        return Verdict.CHARGED
    for need in needs:
        bound = state.bounds.get(need.key)
        held = slices.get(need.key, NOTHING)
        if bound is None or bound.limit < need.limit:
            continue
        if held < need.amount and need.amount > bound.left:
            return Verdict.REFUSED
    return Verdict.SHORT


def _charge(state: BudgetState, needs: Sequence[Need]) -> None:
    for need in needs:
        left = state.slices[need.key] - need.amount
        if left:
            state.slices[need.key] = left
        else:
            del state.slices[need.key]


def ask(lane: "LaneBudgets", needs: Sequence[Need]) -> None:
    """A request gives the whole unused slice back: the owner then decides on all there is."""
    organization = organization_of(needs[0].key)
    given = tuple(GivenBack(need.key, lane.state.slices.pop(need.key, NOTHING)) for need in needs)
    lane.send(lane.owner_of(organization), Request(organization, tuple(needs), given))


def granted(lane: "LaneBudgets", body: Granted) -> None:
    """The slices cover the needs; the rule is charged from them at once."""
    tried = lane.expect_answer()
    slices = lane.state.slices
    for given in body.slices:
        slices[given.key] = slices.get(given.key, NOTHING) + given.unused
        _forget_older(slices, given.key)
    if any(slices.get(need.key, NOTHING) < need.amount for need in tried.needs):
        raise lane.contradiction("a grant does not cover its need")
    _charge(lane.state, tried.needs)
    tried.verdicts[tried.asking] = True
    tried.asking, tried.needs = "", ()


def none_left(lane: "LaneBudgets", body: NoneLeft) -> None:
    tried = lane.expect_answer()
    for bound in body.bounds:
        lane.state.bounds[bound.key] = bound
        _forget_older(lane.state.bounds, bound.key)
    tried.verdicts[tried.asking] = False
    tried.asking, tried.needs = "", ()


def _forget_older(known: dict[BudgetKey, Kept], key: BudgetKey) -> None:
    """Of a budget only the two latest periods are kept. Slices in two later ones mean that the
    owner, who granted them, has forgotten the older period too."""
    budget, _ = split_key(key)
    periods = sorted((k for k in known if split_key(k)[0] == budget), key=lambda k: split_key(k)[1])
    for old in periods[:-KEPT_PERIODS]:
        del known[old]


def recalled(lane: "LaneBudgets", body: Recall, owner: int) -> None:
    """Answered at once, always: idle or waiting. What is charged is not in the slice any more."""
    unused = lane.state.slices.pop(body.key, NOTHING)
    lane.send(owner, Return(body.key, unused, body.recall))
