"""A formula over a whole box of values at once: everything that it may come to, and maybe more.

What a part cannot come to here, the formula comes to for no event of the box. That is the whole
proof; the rest of the package decides which boxes are asked.
"""

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from rules_engine.lint import arithmetic
from rules_engine.lint.boxes import Box
from rules_engine.lint.comparing import compared
from rules_engine.lint.values import (
    EITHER,
    FALSE,
    TRUE,
    Flags,
    Numbers,
    Result,
    Texts,
    Value,
    united,
)

_BINARY: Mapping[type[ast.operator], Callable[[Numbers, Numbers], Result]] = {
    ast.Add: arithmetic.plus,
    ast.Sub: arithmetic.minus,
    ast.Mult: arithmetic.times,
    ast.Div: arithmetic.divided,
}
_CALLS: Mapping[str, Callable[..., Result]] = {
    "min": arithmetic.smallest,
    "max": arithmetic.largest,
    "abs": arithmetic.absolute,
    "floor": arithmetic.floored,
    "ceil": arithmetic.ceiled,
    "clamp": arithmetic.clamped,
    "percent": arithmetic.percent,
}


class Abstract:
    """The formulas of one trigger over one box. To be used under `DECIMAL128`."""

    def __init__(self, box: Box, rounding: str) -> None:
        self._box = box
        self._rounding = rounding
        self._handlers: dict[type[ast.expr], Callable[..., Result]] = {
            ast.Constant: self._constant,
            ast.Name: lambda node: self._box.held(node.id),
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._compare,
            ast.BoolOp: self._bool,
            ast.IfExp: self._if,
            ast.Call: self._call,
        }

    def result(self, node: ast.expr) -> Result:
        """What a part of a checked tree may come to."""
        return self._handlers[type(node)](node)

    def _constant(self, node: ast.Constant) -> Result:
        value: object = node.value
        if isinstance(value, Decimal):
            return Result(Numbers(value, value))
        assert isinstance(value, str)
        return Result(Texts(frozenset({value})))

    def _applied(self, operation: Callable[..., Result], *operands: Result) -> Result:
        """An operation on numbers: it has a value where all of them have one."""
        may_miss = any(each.may_miss for each in operands)
        may_fail = any(each.may_fail for each in operands)
        numbers = [each.value for each in operands if isinstance(each.value, Numbers)]
        if len(numbers) < len(operands):
            return Result(None, may_miss, may_fail)
        made = operation(*numbers)
        return Result(made.value, may_miss, may_fail or made.may_fail)

    def _unary(self, node: ast.UnaryOp) -> Result:
        operand = self.result(node.operand)
        if isinstance(node.op, ast.Not):
            value = operand.value
            negated = value.negated() if isinstance(value, Flags) else None
            return Result(negated, operand.may_miss, operand.may_fail)
        negates = isinstance(node.op, ast.USub)
        return self._applied(arithmetic.negative if negates else arithmetic.positive, operand)

    def _binary(self, node: ast.BinOp) -> Result:
        operands = self.result(node.left), self.result(node.right)
        return self._applied(_BINARY[type(node.op)], *operands)

    # conditions: what stands behind a decided one is not evaluated

    def _bool(self, node: ast.BoolOp) -> Result:
        goes_on = TRUE if isinstance(node.op, ast.And) else FALSE
        return self._in_turn([partial(self.result, each) for each in node.values], goes_on)

    def _compare(self, node: ast.Compare) -> Result:
        """`a < b < c` asks for c only where a < b."""
        first = left = self.result(node.left)
        steps: list[Callable[[], Result]] = []
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            steps.append(self._step(left, operator, right_node))
            if not isinstance(right_node, ast.Tuple):
                left = self.result(right_node)
        chained = self._in_turn(steps, TRUE)
        value = None if first.value is None else chained.value
        return Result(value, chained.may_miss or first.may_miss, chained.may_fail or first.may_fail)

    def _step(self, left: Result, operator: ast.cmpop, node: ast.expr) -> Callable[[], Result]:
        def outcome() -> Result:
            if isinstance(operator, ast.In | ast.NotIn):
                found = self._contained(left, node)
                if isinstance(operator, ast.NotIn) and isinstance(found.value, Flags):
                    return Result(found.value.negated(), found.may_miss, found.may_fail)
                return found
            right = self.result(node)
            if left.value is None or right.value is None:
                return Result(None, right.may_miss, right.may_fail)
            truth = compared(left.value, operator, right.value)
            return Result(truth, right.may_miss, right.may_fail)

        return outcome

    def _contained(self, left: Result, node: ast.expr) -> Result:
        value = left.value
        if value is None:
            return Result(None)
        if isinstance(node, ast.Tuple):
            members = [self.result(each).value for each in node.elts]
            equal = [compared(value, ast.Eq(), each) for each in members if each is not None]
            return Result(
                Flags(any(each.may_hold for each in equal), all(each.may_not for each in equal))
            )
        if isinstance(value, Texts) and value.is_one and value.words is not None:
            return Result(self._box.group(next(iter(value.words))))
        return Result(EITHER)

    def _in_turn(self, steps: list[Callable[[], Result]], goes_on: Flags) -> Result:
        """`and` (goes on while true) and `or` (goes on while false)."""
        may_hold = may_not = may_miss = may_fail = False
        for step in steps:
            result = step()
            may_miss, may_fail = may_miss or result.may_miss, may_fail or result.may_fail
            value = result.value
            if value is None:
                return self._outcome(may_hold, may_not, may_miss, may_fail)
            assert isinstance(value, Flags)
            if goes_on is TRUE:
                may_not = may_not or value.may_not
                reaches_on = value.may_hold
            else:
                may_hold = may_hold or value.may_hold
                reaches_on = value.may_not
            if not reaches_on:
                return self._outcome(may_hold, may_not, may_miss, may_fail)
        if goes_on is TRUE:
            may_hold = True
        else:
            may_not = True
        return self._outcome(may_hold, may_not, may_miss, may_fail)

    def _outcome(self, may_hold: bool, may_not: bool, may_miss: bool, may_fail: bool) -> Result:
        value = Flags(may_hold, may_not) if may_hold or may_not else None
        return Result(value, may_miss, may_fail)

    def _if(self, node: ast.IfExp) -> Result:
        test = self.result(node.test)
        value: Value | None = None
        may_miss, may_fail = test.may_miss, test.may_fail
        if isinstance(test.value, Flags):
            chosen = ((test.value.may_hold, node.body), (test.value.may_not, node.orelse))
            for is_possible, branch in chosen:
                if is_possible:
                    result = self.result(branch)
                    value = united(value, result.value)
                    may_miss, may_fail = may_miss or result.may_miss, may_fail or result.may_fail
        return Result(value, may_miss, may_fail)

    def _call(self, node: ast.Call) -> Result:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name in _CALLS:
            return self._applied(_CALLS[name], *map(self.result, node.args))
        if name == "round":
            return self._round(node)
        if name == "bucket":
            salt = node.args[0]
            assert isinstance(salt, ast.Constant)
            return self._box.held(f"bucket:{salt.value!s}")
        asked = self.result(node.args[0])
        if name == "known":
            if asked.value is None and not asked.may_miss:
                return Result(None, may_fail=asked.may_fail)
            return Result(Flags(asked.value is not None, asked.may_miss), may_fail=asked.may_fail)
        if not asked.may_miss:
            return asked
        otherwise = self.result(node.args[1])
        value = united(asked.value, otherwise.value)
        return Result(value, otherwise.may_miss, asked.may_fail or otherwise.may_fail)

    def _round(self, node: ast.Call) -> Result:
        digits = 0
        if len(node.args) > 1:
            told = self.result(node.args[1]).value
            assert isinstance(told, Numbers)
            digits = int(told.least)
        return self._applied(
            lambda x: arithmetic.rounded(x, digits, self._rounding), self.result(node.args[0])
        )
