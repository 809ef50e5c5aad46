"""`loyalty rules ladder`: tiers from an average top-up, what they cost, and the YAML."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules_engine.ladder_design.shapes import Shape
from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption, open_output, print_json, say

if TYPE_CHECKING:
    from rules_engine.ladder_design.returns import AnchorGap, Returns
    from rules_engine.ladder_design.steps import Step

_ADVISED_DAYS = range(30, 61)


def ladder(
    average: Annotated[
        str,
        typer.Option(metavar="AMOUNT", help="What a client tops up at once, on average."),
    ],
    shape: Annotated[
        Shape, typer.Option(help="What the club is like: see docs/rules.md.")
    ] = Shape.STANDARD,
    margin: Annotated[
        str, typer.Option(metavar="PERCENT", help="What you earn on what bonuses pay for.")
    ] = "70",
    shares: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,…", help="Operations by tier, lowest first; 60,30,10 without it."
        ),
    ] = None,
    expires_in_days: Annotated[
        int, typer.Option(min=1, max=36_500, metavar="DAYS", help="How long a bonus lives.")
    ] = 45,
    currency: Annotated[str, typer.Option(metavar="CODE", help="Of ISO 4217.")] = "RUB",
    organization: Annotated[
        str, typer.Option(metavar="ID", help="For the YAML.")
    ] = "my-organization",
    time_zone: Annotated[str, typer.Option(metavar="NAME", help="For the YAML.")] = "Europe/Moscow",
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A new file for the YAML; without it, output."),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Design a ladder: tiers, what they cost and when they have paid for themselves, and the YAML.

    Without --out all of it is one YAML file on standard output, the figures as its comments.
    """
    design = _designed(average, shape, margin, shares, currency)
    text = _yaml(design, organization, time_zone, currency, expires_in_days)
    report = list(_lines(design, currency, expires_in_days))
    if out is not None:
        _write(out, "".join(f"# {line}".rstrip() + "\n" for line in report) + text)
    if form is Format.JSON:
        print_json(_as_json(design, currency, expires_in_days) | {"yaml": text})
    elif out is None:
        for line in report:
            print(f"# {line}".rstrip())
        print(text, end="")
    else:
        for line in report:
            print(line)
        say(f"written to {out}; check it with `loyalty rules validate {out}`")


@dataclass(frozen=True)
class _Design:
    """Everything that was worked out. `margin` and `shares` in percent."""

    average: Decimal
    shape: Shape
    margin: Decimal
    minor_digits: int
    steps: "tuple[Step, ...]"
    shares: tuple[Decimal, ...]
    returns: "Returns"
    gap: "AnchorGap"


def _designed(average: str, shape: Shape, margin: str, shares: str | None, code: str) -> _Design:
    from rules_engine.author.currencies import MINOR_DIGITS
    from rules_engine.errors import LadderError
    from rules_engine.ladder_design.returns import anchor_gap, returns, typical_shares
    from rules_engine.ladder_design.steps import design_ladder

    if code not in MINOR_DIGITS:
        raise typer.BadParameter(f"there is no currency {code!r}; give its three letters: RUB")
    amount, earned = _positive(average, "--average", "150"), _margin(margin)
    try:
        steps = design_ladder(amount, shape, MINOR_DIGITS[code])
    except LadderError as error:
        raise typer.BadParameter(str(error)) from None
    parts = typical_shares(steps) if shares is None else _shares(shares, len(steps))
    result = returns(steps, parts, earned, amount)
    return _Design(
        amount, shape, earned, MINOR_DIGITS[code], steps, parts, result, anchor_gap(steps)
    )


def _positive(text: str, option: str, example: str) -> Decimal:
    number = _number(text)
    if number is None or number <= 0:
        raise typer.BadParameter(f"{option} {text!r} is no amount of a top-up; write {example}")
    return number


def _number(text: str) -> Decimal | None:
    """None for what is no plain number."""
    try:
        number = Decimal(text) if text.isascii() and "_" not in text else None
    except InvalidOperation:
        return None
    is_plain = number is not None and number.is_finite() and abs(number.adjusted()) < 20
    return number if is_plain else None


def _margin(text: str) -> Decimal:
    """Percent: `70`, `70%`, or a part of one, `0.7`."""
    number = _number(text.removesuffix("%").strip())
    if number is None or not 0 <= number <= 100:
        raise typer.BadParameter(f"--margin {text!r} is no percentage from 0 to 100; write 70")
    is_part = 0 < number < 1 and not text.endswith("%")
    return number * 100 if is_part else number


def _shares(text: str, count: int) -> tuple[Decimal, ...]:
    numbers = [_number(part.strip()) for part in text.split(",")]
    known = [number for number in numbers if number is not None and number >= 0]
    if len(known) != len(numbers) or len(known) != count or not sum(known):
        raise typer.BadParameter(
            f"--shares {text!r} are not {count} numbers; write one for each tier: "
            f"{'60,30,10' if count == 3 else '65,35'}"
        )
    return tuple(number * 100 / sum(known) for number in known)


def _yaml(design: _Design, organization: str, zone: str, currency: str, days: int) -> str:
    """Raises RuleSetError for a name that a rule set cannot have."""
    from rules_engine.author import load_rule_set
    from rules_engine.ladder_design.writing import ladder_yaml

    text = ladder_yaml(
        design.steps,
        design.average,
        design.shape,
        organization_id=organization,
        time_zone=zone,
        currency=currency,
        expires_in_days=days,
    )
    load_rule_set(text, "the ladder")
    return text


def _write(path: str, text: str) -> None:
    if path not in ("", "-") and Path(path).exists():
        raise CommandFailed(f"{path}: it is there already; name a new file")
    with open_output(path) as file:
        file.write(text.encode())


def _lines(design: _Design, currency: str, days: int) -> Iterator[str]:
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


def _advice(design: _Design, days: int) -> Iterator[str]:
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


def _as_json(design: _Design, currency: str, days: int) -> dict[str, Any]:
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
