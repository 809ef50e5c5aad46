"""A formula walked node by node, with the value of every part: slow, and plain to read.

It shares nothing with the generated functions but the language's own rounding and clamping; a
property test holds the two against each other.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, DecimalException
from typing import Any

from rules_engine.explain.values import Value, Values
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.nodes import span_of
from rules_engine.formula.runtime import (
    ROUNDINGS,
    Cause,
    Failure,
    clamp,
    failure_of,
    round_to,
)

_OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda member, members: member in members,
    ast.NotIn: lambda member, members: member not in members,
}
_SIGNS: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}


@dataclass(frozen=True)
class Seen:
    """A part of a formula, its value or failure, and the parts that it was made of.

    Constants are not among the parts, nor is what was not needed: the right side of an `and`
    whose left is false.
    """

    text: str
    value: Value | Failure
    parts: tuple["Seen", ...] = ()

    @property
    def failure(self) -> Failure | None:
        return self.value if isinstance(self.value, Failure) else None


def look(formula: CheckedFormula, values: Values) -> Seen:
    """The value of a formula and of all its parts. Runs under the evaluation's decimal context."""
    return _Walk(formula.text, values).see(formula.tree)


class _Walk:
    """One formula on one event."""

    def __init__(self, text: str, values: Values) -> None:
        self._text = text
        self._values = values
        self._rounding = ROUNDINGS[values.rule_set.rounding]
        self._nodes: Mapping[type[ast.expr], Callable[[Any], Seen]] = {
            ast.Constant: self._constant,
            ast.Tuple: self._constant,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._compare,
            ast.BoolOp: self._bool,
            ast.IfExp: self._if,
            ast.Call: self._call,
        }
        self._functions: Mapping[str, Callable[..., Any]] = {
            "min": min,
            "max": max,
            "abs": abs,
            "round": self._round,
            "floor": lambda x: x.to_integral_value(ROUND_FLOOR),
            "ceil": lambda x: x.to_integral_value(ROUND_CEILING),
            "clamp": clamp,
            "percent": lambda x, share: x * share / 100,
            "bucket": values.bucket,
        }

    def see(self, node: ast.expr) -> Seen:
        return self._nodes[type(node)](node)

    def _made(self, node: ast.expr, parts: Sequence[Seen], make: Callable[..., Value]) -> Seen:
        """What `make` makes of the parts' values; the first part that failed is the failure."""
        text = self._text[slice(*span_of(node, self._text))]
        shown = tuple(part for part in parts if part.text)
        for part in parts:
            if part.failure is not None:
                return Seen(text, part.failure, shown)
        try:
            return Seen(text, make(*(part.value for part in parts)), shown)
        except DecimalException as error:
            return Seen(text, failure_of(error), shown)

    def _all(self, nodes: Sequence[ast.expr]) -> list[Seen]:
        """The parts from left to right, up to the first that fails."""
        seen: list[Seen] = []
        for node in nodes:
            seen.append(self.see(node))
            if seen[-1].failure is not None:
                break
        return seen

    def _constant(self, node: ast.Constant | ast.Tuple) -> Seen:
        if isinstance(node, ast.Tuple):
            members: Any = tuple(self._constant(each).value for each in node.elts)  # type: ignore[arg-type]
            return Seen("", members)
        value: Any = node.value
        return Seen("", value)

    def _name(self, node: ast.Name) -> Seen:
        value = self._values.value(node.id)
        return Seen(node.id, Failure(Cause.MISSING_VALUE, node.id) if value is None else value)

    def _unary(self, node: ast.UnaryOp) -> Seen:
        return self._made(node, [self.see(node.operand)], _SIGNS[type(node.op)])

    def _binary(self, node: ast.BinOp) -> Seen:
        return self._made(node, self._all([node.left, node.right]), _OPERATORS[type(node.op)])

    def _compare(self, node: ast.Compare) -> Seen:
        """A chain asks its pairs from left to right, up to the first that does not hold."""
        seen = [self.see(node.left)]
        holds = True
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if seen[-1].failure is not None or not holds:
                break
            seen.append(self.see(right))
            if seen[-1].failure is None:
                holds = _OPERATORS[type(sign)](seen[-2].value, seen[-1].value)
        return self._made(node, seen, lambda *_: holds)

    def _bool(self, node: ast.BoolOp) -> Seen:
        decisive = isinstance(node.op, ast.Or)
        seen: list[Seen] = []
        for each in node.values:
            seen.append(self.see(each))
            if seen[-1].value is decisive or seen[-1].failure is not None:
                break
        return self._made(node, seen, lambda *flags: flags[-1])

    def _if(self, node: ast.IfExp) -> Seen:
        test = self.see(node.test)
        if test.failure is not None:
            return self._made(node, [test], lambda flag: flag)
        chosen = self.see(node.body if test.value else node.orelse)
        return self._made(node, [test, chosen], lambda _, value: value)

    def _call(self, node: ast.Call) -> Seen:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name == "known":
            return self._known(node)
        if name == "coalesce":
            return self._coalesce(node)
        return self._made(node, self._all(node.args), self._functions[name])

    def _known(self, node: ast.Call) -> Seen:
        """False if the part uses a missing value; its other failures are failures here too."""
        part = self.see(node.args[0])
        if _is_missing(part):
            return Seen(self._made(node, [part], bool).text, False, (part,))
        return self._made(node, [part], lambda _: True)

    def _coalesce(self, node: ast.Call) -> Seen:
        part = self.see(node.args[0])
        if not _is_missing(part):
            return self._made(node, [part], lambda value: value)
        instead = self.see(node.args[1])
        made = self._made(node, [instead], lambda value: value)
        return Seen(made.text, made.value, (part, *made.parts))

    def _round(self, value: Decimal, digits: Decimal = Decimal(0)) -> Decimal:
        unit = Decimal((0, (1,), -int(digits)))
        return round_to(value, unit, self._rounding)


def _is_missing(part: Seen) -> bool:
    return part.failure is not None and part.failure.cause is Cause.MISSING_VALUE
