"""A rule set after every check: the only thing that `compile` accepts.

Ladders are expanded, defaults filled in, texts of numbers read as `Decimal`, formulas checked,
times of day are minutes since midnight, instants are microseconds since the epoch. Rules stand in
matching order: priority descending, then id ascending.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from rules_engine.formula.checked import CheckedFormula


class Rounding(StrEnum):
    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    DOWN = "DOWN"
    UP = "UP"


class Period(StrEnum):
    LIFETIME = "LIFETIME"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class TopupRefund(StrEnum):
    KEEP = "KEEP"
    REVOKE = "REVOKE"


class RefundPolicy(StrEnum):
    RETURN = "RETURN"
    FORFEIT = "FORFEIT"
    KEEP_PARTIAL = "KEEP_PARTIAL"


@dataclass(frozen=True)
class Audience:
    """Who a rule is for. Empty tuples and None ask nothing."""

    any_of_groups: tuple[str, ...] = ()
    none_of_groups: tuple[str, ...] = ()
    first_topup_only: bool = False
    new_member_within_days: int | None = None
    dormant_for_days: int | None = None


@dataclass(frozen=True)
class Window:
    """Weekdays (1 = Monday) and minutes of the local day; `until <= since` crosses midnight and
    belongs to the day on which it began. `since` inclusive, `until` exclusive."""

    days: frozenset[int]
    since: int
    until: int


@dataclass(frozen=True)
class Amount:
    """So much money per calendar period."""

    amount_major: Decimal
    per: Period


@dataclass(frozen=True)
class Times:
    times: int
    per: Period


@dataclass(frozen=True)
class RuleLimits:
    per_client: tuple[Times, ...] = ()
    cooldown_us: int | None = None
    budget: Amount | None = None


@dataclass(frozen=True)
class PushLimit:
    """`quiet_since`/`quiet_until`: minutes of the local day, both or neither."""

    times: int | None = None
    per: Period = Period.DAY
    quiet_since: int | None = None
    quiet_until: int | None = None


@dataclass(frozen=True)
class SetLimits:
    budget: Amount | None = None
    per_client_credit: Amount | None = None
    push: PushLimit | None = None


@dataclass(frozen=True)
class Template:
    """A push text in pieces: literal text and `{names}` in turn, already checked."""

    pieces: tuple[tuple[str, str | None], ...]
    """(literal, variable that follows it or None)"""
    limit: int


@dataclass(frozen=True)
class AddBonusAction:
    index: int
    formula: CheckedFormula
    min_major: Decimal | None = None
    max_major: Decimal | None = None
    expires_in_days: int | None = None
    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssignGroupAction:
    index: int
    group_id: str
    expires_in_days: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnassignGroupAction:
    index: int
    group_id: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class SendPushAction:
    index: int
    title: Template
    body: Template
    ttl_hours: int | None = None
    tags: tuple[str, ...] = ()


Action = AddBonusAction | AssignGroupAction | UnassignGroupAction | SendPushAction


@dataclass(frozen=True)
class DailyTimer:
    """When a rule of CLIENT_ABSENT, AFTER_FIRST_VISIT, BIRTHDAY or BONUS_EXPIRING is due.

    `minute` of the organization's local day; `days` after the visit or before the lapse, 0 for a
    birthday.
    """

    minute: int
    days: int = 0


@dataclass(frozen=True)
class CheckedRule:
    """One rule, or one tier of a ladder (`at_least` is then its threshold). `timer`: of the
    triggers that are due on a date."""

    id: str
    name: str
    enabled: bool
    priority: int
    trigger: str
    club_ids: frozenset[str]
    tags: tuple[str, ...]
    actions: tuple[Action, ...]
    when: CheckedFormula | None = None
    at_least: Decimal | None = None
    audience: Audience = Audience()
    windows: tuple[Window, ...] = ()
    valid_from: int | None = None
    valid_until: int | None = None
    exclusive: str | None = None
    limits: RuleLimits = RuleLimits()
    on_topup_refund: TopupRefund = TopupRefund.KEEP
    timer: DailyTimer | None = None


@dataclass(frozen=True)
class Product:
    product_id: str
    product_type: str
    max_bonus_percent: Decimal
    refund_policy: RefundPolicy
    club_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CheckedRuleSet:
    """`content_hash`: hex SHA-256 of the canonical form of what was authored; the identity."""

    organization_id: str
    version: str
    content_hash: str
    time_zone: ZoneInfo
    currency: str
    minor_digits: int
    rounding: Rounding
    rules: tuple[CheckedRule, ...]
    club_zones: dict[str, ZoneInfo] = field(default_factory=dict)
    products: tuple[Product, ...] = ()
    default_max_bonus_percent: Decimal = Decimal(100)
    default_refund_policy: RefundPolicy = RefundPolicy.RETURN
    limits: SetLimits = SetLimits()
