"""The tiers of a ladder, from an average top-up and the shape that fits the club."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from types import MappingProxyType

from rules_engine.author.ladders import deposit_near
from rules_engine.errors import LadderError
from schemas.errors import NotAllowed
from schemas.money import allowed_money

_EXACT = Context(prec=60)


class Shape(StrEnum):
    """Which club a ladder is for."""

    STANDARD = "standard"
    YOUNG = "young"
    MATURE = "mature"
    PREMIUM = "premium"


@dataclass(frozen=True)
class Plan:
    """A tier before the average is known: a multiple of it, and the percentage."""

    id: str
    times_average: Decimal
    percent: Decimal


@dataclass(frozen=True)
class Step:
    """A tier: `percent` of a top-up from `at_least` on, which credits `credits` on the threshold.
    Amounts in major units."""

    id: str
    times_average: Decimal
    at_least: Decimal
    percent: Decimal
    credits: Decimal


def _shape(*plans: tuple[str, str, int]) -> tuple[Plan, ...]:
    return tuple(Plan(id_, Decimal(times), Decimal(percent)) for id_, times, percent in plans)


SHAPES: Mapping[Shape, tuple[Plan, ...]] = MappingProxyType(
    {
        Shape.STANDARD: _shape(("entry", "1.3", 5), ("anchor", "2.9", 12), ("premium", "5.6", 20)),
        Shape.YOUNG: _shape(("entry", "1.3", 10), ("anchor", "2.5", 15)),
        Shape.MATURE: _shape(("entry", "1.3", 5), ("anchor", "2.9", 10), ("premium", "5.6", 15)),
        Shape.PREMIUM: _shape(("entry", "2", 3), ("anchor", "4", 7), ("premium", "8", 12)),
    }
)
"""STANDARD is the guide's parametric formula: × 1.3, × 2.5–3 and × 5–6 at 4–6, 10–14 and 18–22 %,
with the rates 5, 12 and 20 of its illustrations; 2.9 and 5.6 give the thresholds of both of them
("Top-Up Bonus Guide for Gaming Clubs", "Parametric Formula" and "Formula Illustration"). The others
are its "When to Use Which Ladder Shape"."""


def design_ladder(average: Decimal, shape: Shape, minor_digits: int) -> tuple[Step, ...]:
    """The tiers from the lowest up: 150 in the standard shape gives 200, 400 and 800, crediting 10,
    48 and 160 on the threshold; 300 gives 400, 900 and 1800, crediting 20, 108 and 360.

    Thresholds are the multiples of the average top-up, each at the nearest amount that people
    deposit ("Top-Up Bonus Guide for Gaming Clubs", "Formula Illustration"). The average top-up is
    what one client deposits at once, not what a session costs.

    Raises LadderError where the currency has no such amounts.
    """
    try:
        allowed_money(average, minor_digits)
        steps = tuple(_step(plan, average, minor_digits) for plan in SHAPES[shape])
    except NotAllowed as refused:
        message = f"an average top-up of {average:f} gives no ladder: an amount {refused.message}"
        raise LadderError(f"{message}; give the average in major units, as 150") from None
    return steps


def _step(plan: Plan, average: Decimal, minor_digits: int) -> Step:
    at_least = allowed_money(
        deposit_near(_EXACT.multiply(average, plan.times_average)), minor_digits
    )
    unit = Decimal((0, (1,), -minor_digits))
    face = _EXACT.divide(_EXACT.multiply(at_least, plan.percent), Decimal(100))
    credited = face.quantize(unit, ROUND_HALF_UP, context=_EXACT)
    return Step(plan.id, plan.times_average, at_least, plan.percent, credited)
