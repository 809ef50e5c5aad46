"""A rule that is ready to fire: its formulas as functions, everything that never changes prebuilt.

Made by `compile`, carried out by `firing`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.calendar import ZoneCalendar
from rules_engine.checked import SetLimits
from rules_engine.client import ClientState
from rules_engine.ledger import BudgetPlan, ClientLimits
from schemas.decoded import Event
from schemas.wire import Restriction

Formula = Callable[[Event, ClientState, ZoneCalendar], Decimal]
"""Runs under the evaluation's decimal context; raises `formula.runtime.FAILURES`."""

Reader = Callable[[Event, ClientState, ZoneCalendar], Decimal | str | bool | None]
"""The value of one variable."""


@dataclass(frozen=True, slots=True)
class CreditPlan:
    """ADD_BONUS. `amount` is what it credits, rounded to the currency's minor unit. `lasts_us`: how
    long the batch lives; None for ever."""

    index: int
    tags: tuple[str, ...]
    amount: Formula
    lasts_us: int | None
    restriction: Restriction


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """ASSIGN_GROUP or UNASSIGN_GROUP. `lasts_us`: how long the assignment lasts; None for ever."""

    index: int
    tags: tuple[str, ...]
    group_id: str
    assigned: bool
    lasts_us: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A `{name}` in a push text. `read` is None for what the rule credits now."""

    name: str
    read: Reader | None
    is_money: bool


@dataclass(frozen=True, slots=True)
class TextPlan:
    """Literal texts, each with the quote that follows it. `limit`: code points at most."""

    pieces: tuple[tuple[str, Quote | None], ...]
    limit: int


@dataclass(frozen=True, slots=True)
class PushPlan:
    """SEND_PUSH. `lives_us`: how long after the event it may still be shown; None for ever."""

    index: int
    tags: tuple[str, ...]
    title: TextPlan
    body: TextPlan
    lives_us: int | None


ActionPlan = CreditPlan | GroupPlan | PushPlan


@dataclass(frozen=True, slots=True)
class RulePlan:
    """`actions` in the order in which they were authored; `credits` and `pushes` are those of one
    kind. `is_charged`: a limit of the rule or of the set may hold it back. `only`: the credit of a
    rule that does nothing else and is never charged."""

    id: str
    actions: tuple[ActionPlan, ...]
    credits: tuple[CreditPlan, ...]
    pushes: tuple[PushPlan, ...]
    limits: ClientLimits | None
    budgets: tuple[BudgetPlan, ...]
    is_charged: bool
    only: CreditPlan | None


@dataclass(frozen=True, slots=True)
class SetTerms:
    """What all rules of a set share. `minor_unit`: 0.01 for two minor digits; `rounding`: the
    word that `decimal` has for the set's rounding."""

    organization_id: str
    version: str
    currency: str
    minor_unit: Decimal
    rounding: str
    limits: SetLimits
