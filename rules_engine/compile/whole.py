"""Comparisons of whole numbers, written on `int`: no decimal is made for `hour >= 8`.

A count or an hour is held as `int`, and compares with a whole constant as its decimal would.
Whatever calculates with such a number, or compares it with anything else, gets the decimal.
"""

import ast
from collections.abc import Mapping
from decimal import Decimal

from rules_engine.formula.emit import Emitter

WHOLES: Mapping[str, str] = {
    "topupCount": "c.topup_count",
    "visitCount": "c.visit_count",
    "durationMinutes": "e.duration_minutes",
    "dayOfWeek": "weekday",
    "hour": "hour_of_day",
}
"""Variable → the expression of its `int`. None of them is ever missing."""

_MOST = 10**18
"""Larger constants are compared as decimals."""


class ConditionEmitter(Emitter):
    """As `Emitter`, with whole numbers compared as such."""

    def emit(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Compare):
            operands = [_whole(each) for each in (node.left, *node.comparators)]
            left, *right = operands
            if left is not None and None not in right:
                return ast.Compare(left, node.ops, [each for each in right if each is not None])
        return super().emit(node)


def _whole(node: ast.expr) -> ast.expr | None:
    """The operand on `int`; None where it is no whole number."""
    if isinstance(node, ast.Name):
        expression = WHOLES.get(node.id)
        return None if expression is None else ast.parse(expression, mode="eval").body
    if isinstance(node, ast.Tuple):
        members = [_whole(each) for each in node.elts]
        return None if None in members else ast.Set([each for each in members if each is not None])
    value: object = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, Decimal) and abs(value) < _MOST and value == value.to_integral_value():
        return ast.Constant(int(value))
    return None
