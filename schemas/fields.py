"""The kinds of fields that events are made of, for pydantic.

Each reads what `read_json` yields (numbers stay text, see `JsonNumber`) and says what it wants
when it gets something else. What is readable but out of range passes here and is judged
afterwards by `Allowed`, since an event that cannot be read is never OUT_OF_RANGE.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import PlainSerializer, PlainValidator, StrictBool, StringConstraints
from pydantic import WithJsonSchema as JsonSchema
from pydantic.fields import FieldInfo

from schemas.errors import NotAllowed, Unreadable
from schemas.instants import instant_text, parse_date, parse_instant
from schemas.money import allowed_money, read_number

_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)
_NUMBER_PATTERN = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_INTEGER_LIMIT = 10**21


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """A JSON number by its source text."""

    text: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """The range of a number, judged once the whole event is readable. Money (`minimum` None) also
    has the currency's decimals."""

    zero: bool = False
    minimum: int | None = None
    maximum: int = 10**18

    def check(self, value: Decimal | int, digits: int) -> Decimal | int:
        """The value in its plain form. Raises NotAllowed."""
        if isinstance(value, Decimal):
            return allowed_money(value, digits, zero=self.zero)
        if self.minimum is not None and value < self.minimum:
            raise NotAllowed(f"must be at least {self.minimum}")
        if value > self.maximum:
            raise NotAllowed(f"must be at most {self.maximum}")
        return value


def _read_money(value: Any) -> Decimal:
    if isinstance(value, JsonNumber):
        return read_number(value.text)
    if isinstance(value, str):
        return read_number(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    raise Unreadable('must be an amount: a number, or text as "100.50"')


def _read_integer(value: Any) -> int:
    if isinstance(value, JsonNumber) and _INTEGER.fullmatch(value.text):
        if len(value.text) > 21:
            return -_INTEGER_LIMIT if value.text[0] == "-" else _INTEGER_LIMIT
        return int(value.text)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Unreadable("must be a whole number, as a JSON number without decimals")


def _read_instant(value: Any) -> int:
    if isinstance(value, str):
        return parse_instant(value)
    raise Unreadable("must be text: a time with offset as 2026-11-22T12:00:00+03:00")


def _read_date(value: Any) -> date:
    if isinstance(value, str):
        return parse_date(value)
    raise Unreadable("must be text: a date as YYYY-MM-DD")


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"


Text = Annotated[str, StringConstraints(strict=True, max_length=262_144)]
"""Any text. The bound is that of a whole event: it makes pydantic look for lone surrogates."""

Name = Annotated[str, StringConstraints(strict=True, min_length=1)]
"""Text that says something."""

Id = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^[^\x1f]*$")]
"""Text that is not empty; U+001F separates ids inside `commandId`s, so no id may hold it."""

Flag = StrictBool

Instant = Annotated[
    int,
    PlainValidator(_read_instant),
    PlainSerializer(instant_text, when_used="json"),
    JsonSchema({"type": "string", "format": "date-time"}),
]
"""Microseconds since the epoch, UTC; RFC 3339 with offset on the wire."""

Day = Annotated[date, PlainValidator(_read_date), JsonSchema({"type": "string", "format": "date"})]

_AnyMoney = Annotated[
    Decimal,
    PlainValidator(_read_money),
    PlainSerializer(_plain, when_used="json"),
    JsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": _NUMBER_PATTERN}, {"type": "number"}],
            "description": "A decimal in major units with at most the currency's decimals.",
        }
    ),
]

Money = Annotated[_AnyMoney, Allowed()]
"""Above zero."""

MoneyOrZero = Annotated[_AnyMoney, Allowed(zero=True)]

MoneyText = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]+(\.[0-9]+)?$")]
"""Going out: exactly the currency's decimals."""

SignedMoneyText = Annotated[str, StringConstraints(strict=True, pattern=r"^-?[0-9]+(\.[0-9]+)?$")]

_Integer = Annotated[int, PlainValidator(_read_integer)]

Count = Annotated[
    _Integer, Allowed(minimum=0), JsonSchema({"type": "integer", "minimum": 0, "maximum": 10**18})
]

Days = Annotated[
    _Integer,
    Allowed(minimum=1, maximum=36_500),
    JsonSchema({"type": "integer", "minimum": 1, "maximum": 36_500}),
]

TopUpSource = Literal["ACQUIRING", "POS_TERMINAL", "CASH"]
ProductType = Literal["TARIFF", "BAR", "MULTIPASS"]


def allowed_of(field: FieldInfo) -> Allowed | None:
    """The range that a model's field asks for, also behind `| None`."""
    inner = (
        note for part in get_args(field.annotation) for note in getattr(part, "__metadata__", ())
    )
    return next((note for note in (*field.metadata, *inner) if isinstance(note, Allowed)), None)
