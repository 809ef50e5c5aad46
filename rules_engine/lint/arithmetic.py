"""Arithmetic of intervals, under `formula.runtime.DECIMAL128`.

Every operation of the language rounds half-even to 34 digits, and rounding never turns two numbers
round: what the ends come to therefore bounds what any number between them comes to, exactly.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, DecimalException

from rules_engine.formula.runtime import round_to
from rules_engine.lint.values import ANY_NUMBER, Numbers, Result

_HUNDRED = Decimal(100)
_ZERO = Decimal(0)
_ALL_DIGITS = Decimal("9" * 34)
_OUT_OF_SIGHT = Result(ANY_NUMBER, may_fail=True)


def _bounded(ends: Callable[[], Sequence[Decimal]]) -> Result:
    """The interval of these ends; where one has no value nothing is known."""
    try:
        found = ends()
    except DecimalException:
        return _OUT_OF_SIGHT
    return Result(Numbers(min(found), max(found)))


def plus(x: Numbers, y: Numbers) -> Result:
    return _bounded(lambda: (x.least + y.least, x.most + y.most))


def minus(x: Numbers, y: Numbers) -> Result:
    return _bounded(lambda: (x.least - y.most, x.most - y.least))


def times(x: Numbers, y: Numbers) -> Result:
    return _bounded(
        lambda: (x.least * y.least, x.least * y.most, x.most * y.least, x.most * y.most)
    )


def divided(x: Numbers, y: Numbers) -> Result:
    if y.least == y.most == _ZERO:
        return Result(None, may_fail=True)
    if y.least <= _ZERO <= y.most:
        return _OUT_OF_SIGHT
    return _bounded(
        lambda: (x.least / y.least, x.least / y.most, x.most / y.least, x.most / y.most)
    )


def percent(x: Numbers, share: Numbers) -> Result:
    """x × p / 100, in this order."""
    product = times(x, share)
    assert isinstance(product.value, Numbers)
    quotient = divided(product.value, Numbers(_HUNDRED, _HUNDRED))
    return Result(quotient.value, may_fail=product.may_fail or quotient.may_fail)


def negative(x: Numbers) -> Result:
    return _bounded(lambda: (-x.most, -x.least))


def positive(x: Numbers) -> Result:
    return _bounded(lambda: (+x.least, +x.most))


def absolute(x: Numbers) -> Result:
    ends = (abs(x.least), abs(x.most))
    return Result(Numbers(_ZERO if x.least <= _ZERO <= x.most else min(ends), max(ends)))


def smallest(*each: Numbers) -> Result:
    return Result(Numbers(min(x.least for x in each), min(x.most for x in each)))


def largest(*each: Numbers) -> Result:
    return Result(Numbers(max(x.least for x in each), max(x.most for x in each)))


def clamped(x: Numbers, least: Numbers, most: Numbers) -> Result:
    """Where `least` is above `most`, `most` wins."""
    raised = Numbers(max(x.least, least.least), max(x.most, least.most))
    return smallest(raised, most)


def floored(x: Numbers) -> Result:
    return whole(x, ROUND_FLOOR)


def ceiled(x: Numbers) -> Result:
    return whole(x, ROUND_CEILING)


def whole(x: Numbers, rounding: str) -> Result:
    return _bounded(
        lambda: (x.least.to_integral_value(rounding), x.most.to_integral_value(rounding))
    )


def rounded(x: Numbers, digits: int, rounding: str) -> Result:
    if digits == 0:
        return whole(x, rounding)
    unit = Decimal((0, (1,), -digits))
    return _bounded(lambda: (round_to(x.least, unit, rounding), round_to(x.most, unit, rounding)))


def quantized(x: Numbers, unit: Decimal, rounding: str) -> Result:
    """The one rounding of a credit; it fails where 34 digits cannot hold it."""
    far = _ALL_DIGITS * unit
    if x.least > far or x.most < -far:
        return Result(None, may_fail=True)
    inside = Numbers(max(x.least, -far), min(x.most, far))
    return Result(
        Numbers(inside.least.quantize(unit, rounding), inside.most.quantize(unit, rounding)),
        may_fail=inside != x,
    )
