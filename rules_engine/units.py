"""Amounts as whole numbers: small in bytes, and equal amounts are equal numbers.

No currency has more than four decimals, and amounts that come in have no more than that.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache

CENT, UNIT = Decimal("0.01"), Decimal("0.0001")
FREQUENT = 1 << 14
"""How many amounts are remembered with their numbers: a network has few prices, and the look-up
costs a third of the arithmetic."""

_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])
_multiply, _add = _EXACT.multiply, _EXACT.add
_LARGEST = 1 << 63

Number = int | str
"""As msgpack holds it: 64 bits, or the digits of a larger one."""


@lru_cache(maxsize=FREQUENT)
def to_units(amount: Decimal) -> int:
    """In ten-thousandths of a major unit. Raises ValueError where that is not exact."""
    over, under = amount.as_integer_ratio()
    units, rest = divmod(over * 10_000, under)
    if rest:
        raise ValueError(f"{amount} has more than four decimals")
    return units


def from_units(units: Number) -> Decimal:
    """With exactly four decimals."""
    return _multiply(int(units), UNIT)


@lru_cache(maxsize=FREQUENT)
def to_number(amount: Decimal) -> int:
    """Twice its hundredths; twice its ten-thousandths and one where hundredths are not enough.

    Raises ValueError where that is not exact either.
    """
    over, under = amount.as_integer_ratio()
    if under == 1:
        return over * 200
    cents, rest = divmod(over * 100, under)
    return to_units(amount) << 1 | 1 if rest else cents << 1


def from_number(number: Number) -> Decimal:
    """What `to_number` was given, with two decimals or four."""
    if isinstance(number, str):
        number = int(number)
    return _multiply(number >> 1, UNIT) if number & 1 else _multiply(number >> 1, CENT)


frequent_amount = lru_cache(maxsize=FREQUENT)(from_number)
"""`from_number` for what comes again and again: top-ups, and what they earn."""


def sum_of_numbers(one: Number, other: int) -> int:
    one = int(one)
    if not (one | other) & 1:
        return one + other
    return to_number(_add(from_number(one), from_number(other)))


def fitting(number: int) -> Number:
    """In a form that msgpack holds."""
    return number if -_LARGEST <= number < _LARGEST else str(number)
