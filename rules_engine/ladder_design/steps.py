"""The tiers of a ladder, from an average top-up and the shape that fits the club."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from rules_engine.author.ladders import deposit_near
from rules_engine.errors import LadderError
from rules_engine.ladder_design.shapes import SHAPES, Plan, Shape
from schemas.errors import NotAllowed
from schemas.money import allowed_money

_EXACT = Context(prec=60)


@dataclass(frozen=True)
class Step:
    """A tier: `percent` of a top-up from `at_least` on, which credits `credits` on the threshold.
    Amounts in major units."""

    id: str
    times_average: Decimal
    at_least: Decimal
    percent: Decimal
    credits: Decimal


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
