"""A rule set as authored: every key of the format, exported as JSON Schema for editors.

Shape only: words, bounds of single values, no unknown keys. What depends on something else (zones,
currencies, formulas, texts of pushes, ids that meet) is checked by `rules_engine.author`.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.authored import (
    Authored,
    BonusPercent,
    CappedPercent,
    Days,
    DaysOrZero,
    Formula,
    Id,
    Instant,
    Money,
    Multiple,
    Priority,
    RefundPolicy,
    Rounding,
    Text,
    TimeOfDay,
    TimeZone,
    TopupRefund,
    Trigger,
    Weekday,
    authored_json_schema,
)
from schemas.fields import ProductType
from schemas.rule_actions import Action, Restriction
from schemas.rule_limits import RuleLimits, SetLimits


class Club(Authored):
    """A club with a time zone of its own, for windows, limits and calendar variables."""

    club_id: Id
    time_zone: TimeZone


class Product(Authored):
    """What part of a product's price bonuses may pay, and what a refund does with them."""

    product_id: Id
    product_type: ProductType
    max_bonus_percent: CappedPercent | None = None
    """Absent: that of `productDefaults`."""
    refund_policy: RefundPolicy | None = None
    """Absent: that of `productDefaults`."""
    club_ids: list[Id] = Field(default_factory=list)
    """Empty: every club. An entry that names the club goes before one for every club."""


class ProductDefaults(Authored):
    """For products that `products` does not list."""

    max_bonus_percent: CappedPercent = Decimal(100)
    refund_policy: RefundPolicy = "RETURN"


class Audience(Authored):
    """Who a rule is for; all that is given must hold."""

    any_of_groups: list[Id] = Field(default_factory=list)
    none_of_groups: list[Id] = Field(default_factory=list)
    first_topup_only: bool = False
    """No top-up before this event."""
    new_member_within_days: DaysOrZero | None = None
    """Registered at most so many local days ago."""
    dormant_for_days: Days | None = None
    """No visit for so many local days or more."""


class Window(Authored):
    """Weekdays and local hours. `from` inclusive, `to` exclusive; `to` at or before `from` crosses
    midnight and belongs to the day on which it began."""

    days: list[Weekday] | None = Field(default=None, min_length=1)
    """Absent: every day."""
    since: TimeOfDay | None = Field(default=None, alias="from", examples=["10:00"])
    """Together with `to`; both absent: the whole day."""
    to: TimeOfDay | None = Field(default=None, examples=["17:00"])


class Validity(Authored):
    """From when to when a rule is in force; `to` exclusive; one of them may be absent."""

    since: Instant | None = Field(
        default=None, alias="from", examples=["2026-11-01T00:00:00+03:00"]
    )
    to: Instant | None = Field(default=None, examples=["2026-12-01T00:00:00+03:00"])


class RuleSettings(Authored):
    """The settings that rules and ladders share."""

    id: Id
    name: Text | None = None
    """Absent: the id."""
    enabled: bool = True
    priority: Priority = 0
    """Higher first; ties by id."""
    club_ids: list[Id] = Field(default_factory=list)
    """Empty: every club."""
    tags: list[Id] = Field(default_factory=list)
    audience: Audience | None = None
    window: list[Window] = Field(default_factory=list)
    """Any of them; empty: always."""
    validity: Validity | None = None
    exclusive: Id | None = None
    """Exclusivity group: only the first match by priority fires."""
    limits: RuleLimits | None = None
    on_topup_refund: TopupRefund | None = None
    """Absent: that of the set."""


class TimerDays(Authored):
    """How long after or before."""

    days: Days


class Rule(RuleSettings):
    """When something happens and the conditions hold, do the actions."""

    trigger: Trigger
    after: TimerDays | None = None
    """CLIENT_ABSENT and AFTER_FIRST_VISIT: so long after the visit."""
    before: TimerDays | None = None
    """BONUS_EXPIRING: so long before the batch lapses."""
    at: TimeOfDay | None = Field(default=None, examples=["10:00"])
    """Timer triggers: local time of day. Absent: 10:00."""
    when: Formula | None = Field(default=None, examples=["topupAmountMajor >= 300"])
    """A formula that yields true or false. Absent: always."""
    actions: Annotated[list[Action], Field(min_length=1)]


class Tier(Authored):
    """One step of a ladder: `percent` of every top-up from the threshold on."""

    id: Id
    at_least: Money | None = None
    """The threshold: this or `timesAverage`."""
    times_average: Multiple | None = None
    """Multiple of the ladder's `averageTopupMajor`, rounded to an amount that people deposit."""
    percent: BonusPercent
    expires_in_days: Days | None = None
    """Absent: that of the ladder."""
    restriction: Restriction | None = None
    """Absent: that of the ladder."""


class Ladder(RuleSettings):
    """Tiers that expand into one rule each (`ladder.tier`), of which the highest match fires."""

    trigger: Literal["BALANCE_TOPPED_UP"] = "BALANCE_TOPPED_UP"
    average_topup_major: Money | None = None
    """Needed by tiers with `timesAverage`."""
    tiers: Annotated[list[Tier], Field(min_length=1)]
    expires_in_days: Days | None = None
    """Of every tier's credit: n × 24 hours after the event. Absent: never."""
    restriction: Restriction | None = None
    """Of every tier's credit."""


class RuleSet(Authored):
    """The rules of one organization."""

    organization_id: Id = Field(examples=["izi"])
    version: Id = Field(examples=["2026-11-22.1"])
    """The author's label; the content hash is the identity."""
    time_zone: TimeZone
    currency: str = Field(examples=["RUB"], json_schema_extra={"pattern": "^[A-Z]{3}$"})
    """ISO 4217; gives the minor digits."""
    rounding: Rounding = "HALF_UP"
    clubs: list[Club] = Field(default_factory=list)
    """Clubs with a time zone of their own."""
    products: list[Product] = Field(default_factory=list)
    product_defaults: ProductDefaults = Field(default_factory=ProductDefaults)
    limits: SetLimits | None = None
    on_topup_refund: TopupRefund = "KEEP"
    """What a refunded top-up does with the bonus that it earned; a rule may override."""
    ladders: list[Ladder] = Field(default_factory=list)
    rules: list[Rule] = Field(default_factory=list)


def rule_set_json_schema() -> dict[str, Any]:
    """JSON Schema of a rule set's file, for editors."""
    return authored_json_schema(RuleSet)
