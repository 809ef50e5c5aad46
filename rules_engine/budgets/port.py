"""What an evaluation asks of budgets: may this credit be paid from all of them?"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum, auto
from typing import NewType, Protocol

from msgspec import Struct

from rules_engine.counters import PeriodAmounts
from rules_engine.errors import RulesEngineError
from rules_engine.limits import amassed, with_amount

BudgetKey = NewType("BudgetKey", str)
"""One budget in one period: organization ␟ rule id (empty: the set's) ␟ period ␟ its ordinal."""

SEPARATOR = "\x1f"


def budget_key(organization_id: str, rule_id: str, period: str, ordinal: int) -> BudgetKey:
    return BudgetKey(SEPARATOR.join((organization_id, rule_id, period, str(ordinal))))


def split_key(key: BudgetKey) -> tuple[str, int]:
    """The budget without its period's ordinal, and the ordinal."""
    budget, _, ordinal = key.rpartition(SEPARATOR)
    return budget, int(ordinal)


def organization_of(key: BudgetKey) -> str:
    return key.partition(SEPARATOR)[0]


class Need(Struct, frozen=True, gc=False, array_like=True):
    """So much is to be paid from a budget. `limit`: the budget's amount, as the rule set has it."""

    key: BudgetKey
    amount: Decimal
    limit: Decimal


class Verdict(Enum):
    CHARGED = auto()
    """It fits and is taken from every budget named."""
    REFUSED = auto()
    """It does not fit what is left anywhere."""
    SHORT = auto()
    """Nobody knows yet: the event must be tried again when the answer has come."""


class Budgets(Protocol):
    """The budgets as one event meets them. Each rule asks at most once, in matching order."""

    def charge(self, rule_id: str, needs: Sequence[Need]) -> Verdict: ...

    def give_back(self, key: BudgetKey, amount: Decimal) -> None:
        """A credit that was charged to the budget has been revoked."""


class BudgetShort(Exception):
    """A verdict was SHORT: the event's evaluation ends here, without any effect."""


class NoBudgets:
    """For rule sets without budgets: to be asked is a mistake of the caller."""

    def charge(self, rule_id: str, needs: Sequence[Need]) -> Verdict:
        raise RulesEngineError(f"rule {rule_id} has a budget, and none was given to charge")

    def give_back(self, key: BudgetKey, amount: Decimal) -> None:
        raise RulesEngineError(f"{key!r} is a budget, and none was given to take back")


class EndlessBudgets:
    """Whatever is asked fits: for questions that leave budgets aside."""

    def charge(self, rule_id: str, needs: Sequence[Need]) -> Verdict:
        return Verdict.CHARGED

    def give_back(self, key: BudgetKey, amount: Decimal) -> None:
        """Nothing to keep count of."""


class WholeBudgets:
    """All budgets in one hand, as `simulate` has them: what fits is paid, the rest refused.

    Keeps the two latest periods in which a budget was charged; an older one counts as spent.
    """

    def __init__(self, spent: Mapping[str, PeriodAmounts] | None = None) -> None:
        self._spent = dict(spent or {})

    def copy(self) -> "WholeBudgets":
        return WholeBudgets(self._spent)

    def charge(self, rule_id: str, needs: Sequence[Need]) -> Verdict:
        for need in needs:
            budget, ordinal = split_key(need.key)
            spent = amassed(self._spent.get(budget, ()), ordinal)
            if spent is None or spent + need.amount > need.limit:
                return Verdict.REFUSED
        for need in needs:
            budget, ordinal = split_key(need.key)
            kept = self._spent.get(budget, ())
            self._spent[budget] = with_amount(kept, ordinal, need.amount)
        return Verdict.CHARGED

    def give_back(self, key: BudgetKey, amount: Decimal) -> None:
        """A revoked credit returns to the period that paid it, while that one is known."""
        budget, ordinal = split_key(key)
        kept = self._spent.get(budget, ())
        if any(known == ordinal for known, _ in kept):
            self._spent[budget] = with_amount(kept, ordinal, -amount)
