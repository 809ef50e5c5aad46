"""What must hold of the budgets that lanes share, once each lane was found to be the fold of its
own log: nobody waits for ever, and of every budget not more was credited than there is, with every
unit free, in a slice or credited."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from rules_engine.budgets.port import BudgetKey, budget_key
from rules_engine.budgets.state import unpack_budgets
from rules_engine.calendar import calendar_of, period_ordinal
from rules_engine.checked import Period
from schemas.instants import parse_instant
from tests.simulation.oracle import Broken
from tests.simulation.timer_fold import Expected
from tests.simulation.timer_rules import ZONES

LIMIT, NOTHING = Decimal(60), Decimal(0)
"""Of each week, in every version of the rules (`timer_world`)."""
_decoder = msgspec.json.Decoder(dict[str, Any])


def judge(lanes: Sequence[Expected]) -> None:
    """Raises Broken."""
    budgets = [unpack_budgets(lane.budgets) for lane in lanes]
    for number, state in enumerate(budgets):
        if state.tried or state.queues or state.awaited:
            raise Broken(f"lane {number} waits for ever")
    credited = _credited(lanes)
    for key, amount in credited.items():
        if amount > LIMIT:
            raise Broken(f"{key!r}: {amount} of {LIMIT} credited")
    for state in budgets:
        for key, ledger in state.ledgers.items():
            slices = sum((other.slices.get(key, NOTHING) for other in budgets), NOTHING)
            if ledger.free + slices + credited.get(key, NOTHING) != LIMIT:
                raise Broken(f"{key!r}: free {ledger.free}, in slices {slices}, {credited[key]}")


def _credited(lanes: Sequence[Expected]) -> dict[BudgetKey, Decimal]:
    """By the commands, in the local week of what caused them."""
    found: dict[BudgetKey, Decimal] = {}
    for raw in (raw for lane in lanes for raw in lane.due.values()):
        command = _decoder.decode(raw)
        if command.get("type") == "ADD_BONUS":
            key = _week_of(command["organizationId"], parse_instant(command["issuedAt"]))
            found[key] = found.get(key, NOTHING) + Decimal(command["amountMajor"])
    return found


def _week_of(organization: str, at: int) -> BudgetKey:
    day = calendar_of(ZoneInfo(ZONES[organization])).local_day(at)
    return budget_key(organization, "", "WEEK", period_ordinal(Period.WEEK, day))
