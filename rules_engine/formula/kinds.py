"""The static check of a parsed formula: names, functions, and what kind of value each part has.

After it, evaluation cannot meet a wrong type: what may still fail is arithmetic and missing values
(`runtime.Cause`).
"""

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal

from rules_engine.formula.checked import Kind
from rules_engine.formula.comparisons import ComparisonChecker
from rules_engine.formula.cursor import UNKNOWN
from rules_engine.formula.faults import MAX_DIGITS, Fault, Findings
from rules_engine.formula.functions import FUNCTIONS
from rules_engine.formula.names import no_function, no_variable
from rules_engine.formula.nodes import (
    CALLED,
    SIGNS,
    Report,
    folded,
    number_of,
    text_of,
    way_to_condition,
    way_to_number,
)
from rules_engine.variables import Variable, variables


class KindChecker:
    """Finds the kind of every part; None is the kind of a part that is already reported."""

    def __init__(self, trigger: str, findings: Findings) -> None:
        self.names: set[str] = set()
        self._trigger = trigger
        self._variables: Mapping[str, Variable] = variables(trigger)
        self._report = Report(findings)
        self._comparisons = ComparisonChecker(self._variables, self._report, self.kind)
        self._handlers: dict[type[ast.expr], Callable[..., Kind | None]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._compare,
            ast.BoolOp: self._bool,
            ast.IfExp: self._if,
            ast.Call: self._call,
            ast.Tuple: self._stray_tuple,
        }
        self._calls: dict[str, Callable[[ast.Call], Kind | None]] = {
            "known": self._known,
            "coalesce": self._coalesce,
            "bucket": self._bucket,
            "round": self._round,
            "clamp": self._clamp,
        }

    def kind(self, node: ast.expr) -> Kind | None:
        """The kind of a part, after a check of all that is inside."""
        return self._handlers[type(node)](node)

    # leaves

    def _constant(self, node: ast.Constant) -> Kind:
        value: object = node.value
        return Kind.NUMBER if isinstance(value, Decimal) else Kind.TEXT

    def _name(self, node: ast.Name) -> Kind | None:
        variable = self._variables.get(node.id)
        if variable is not None:
            self.names.add(node.id)
            return variable.kind
        if node.id != UNKNOWN:
            refusal = no_variable(node.id, self._trigger, self._variables)
            self._report.add(refusal.fault, refusal.message, node, refusal.remedy)
        return None

    def _stray_tuple(self, node: ast.Tuple) -> None:
        for each in node.elts:
            self.kind(each)
        message = "a tuple stands only on the right of `in`"
        self._report.add(Fault.TUPLE, message, node, "a decimal point is a point: 0.5")

    # operators

    def _unary(self, node: ast.UnaryOp) -> Kind:
        if isinstance(node.op, ast.Not):
            self._condition(node.operand, "not")
            return Kind.FLAG
        self._number(node.operand)
        return Kind.NUMBER

    def _binary(self, node: ast.BinOp) -> Kind:
        self._number(node.left)
        self._number(node.right)
        return Kind.NUMBER

    def _compare(self, node: ast.Compare) -> Kind:
        self._comparisons.check(node)
        return Kind.FLAG

    def _bool(self, node: ast.BoolOp) -> Kind:
        for value in node.values:
            self._condition(value, SIGNS[type(node.op)])
        return Kind.FLAG

    def _if(self, node: ast.IfExp) -> Kind | None:
        body = self.kind(node.body)
        self._condition(node.test, "if")
        otherwise = self.kind(node.orelse)
        if body is not None and otherwise is not None and body is not otherwise:
            message = f"`else` gives {CALLED[otherwise]}, but the other side {CALLED[body]}"
            remedy = "both sides of a choice are of one kind"
            self._report.add(Fault.KIND, message, node.orelse, remedy)
            return None
        return body or otherwise

    def _condition(self, node: ast.expr, word: str) -> None:
        kind = self.kind(node)
        if kind in (None, Kind.FLAG):
            return
        remedy = way_to_condition(self._report.plain(node), kind)
        message = f"`{word}` needs a condition, but {self._report.quote(node)} is {CALLED[kind]}"
        self._report.add(Fault.KIND, message, node, remedy)

    def _number(self, node: ast.expr, function: str = "") -> None:
        kind = self.kind(node)
        if kind in (None, Kind.NUMBER):
            return
        user = f"{function} takes numbers" if function else "only numbers can be calculated with"
        message = f"{self._report.quote(node)} is {CALLED[kind]}: {user}"
        self._report.add(Fault.KIND, message, node, way_to_number(node, kind))

    # calls

    def _call(self, node: ast.Call) -> Kind | None:
        assert isinstance(node.func, ast.Name)
        name, count = node.func.id, len(node.args)
        function = FUNCTIONS.get(name)
        if function is None:
            refusal = no_function(name, self._variables)
            self._report.add(refusal.fault, refusal.message, node.func, refusal.remedy)
        elif not function.least <= count <= (function.most or count):
            plural = "" if count == 1 else "s"
            message = f"{name} does not take {count} argument{plural}"
            self._report.add(Fault.ARGUMENTS, message, node, f"write {function.signature}")
        else:
            return self._calls.get(name, self._numbers)(node)
        for each in node.args:
            self.kind(each)
        return None

    def _numbers(self, node: ast.Call) -> Kind:
        assert isinstance(node.func, ast.Name)
        for each in node.args:
            self._number(each, node.func.id)
        return Kind.NUMBER

    def _known(self, node: ast.Call) -> Kind:
        self._any_value(node.args[0], "known")
        return Kind.FLAG

    def _coalesce(self, node: ast.Call) -> Kind | None:
        value, otherwise = (self._any_value(each, "coalesce") for each in node.args)
        if value is not None and otherwise is not None and value is not otherwise:
            message = f"coalesce replaces {CALLED[value]} by {CALLED[otherwise]}"
            self._report.add(Fault.KIND, message, node.args[1], "both are of one kind")
            return None
        return value or otherwise

    def _any_value(self, node: ast.expr, function: str) -> Kind | None:
        kind = self.kind(node)
        if kind is not Kind.GROUPS:
            return kind
        message = f"{function} has no use for groups"
        self._report.add(Fault.KIND, message, node, "groups are never missing")
        return None

    def _bucket(self, node: ast.Call) -> Kind:
        salt = node.args[0]
        if not text_of(salt):
            message, remedy = (
                "the salt of bucket is a text in quotes",
                "write bucket('autumn-test')",
            )
            self._report.add(Fault.ARGUMENTS, message, salt, remedy)
        return Kind.NUMBER

    def _round(self, node: ast.Call) -> Kind:
        self._number(node.args[0], "round")
        for each in node.args[1:]:
            digits = number_of(each)
            whole = digits is not None and digits.as_tuple().exponent == 0
            if digits is None or not whole or not -MAX_DIGITS <= digits <= MAX_DIGITS:
                message = f"round takes a whole number, {-MAX_DIGITS} to {MAX_DIGITS}, of decimals"
                self._report.add(Fault.ARGUMENTS, message, each, "write round(x, 2)")
        node.args[1:] = [folded(each) for each in node.args[1:]]
        return Kind.NUMBER

    def _clamp(self, node: ast.Call) -> Kind:
        least, most = (number_of(each) for each in node.args[1:])
        if least is not None and most is not None and least > most:
            message = "the lower bound of clamp is above the upper one"
            self._report.add(Fault.ARGUMENTS, message, node, "write clamp(x, lo, hi)")
        return self._numbers(node)
