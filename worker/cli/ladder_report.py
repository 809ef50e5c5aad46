"""What a designed ladder costs and brings, and what is advised: as lines and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules_engine.ladder_design.shapes import Shape

if TYPE_CHECKING:
    from rules_engine.ladder_design.returns import AnchorGap, Returns
    from rules_engine.ladder_design.steps import Step

_ADVISED_DAYS = range(30, 61)


@dataclass(frozen=True)
class Design:
    """Everything that was worked out. `margin` and `shares` in percent."""

    average: Decimal
    shape: Shape
    margin: Decimal
    minor_digits: int
    steps: "tuple[Step, ...]"
    shares: tuple[Decimal, ...]
    returns: "Returns"
    gap: "AnchorGap"


def lines(design: Design, currency: str, days: int) -> Iterator[str]:
    from rules_engine.difference.facts import number

    money, found = f".{design.minor_digits}f", design.returns
    yield f"Ladder, {design.shape.value}, for an average top-up of {design.average:f} {currency}"
    for step, share in zip(design.steps, design.shares, strict=True):
        yield (
            f"  {step.id}: {step.percent:f} % from {step.at_least:f}, which credits "
            f"{number(step.credits)} "
            f"(× {step.times_average:f} the average, {share:.0f} % of operations)"
        )
    yield f"Return at a margin of {design.margin:f} %, by the guide's model:"
    yield (
        f"  weighted bonus: {found.weighted_percent:.1f} % of face value, "
        f"{found.bonus:{money}} per top-up that earns one"
    )
    lapsed = "–".join(f"{each:{money}}" for each in found.cost_after_lapse)
    yield f"  cost: {found.cost:{money}} of it; {lapsed} if 15–25 % lapse unspent"
    yield (
        f"  break-even: the average top-up has to grow by {found.break_even:.1f} % on margin, "
        f"{found.break_even_net_revenue:.1f} % on net revenue; expected are 15–22 %"
    )
    if found.payback_days is not None:
        payback = "–".join(f"{each:.0f}" for each in found.payback_days)
        yield f"  payback: {payback} days for a month's bonuses, if it grows by 22–15 %"
    yield "Advice:"
    for line in _advice(design, days):
        yield f"  {line}"


def _times(factor: Decimal) -> str:
    """With a second decimal where one would hide that 2.25 × 4 is 9."""
    return f"{factor:.1f} ×" if factor == round(factor, 1) else f"{factor:.2f} ×"


def _advice(design: Design, days: int) -> Iterator[str]:
    gap, found = design.gap, design.returns
    met = "is met" if gap.is_met else "is not met"
    yield (
        f"anchor rule {met}: from entry to anchor the deposit grows {_times(gap.deposit)}, the "
        f"bonus {_times(gap.bonus)}; the rule asks for {_times(gap.asked)} (4 × the deposit). The "
        "guide's own ladders stay below it: watch how many reach the anchor tier"
    )
    if found.break_even > 15:
        yield (
            f"break-even of {found.break_even:.1f} % is above the 15 % that can be expected at "
            "least: lower the percentages"
        )
    if days not in _ADVISED_DAYS:
        yield f"bonuses live {days} days: 30–60 bring clients back without piling up"
    yield "let bonuses pay at most 25–35 % of a tariff (`maxBonusPercent`)"
    yield "change tiers at most once in two weeks, or nobody can tell what did it"


def as_json(design: Design, currency: str, days: int) -> dict[str, Any]:
    money, found, gap = f".{design.minor_digits}f", design.returns, design.gap
    payback = found.payback_days
    return {
        "averageTopupMajor": f"{design.average:f}",
        "currency": currency,
        "shape": design.shape.value,
        "marginPercent": f"{design.margin:f}",
        "tiers": [
            {
                "id": step.id,
                "timesAverage": f"{step.times_average:f}",
                "atLeast": f"{step.at_least:f}",
                "percent": f"{step.percent:f}",
                "creditsMajor": f"{step.credits:f}",
                "sharePercent": f"{share:.1f}",
            }
            for step, share in zip(design.steps, design.shares, strict=True)
        ],
        "return": {
            "weightedBonusPercent": f"{found.weighted_percent:.2f}",
            "bonusPerTopupMajor": f"{found.bonus:{money}}",
            "costPerTopupMajor": f"{found.cost:{money}}",
            "costAfterLapseMajor": [f"{each:{money}}" for each in found.cost_after_lapse],
            "breakEvenPercent": f"{found.break_even:.2f}",
            "breakEvenNetRevenuePercent": f"{found.break_even_net_revenue:.2f}",
            "paybackDays": None if payback is None else [f"{each:.1f}" for each in payback],
        },
        "anchorRule": {
            "depositGap": f"{gap.deposit:.2f}",
            "bonusGap": f"{gap.bonus:.2f}",
            "asked": f"{gap.asked:.2f}",
            "met": gap.is_met,
        },
        "advice": list(_advice(design, days)),
    }
