"""The reference evaluator: asteval behind the same port as the generated code.

It shares neither parser nor functions with `compiled`: the text is read by Python itself, its
number constants are replaced by decimals from their source text, and asteval walks the tree. Its
symbol table is replaced, not trimmed, and every node that is not in the language is unknown to
it. It decides no money: tests and the load of a rule set hold the generated code against it.
"""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from zlib import crc32

from asteval import Interpreter

from rules_engine.checked import Rounding
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.compiled import Bucket, Result, as_value, compile_formula
from rules_engine.formula.contexts import contexts
from rules_engine.formula.runtime import DECIMAL128, FAILURES, MissingValue, failure_of

_NODES = ("constant", "name", "unaryop", "binop", "boolop", "compare", "ifexp", "call", "tuple")
_FOLDED = str.maketrans("\t\r\n", "   ")


class _Asteval(Interpreter):  # type: ignore[misc]
    """asteval with the language's nodes only, lazy `known` and `coalesce`, and its errors as they
    are: the library's own handling would turn them into None."""

    node_handlers: dict[str, Callable[..., object]]

    def __init__(self, text: str) -> None:
        super().__init__(symtable={}, use_numpy=False, minimal=True, config={"ifexp": True})
        for node in set(self.node_handlers) - set(_NODES):
            self.remove_nodehandler(node)
        self.expr = text

    def raise_exception(
        self,
        node: ast.AST | None,
        exc: type[Exception] | None = None,
        msg: str = "",
        expr: str | None = None,
        lineno: int | None = None,
    ) -> None:
        if exc is not None:
            raise exc(msg)
        raise  # the failure itself: asteval calls this from where it caught it

    def on_name(self, node: ast.Name) -> object:
        value: object = super().on_name(node)
        if value is None:
            raise MissingValue(node.id)
        return value

    def on_call(self, node: ast.Call) -> object:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ("known", "coalesce"):
            return super().on_call(node)
        try:
            value = self.run(node.args[0])
        except MissingValue:
            return False if name == "known" else self.run(node.args[1])
        return True if name == "known" else value


class _Decimals(ast.NodeTransformer):
    """Number constants as decimals of what stands in the text: Python has read them as floats."""

    def __init__(self, text: str) -> None:
        self._text = text

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, int | float):
            exact: Any = Decimal(ast.get_source_segment(self._text, node) or "")
            return ast.copy_location(ast.Constant(exact), node)
        return node


def _rounded(value: Decimal, digits: Decimal, rounding: Rounding) -> Decimal:
    """By exact fractions and the four definitions, without the decimal module's rounding."""
    scale = Fraction(10) ** int(digits)
    exact = abs(Fraction(value)) * scale
    whole, rest = math.floor(exact), exact - math.floor(exact)
    half = Fraction(1, 2)
    up = {
        Rounding.HALF_UP: rest >= half,
        Rounding.HALF_EVEN: rest > half or (rest == half and whole % 2 == 1),
        Rounding.DOWN: False,
        Rounding.UP: rest > 0,
    }
    with localcontext(DECIMAL128) as wide:
        wide.prec = 10_000
        return Decimal(whole + up[rounding]).scaleb(-int(digits)).copy_sign(value)


def _functions(rounding: Rounding, bucket: Bucket) -> dict[str, Callable[..., object]]:
    return {
        "min": min,
        "max": max,
        "abs": abs,
        "round": lambda x, n=Decimal(0): _rounded(x, n, rounding),
        "floor": lambda x: Decimal(math.floor(x)),
        "ceil": lambda x: Decimal(math.ceil(x)),
        "clamp": lambda x, lo, hi: min(max(x, lo), hi),
        "percent": lambda x, p: x * p / 100,
        "bucket": lambda salt: Decimal(bucket(salt)),
    }


@dataclass(frozen=True)
class ReferenceFormula:
    """Evaluates one formula, slowly. Made by `reference_formula`."""

    checked: CheckedFormula
    tree: ast.expr
    interpreter: _Asteval

    def evaluate(self, values: Mapping[str, object], rounding: Rounding, bucket: Bucket) -> Result:
        """As `CompiledFormula.evaluate`."""
        bound = {name: as_value(values[name]) for name in self.checked.names}
        self.interpreter.symtable = bound | _functions(rounding, bucket)
        with localcontext(DECIMAL128):
            try:
                result: Result = self.interpreter.run(self.tree)
            except FAILURES as error:
                return failure_of(error)
        return result


def reference_formula(checked: CheckedFormula) -> ReferenceFormula:
    """Read the text of a checked formula a second time, by Python's own parser."""
    text = f"({checked.text.translate(_FOLDED)})"
    tree = _Decimals(text).visit(ast.parse(text, mode="eval").body)
    return ReferenceFormula(checked, tree, _Asteval(text))


@dataclass(frozen=True)
class Disagreement:
    """Values for which the two evaluators differ. A rule set with one is refused."""

    text: str
    values: Mapping[str, object]
    rounding: Rounding
    compiled: Result
    reference: Result


def disagreements(checked: CheckedFormula, count: int) -> list[Disagreement]:
    """Evaluate the formula both ways on `count` generated contexts; empty if they always agree.

    Pure: the same formula sees the same contexts on every run.
    """
    compiled, reference = compile_formula(checked), reference_formula(checked)
    found = []
    for index, values in enumerate(contexts(checked, count)):
        rounding = tuple(Rounding)[index % len(Rounding)]
        bucket = _bucket(index)
        first = compiled.evaluate(values, rounding, bucket)
        second = reference.evaluate(values, rounding, bucket)
        if not same(first, second):
            found.append(Disagreement(checked.text, values, rounding, first, second))
    return found


def same(first: Result, second: Result) -> bool:
    """Equal in type and value; 1.20 is 1.2."""
    return type(first) is type(second) and first == second


def _bucket(index: int) -> Bucket:
    return lambda salt: crc32(f"{index}/{salt}".encode()) % 100
