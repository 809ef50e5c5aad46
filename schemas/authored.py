"""The kinds of values that an authored rule set is made of.

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
SignedMoney = Annotated[Decimal, BeforeValidator(_number)]
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


def authored_json_schema(model: type[Authored]) -> dict[str, Any]:
    """JSON Schema of a file of this shape, for editors."""
    return model.model_json_schema(by_alias=True, schema_generator=_WithoutNulls)
