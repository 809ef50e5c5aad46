"""The owner's side: one ledger per budget and period, first come, first served.

A request that fits what is free is granted at once, all its budgets or none. One that exceeds what
is free and out together gets *none*, with that sum as a bound. Else every holder is recalled, and
the request decided when all have answered. Recalls carry a number, and the owner remembers what the
lane held at that moment, so messages that cross count once.
"""

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from rules_engine.budgets.messages import (
    Bound,
    GivenBack,
    Granted,
    NoneLeft,
    Open,
    Recall,
    Request,
    Return,
)
from rules_engine.budgets.port import BudgetKey, Need, split_key
from rules_engine.budgets.state import Awaited, BudgetState, Ledger, Queued
from rules_engine.limits import KEPT_PERIODS

if TYPE_CHECKING:
    from rules_engine.budgets.lane import LaneBudgets, LimitOf

NOTHING = Decimal(0)


def requested(lane: "LaneBudgets", body: Request, sender: int, limit_of: "LimitOf") -> None:
    for given in body.given_back:
        ledger = lane.state.ledgers.get(given.key)
        if ledger is not None:
            ledger.free += given.unused
            ledger.out.pop(sender, None)
            for awaited in _recalls_of(lane.state, sender, given.key):
                awaited.held = NOTHING
    queue = lane.state.queues.setdefault(body.organization_id, [])
    queue.append(Queued(sender, body))
    _serve(lane, body.organization_id, limit_of)


def returned(lane: "LaneBudgets", body: Return, sender: int, limit_of: "LimitOf") -> None:
    ledger = lane.state.ledgers.get(body.key)
    if body.recall:
        _settle_recall(lane.state, body, sender, ledger)
    if ledger is not None:
        ledger.free += body.unused
        if not body.recall:
            _open(lane, body.key, ledger)
    organization = body.key.partition("\x1f")[0]
    _serve(lane, organization, limit_of)


def _settle_recall(state: BudgetState, body: Return, sender: int, ledger: Ledger | None) -> None:
    """What the lane held when it was recalled is out no longer: it came back or was charged."""
    mine = [a for a in _recalls_of(state, sender, body.key) if a.recall == body.recall]
    if not mine:
        return
    held = mine[0].held
    state.awaited.remove(mine[0])
    if ledger is None or not held:
        return
    left = ledger.out.pop(sender, NOTHING) - held
    if left > 0:
        ledger.out[sender] = left
    for other in _recalls_of(state, sender, body.key):
        other.held = max(NOTHING, other.held - held)


def _recalls_of(state: BudgetState, sender: int, key: BudgetKey) -> list[Awaited]:
    return [a for a in state.awaited if a.lane == sender and a.key == key]


def _open(lane: "LaneBudgets", key: BudgetKey, ledger: Ledger) -> None:
    told, ledger.told = ledger.told, []
    for receiver in told:
        lane.send(receiver, Open(key))


def _serve(lane: "LaneBudgets", organization: str, limit_of: "LimitOf") -> None:
    """The queue from its head, until a request has to wait for slices to come back."""
    queue = lane.state.queues.get(organization, [])
    while queue:
        first = queue[0]
        bounds, waits = _judge(lane, first, limit_of)
        if bounds:
            for bound in bounds:
                _tell(lane.state, bound.key, first.lane)
            lane.send(first.lane, NoneLeft(tuple(bounds)))
        elif waits:
            return
        else:
            slices = tuple(_grant(lane, need, first.lane) for need in first.request.needs)
            lane.send(first.lane, Granted(slices))
        queue.pop(0)
    lane.state.queues.pop(organization, None)


def _judge(lane: "LaneBudgets", queued: Queued, limit_of: "LimitOf") -> tuple[list[Bound], bool]:
    """Bounds of the budgets that are short for good; whether some must be recalled first."""
    bounds: list[Bound] = []
    waits = False
    for need in queued.request.needs:
        ledger = _ledger(lane, need, limit_of)
        if ledger is None:
            bounds.append(Bound(need.key, NOTHING, need.limit))
            continue
        if need.amount <= ledger.free:
            continue
        others = {n: held for n, held in ledger.out.items() if n != queued.lane}
        rest = ledger.free + sum(others.values(), NOTHING)
        if need.amount > rest:
            bounds.append(Bound(need.key, max(NOTHING, rest), ledger.limit))
        elif need.key not in queued.rounds:
            _recall(lane, queued, need.key, others)
            waits = True
        elif any(a.recall == queued.rounds[need.key] for a in lane.state.awaited):
            waits = True
        else:
            bounds.append(Bound(need.key, max(NOTHING, rest), ledger.limit))
    return bounds, waits


def _recall(
    lane: "LaneBudgets", queued: Queued, key: BudgetKey, others: dict[int, Decimal]
) -> None:
    state = lane.state
    state.recalls += 1
    queued.rounds[key] = state.recalls
    for receiver, held in sorted(others.items()):
        state.awaited.append(Awaited(receiver, key, state.recalls, held))
        lane.send(receiver, Recall(key, state.recalls))


def _ledger(lane: "LaneBudgets", need: Need, limit_of: "LimitOf") -> Ledger | None:
    """The period's ledger, opened at the first need; None for a period older than the two that are
    kept. The amount is the one in force: where an author changed it, what is free moves along."""
    ledgers = lane.state.ledgers
    in_force = limit_of(need.key)
    limit = need.limit if in_force is None else in_force
    ledger = ledgers.get(need.key)
    if ledger is None:
        budget, ordinal = split_key(need.key)
        kept = _kept(lane.state, budget)
        if len(kept) >= KEPT_PERIODS and ordinal < min(kept):
            return None
        return ledgers.setdefault(need.key, Ledger(limit, limit))
    if ledger.limit != limit:
        more = limit - ledger.limit
        ledger.limit, ledger.free = limit, ledger.free + more
        if more > 0:
            _open(lane, need.key, ledger)
    return ledger


def _kept(state: BudgetState, budget: str) -> list[int]:
    """Ordinals of the periods in which the budget has granted something."""
    found = [(split_key(key), ledger) for key, ledger in state.ledgers.items()]
    return sorted(n for (name, n), ledger in found if name == budget and ledger.granted)


def _tell(state: BudgetState, key: BudgetKey, receiver: int) -> None:
    ledger = state.ledgers.get(key)
    if ledger is not None and receiver not in ledger.told:
        ledger.told.append(receiver)


def _grant(lane: "LaneBudgets", need: Need, receiver: int) -> GivenBack:
    """The need, or an equal part of what is free where that is more: rest / lanes."""
    ledger = lane.state.ledgers[need.key]
    part = (ledger.free / lane.lanes).quantize(lane.unit, ROUND_DOWN)
    given = max(need.amount, part)
    ledger.free -= given
    ledger.out[receiver] = ledger.out.get(receiver, NOTHING) + given
    ledger.granted = True
    _forget_older(lane.state, split_key(need.key)[0])
    return GivenBack(need.key, given)


def _forget_older(state: BudgetState, budget: str) -> None:
    kept = _kept(state, budget)
    for key in [k for k in state.ledgers if split_key(k)[0] == budget]:
        if len(kept) > KEPT_PERIODS and split_key(key)[1] < kept[-KEPT_PERIODS]:
            del state.ledgers[key]
