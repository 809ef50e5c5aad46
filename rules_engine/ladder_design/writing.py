"""A designed ladder as a rule set that loads as it is."""

import json
from collections.abc import Sequence
from decimal import Decimal

from rules_engine.difference.facts import number
from rules_engine.ladder_design.shapes import Shape
from rules_engine.ladder_design.steps import Step


def ladder_yaml(
    steps: Sequence[Step],
    average: Decimal,
    shape: Shape,
    *,
    organization_id: str,
    time_zone: str,
    currency: str,
    expires_in_days: int,
) -> str:
    """Text in quotes is JSON's, which YAML reads as well."""
    width = max(len(step.id) for step in steps)
    amounts = max(len(number(step.at_least)) for step in steps)
    tiers = "\n".join(_tier(step, width, amounts) for step in steps)
    name = f"Top-up ladder, {shape.value}, for an average top-up of {number(average)}"
    return f"""\
organizationId: {_quoted(organization_id)}
version: "1"
timeZone: {_quoted(time_zone)}
currency: {_quoted(currency)}
ladders:
  - id: everyday
    name: {_quoted(name)}
    priority: 50
    tags: [ladder]
    expiresInDays: {expires_in_days}
    tiers:
{tiers}
"""


def _tier(step: Step, width: int, amounts: int) -> str:
    id_, at_least = f"{step.id},".ljust(width + 1), f"{number(step.at_least)},".ljust(amounts + 1)
    entry = f"{{id: {id_} atLeast: {at_least} percent: {number(step.percent)}}}"
    return f"      - {entry}  # × {number(step.times_average)}, credits {number(step.credits)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
