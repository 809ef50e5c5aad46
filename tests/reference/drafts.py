"""What a rule would emit: its formulas and texts evaluated, nothing done yet."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.reference.formulas import DECIMAL128, Failed, Missing, evaluate
from tests.reference.scene import Scene

TITLE, BODY = 40, 120


@dataclass
class Draft:
    """Credits above zero and push texts by action."""

    credits: dict[int, Decimal]
    pushes: dict[int, tuple[str, str]]

    @property
    def total(self) -> Decimal:
        return sum(self.credits.values(), Decimal(0))


def draft(scene: Scene, rule: dict[str, Any]) -> Draft:
    """Raises Failed: one failure fails the rule."""
    made = Draft({}, {})
    for index, action in enumerate(rule["actions"]):
        if action["type"] == "ADD_BONUS":
            amount = credit(scene, action)
            if amount > 0:
                made.credits[index] = amount
    for index, action in enumerate(rule["actions"]):
        if action["type"] == "SEND_PUSH":
            title = cut(text(scene, action["title"], made.total), TITLE)
            body = cut(text(scene, action["body"], made.total), BODY)
            made.pushes[index] = (title, body)
    return made


def credit(scene: Scene, action: dict[str, Any]) -> Decimal:
    """Formula, then min and max, then one rounding to the minor digits."""
    value: Decimal = evaluate(action["formula"], scene.values)
    if "min" in action:
        value = max(value, Decimal(action["min"]))
    if "max" in action:
        value = min(value, Decimal(action["max"]))
    return rounded(scene, value)


def rounded(scene: Scene, value: Decimal) -> Decimal:
    unit = Decimal(1).scaleb(-scene.rule_set["digits"])
    try:
        rounding = f"ROUND_{scene.rule_set['rounding']}"
        return value.quantize(unit, rounding=rounding, context=DECIMAL128)
    except InvalidOperation:
        raise Failed(f"{value} has more than 34 digits") from None


def text(scene: Scene, template: str, credited: Decimal) -> str:
    """The template with the values of its names."""

    def substitute(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        name = match[1]
        value = credited if name == "bonusAmountMajor" else scene.values.variables.get(name)
        if value is None:
            raise Missing(name)
        if name.endswith("Major"):
            money = rounded(scene, value)
            return f"{money:.0f}" if money == int(money) else f"{money:f}"
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:f}" if isinstance(value, Decimal) else str(value)

    return re.sub(r"\{\{|\}\}|\{(\w+)\}", substitute, template)


def cut(message: str, limit: int) -> str:
    """At most so many code points, the last a sign that there was more."""
    return message if len(message) <= limit else message[: limit - 1] + "…"
