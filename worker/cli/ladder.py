"""`loyalty rules ladder`: tiers from an average top-up, worked out and written as YAML."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from rules_engine.ladder_design.shapes import Shape
from worker.cli.failure import CommandFailed
from worker.cli.ladder_report import Design, as_json, lines
from worker.cli.output import Format, FormatOption, open_output, print_json, say


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
    report = list(lines(design, currency, expires_in_days))
    if out is not None:
        _write(out, "".join(f"# {line}".rstrip() + "\n" for line in report) + text)
    if form is Format.JSON:
        print_json(as_json(design, currency, expires_in_days) | {"yaml": text})
    elif out is None:
        for line in report:
            print(f"# {line}".rstrip())
        print(text, end="")
    else:
        for line in report:
            print(line)
        say(f"written to {out}; check it with `loyalty rules validate {out}`")


def _designed(average: str, shape: Shape, margin: str, shares: str | None, code: str) -> Design:
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
    return Design(
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


def _yaml(design: Design, organization: str, zone: str, currency: str, days: int) -> str:
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
