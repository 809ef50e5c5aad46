"""Formulas, by walking Python's own syntax tree with Decimal from the source text."""

import ast
import hashlib
import operator
from collections.abc import Mapping
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from functools import cache
from typing import Any

DECIMAL128 = Context(
    prec=34,
    rounding="ROUND_HALF_EVEN",
    Emin=-6143,
    Emax=6144,
    traps=[DivisionByZero, InvalidOperation, Overflow],
)
COMPARISONS: dict[type[ast.cmpop], Any] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda x, many: x in many,
    ast.NotIn: lambda x, many: x not in many,
}
ARITHMETIC: dict[type[ast.operator], Any] = {
    ast.Add: DECIMAL128.add,
    ast.Sub: DECIMAL128.subtract,
    ast.Mult: DECIMAL128.multiply,
    ast.Div: DECIMAL128.divide,
}


class Failed(Exception):
    """The formula has no value for this event."""


class Missing(Failed):
    """It used a value that does not exist."""


class Values(Mapping[str, Any]):
    """What a formula sees: variables (a missing one is absent), and what its functions need."""

    def __init__(self, variables: dict[str, Any], rounding: str, salt: tuple[str, str]) -> None:
        self.variables = variables
        self.rounding = rounding
        self.organization, self.client = salt

    def __getitem__(self, name: str) -> Any:
        if name not in self.variables:
            raise Missing(name)
        return self.variables[name]

    def __iter__(self) -> Any:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


def evaluate(source: str, values: Values) -> Any:
    """Its value. Raises Failed."""
    source = source.strip()
    try:
        return _value(_parsed(source), source, values)
    except DecimalException as error:
        raise Failed(repr(error)) from None


@cache
def _parsed(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def _value(node: ast.expr, source: str, values: Values) -> Any:
    def sub(part: ast.expr) -> Any:
        return _value(part, source, values)

    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Constant():
            return Decimal(ast.get_source_segment(source, node) or "")
        case ast.Name(id=name):
            return values[name]
        case ast.Tuple(elts=parts):
            return tuple(sub(part) for part in parts)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return DECIMAL128.minus(sub(operand))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return DECIMAL128.plus(sub(operand))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not sub(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return ARITHMETIC[type(op)](sub(left), sub(right))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(sub(part) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(sub(part) for part in parts)
        case ast.IfExp(test=chosen, body=body, orelse=orelse):
            return sub(body) if sub(chosen) else sub(orelse)
        case ast.Compare(left=left, ops=tests, comparators=comparators):
            first = sub(left)
            for test, comparator in zip(tests, comparators, strict=True):
                second = sub(comparator)
                if not COMPARISONS[type(test)](first, second):
                    return False
                first = second
            return True
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _call(name, arguments, source, values)
    raise AssertionError(ast.dump(node))


def _call(name: str, arguments: list[ast.expr], source: str, values: Values) -> Any:
    if name in ("known", "coalesce"):
        try:
            value = _value(arguments[0], source, values)
        except Missing:
            return False if name == "known" else _value(arguments[1], source, values)
        return True if name == "known" else value
    given = [_value(argument, source, values) for argument in arguments]
    match name, given:
        case "percent", [x, p]:
            return DECIMAL128.divide(DECIMAL128.multiply(x, p), Decimal(100))
        case "min", _:
            return min(given)
        case "max", _:
            return max(given)
        case "clamp", [x, low, high]:
            return min(max(x, low), high)
        case "abs", [x]:
            return DECIMAL128.abs(x)
        case "floor", [x]:
            return x.to_integral_value(rounding=ROUND_FLOOR)
        case "ceil", [x]:
            return x.to_integral_value(rounding=ROUND_CEILING)
        case "round", [x]:
            return round_to(x, 0, values.rounding)
        case "round", [x, n]:
            return round_to(x, int(n), values.rounding)
        case "bucket", [salt]:
            text = "\x1f".join((values.organization, values.client, salt))
            digest = hashlib.sha256(text.encode()).digest()
            return Decimal(int.from_bytes(digest[:8], "big") % 100)
    raise AssertionError(name)


def round_to(x: Decimal, places: int, rounding: str) -> Decimal:
    """To that many decimals; a number that has no more is left alone."""
    if int(x.as_tuple().exponent) >= -places:
        return x
    return x.quantize(Decimal(1).scaleb(-places), rounding=f"ROUND_{rounding}", context=DECIMAL128)
