"""A rule set as authored: every key of the format, exported as JSON Schema for editors.

Shape only: words, bounds of single values, no unknown keys. What depends on something else (zones,
currencies, formulas, texts of pushes, ids that meet) is checked by `rules_engine.author`.
Numbers are read from their text and never through a float; a `float` is refused.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from schemas.errors import Unreadable
from schemas.fields import ProductType
from schemas.money import read_number

MAX_NUMBER_LENGTH = 64

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


def _number(value: Any) -> Decimal:
    """JSON's grammar: `12`, `12.50`, `1e3`; not `1_000`, `+5`, `0x1F`, `.inf`."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > MAX_NUMBER_LENGTH:
        raise PydanticCustomError("not_a_number", "not a number")
    try:
        return read_number(value)
    except Unreadable:
        raise PydanticCustomError("not_a_number", "not a number") from None


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise PydanticCustomError("not_whole", "not a whole number")


# Bounds stand before the reader, so that they apply to what it read and reach the JSON Schema.
Money = Annotated[Decimal, Field(gt=0), BeforeValidator(_number)]
"""An amount in major units above zero, at most the currency's minor digits."""
MoneyOrZero = Annotated[Decimal, Field(ge=0), BeforeValidator(_number)]
CappedPercent = Annotated[Decimal, Field(ge=0, le=100), BeforeValidator(_number)]
BonusPercent = Annotated[Decimal, Field(gt=0, le=100), BeforeValidator(_number)]
Multiple = Annotated[Decimal, Field(gt=0, le=1_000), BeforeValidator(_number)]
Days = Annotated[int, Field(ge=1, le=36_500), BeforeValidator(_whole)]
DaysOrZero = Annotated[int, Field(ge=0, le=36_500), BeforeValidator(_whole)]
Hours = Annotated[int, Field(ge=1, le=876_000), BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_whole)]
Priority = Annotated[int, Field(ge=-1_000_000, le=1_000_000), BeforeValidator(_whole)]

_CONTROL = r"\u0000-\u001f\u007f-\u009f"
_ID_PATTERN = rf"^[^\s{_CONTROL}](?:[^{_CONTROL}]*[^\s{_CONTROL}])?$"

Id = Annotated[
    str,
    Field(min_length=1, max_length=128, pattern=_ID_PATTERN),
]
"""No control characters and no white space around it."""
Text = Annotated[str, Field(min_length=1, max_length=256, pattern=rf"^[^{_CONTROL}]*$")]
"""No control characters."""
Formula = Annotated[str, Field(min_length=1)]
TimeOfDay = Annotated[
    str, Field(json_schema_extra={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"})
]
"""Local, `HH:MM`."""
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 with offset."""
TimeZone = Annotated[str, Field(examples=["Europe/Moscow", "Asia/Yekaterinburg"])]
"""Name of the IANA time zone database."""

Period = Literal["LIFETIME", "DAY", "WEEK", "MONTH"]
"""Local calendar; WEEK from Monday."""
Weekday = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
RefundPolicy = Literal["RETURN", "FORFEIT", "KEEP_PARTIAL"]
Rounding = Literal["HALF_UP", "HALF_EVEN", "DOWN", "UP"]
TopupRefund = Literal["KEEP", "REVOKE"]
Trigger = Literal[
    "BALANCE_TOPPED_UP",
    "VISIT_STARTED",
    "VISIT_ENDED",
    "PAYMENT_MADE",
    "CLIENT_REGISTERED",
    "CLIENT_ABSENT",
    "BIRTHDAY",
    "AFTER_FIRST_VISIT",
    "BONUS_EXPIRING",
    "BONUS_EXPIRED",
    "PROMO_CODE_REDEEMED",
]


class Authored(BaseModel):
    """What all parts of the format share: camelCase keys, nothing unknown, nothing converted."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        use_attribute_docstrings=True,
    )


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


class Amount(Authored):
    """So much money per calendar period."""

    amount_major: Money
    per: Period


class Times(Authored):
    """So many times per calendar period."""

    times: Count
    per: Period


class QuietHours(Authored):
    """Local hours in which pushes wait for their end; `to` before `from` crosses midnight."""

    since: TimeOfDay = Field(alias="from", examples=["22:00"])
    to: TimeOfDay = Field(examples=["09:00"])


class PushLimit(Authored):
    """At most so many pushes per client and period, none in quiet hours."""

    times: Count | None = None
    """Together with `per`."""
    per: Period | None = None
    quiet_hours: QuietHours | None = None


class SetLimits(Authored):
    """The brakes of the whole set."""

    budget: Amount | None = None
    """All credits of all rules to all clients."""
    per_client_credit: Amount | None = None
    """All credits of all rules to one client."""
    push: PushLimit | None = None


class Cooldown(Authored):
    """Time that must pass after a firing for the same client."""

    hours: Hours


class RuleLimits(Authored):
    """How often a rule may fire and how much it may credit."""

    per_client: list[Times] = Field(default_factory=list)
    """Firings per client: all entries hold."""
    cooldown: Cooldown | None = None
    budget: Amount | None = None
    """All credits of the rule to all clients."""


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


class Restriction(Authored):
    """What a credit may pay for; both empty: anything."""

    product_types: list[ProductType] = Field(default_factory=list)
    product_ids: list[Id] = Field(default_factory=list)


class AddBonus(Authored):
    """Credit bonuses."""

    type: Literal["ADD_BONUS"]
    formula: Formula = Field(examples=["percent(topupAmountMajor, 20)"])
    """A number in major units; rounded once, after `min` and `max`."""
    min: MoneyOrZero | None = None
    max: Money | None = None
    expires_in_days: Days | None = None
    """n × 24 hours after the event. Absent: never."""
    restriction: Restriction | None = None
    tags: list[Id] = Field(default_factory=list)


class AssignGroup(Authored):
    """Put the client into a group."""

    type: Literal["ASSIGN_GROUP"]
    group_id: Id
    expires_in_days: Days | None = None
    """The worker takes the client out again then. Absent: never."""
    tags: list[Id] = Field(default_factory=list)


class UnassignGroup(Authored):
    """Take the client out of a group."""

    type: Literal["UNASSIGN_GROUP"]
    group_id: Id
    tags: list[Id] = Field(default_factory=list)


class SendPush(Authored):
    """Send a push. `{name}` stands for a variable's value, `{{` and `}}` for braces."""

    type: Literal["SEND_PUSH"]
    title: Annotated[str, Field(min_length=1, max_length=4_000)] = Field(
        examples=["+{bonusAmountMajor} bonus"]
    )
    """At most 40 characters once the names are replaced."""
    body: Annotated[str, Field(min_length=1, max_length=4_000)] = Field(
        examples=["Your top-up of {topupAmountMajor} earned {bonusAmountMajor}."]
    )
    """At most 120 characters once the names are replaced."""
    ttl_hours: Hours | None = None
    """Not shown any more so long after the event. Absent: no limit."""
    tags: list[Id] = Field(default_factory=list)


Action = Annotated[
    AddBonus | AssignGroup | UnassignGroup | SendPush,
    Field(discriminator="type"),
]


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


class _WithoutNulls(GenerateJsonSchema):
    """An absent setting is left out, never written as null."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if described.get("default", "") is None:
            del described["default"]
        return described


def rule_set_json_schema() -> dict[str, Any]:
    """JSON Schema of a rule set's file, for editors."""
    return RuleSet.model_json_schema(by_alias=True, schema_generator=_WithoutNulls)
