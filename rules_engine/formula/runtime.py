"""What a formula means while it runs: the decimal context, the functions, and how it may fail.

Generated code and the reference evaluator share the meaning that is written here; a failure is
data (`Failure`) for everybody outside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    DivisionUndefined,
    InvalidOperation,
    Overflow,
)
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import NoReturn, TypeVar

from rules_engine.checked import Rounding

Value = TypeVar("Value")

DECIMAL128 = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    capitals=1,
    clamp=1,
    flags=[],
    traps=[DivisionByZero, InvalidOperation, Overflow],
)
"""IEEE 754 decimal128. `decimal.localcontext` and `decimal.setcontext` copy it: use those."""

ROUNDINGS: Mapping[Rounding, str] = MappingProxyType(
    {
        Rounding.HALF_UP: ROUND_HALF_UP,
        Rounding.HALF_EVEN: ROUND_HALF_EVEN,
        Rounding.DOWN: ROUND_DOWN,
        Rounding.UP: ROUND_UP,
    }
)
"""A rule set's rounding → the word that `decimal` has for it. UP is away from zero."""


class Cause(StrEnum):
    """Why a formula failed: explain, metrics and tests use these words."""

    DIVISION_BY_ZERO = "DIVISION_BY_ZERO"
    MISSING_VALUE = "MISSING_VALUE"
    OVERFLOW = "OVERFLOW"
    INVALID_OPERATION = "INVALID_OPERATION"


@dataclass(frozen=True)
class Failure:
    """A formula without a value for this event. `variable`: the one that was missing, if any."""

    cause: Cause
    variable: str = ""


class MissingValue(Exception):
    """Private to evaluation: a variable without a value was used. `failure_of` makes it data."""

    def __init__(self, variable: str) -> None:
        self.variable = variable
        super().__init__(variable)


FAILURES = (MissingValue, DecimalException)
"""All that an evaluation under `DECIMAL128` may raise: catch these and ask `failure_of`."""


def failure_of(error: Exception) -> Failure:
    """The failure that one of `FAILURES` stands for.

    0 / 0 is an invalid operation to IEEE; an author calls it a division by zero, and so does this.
    """
    if isinstance(error, MissingValue):
        return Failure(Cause.MISSING_VALUE, error.variable)
    if isinstance(error, DivisionByZero) or DivisionUndefined in (error.args or ((),))[0]:
        return Failure(Cause.DIVISION_BY_ZERO)
    if isinstance(error, Overflow):
        return Failure(Cause.OVERFLOW)
    return Failure(Cause.INVALID_OPERATION)


def missing(variable: str) -> NoReturn:
    """What the use of a missing value comes to."""
    raise MissingValue(variable)


def known(value: Callable[[], object]) -> bool:
    """`known(x)`: false if a missing value is used in `x`; other failures of `x` still fail."""
    try:
        value()
    except MissingValue:
        return False
    return True


def coalesce(value: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
    """`coalesce(x, y)`: `y` if a missing value is used in `x`; other failures of `x` still fail."""
    try:
        return value()
    except MissingValue:
        pass
    return otherwise()


def round_to(value: Decimal, unit: Decimal, rounding: str) -> Decimal:
    """`round(x, n)` with `unit` = 10⁻ⁿ.

    Only a number that is exact to `n` digits already may lack room for them within the 34: it
    stays as it is.
    """
    try:
        return value.quantize(unit, rounding)
    except InvalidOperation:
        return value


def clamp(value: Decimal, least: Decimal, most: Decimal) -> Decimal:
    """`clamp(x, lo, hi)`; where `lo` is above `hi`, `hi` wins: the cap on a credit holds."""
    return min(max(value, least), most)


def bucket_of(organization_id: str, client_id: str, salt: str) -> int:
    """`bucket('salt')`, 0 to 99: the first 8 bytes (big endian) of SHA-256 of organization, client
    and salt, joined by U+001F, modulo 100."""
    digest = sha256(f"{organization_id}\x1f{client_id}\x1f{salt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100
