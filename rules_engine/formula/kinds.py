"""The static check of a parsed formula: names, functions, and what kind of value each part has.

After it, evaluation cannot meet a wrong type: what may still fail is arithmetic (`runtime.Cause`).
"""

import ast
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from rules_engine.diagnostics import did_you_mean
from rules_engine.formula.checked import Kind
from rules_engine.formula.faults import MAX_DIGITS, MAX_NAME, Fault, Findings
from rules_engine.formula.functions import FUNCTIONS
from rules_engine.formula.parser import UNKNOWN
from rules_engine.variables import (
    CREDITED_NOW,
    ENVELOPE,
    NOT_SUPPORTED_YET,
    Variable,
    triggers_of,
    variables,
)

_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_CALLED: Mapping[Kind, str] = {
    Kind.NUMBER: "a number",
    Kind.TEXT: "a text",
    Kind.FLAG: "true or false",
    Kind.GROUPS: "the client's groups",
}
_DATE_PREFIX = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_PLAIN_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


class KindChecker:
    """Finds the kind of every part; None is the kind of a part that is already reported."""

    def __init__(self, trigger: str, findings: Findings) -> None:
        self.trigger = trigger
        self.variables: Mapping[str, Variable] = variables(trigger)
        self.findings = findings
        self.names: set[str] = set()
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

    def kind(self, node: ast.expr) -> Kind | None:
        return self._handlers[type(node)](node)

    # leaves

    def _constant(self, node: ast.Constant) -> Kind:
        return Kind.NUMBER if isinstance(_value(node), Decimal) else Kind.TEXT

    def _name(self, node: ast.Name) -> Kind | None:
        variable = self.variables.get(node.id)
        if variable is not None:
            self.names.add(node.id)
            return variable.kind
        if node.id != UNKNOWN:
            self._add(self._fault_of(node.id), self._no_variable(node.id), node, self._way(node.id))
        return None

    def _fault_of(self, name: str) -> Fault:
        return Fault.NOT_SUPPORTED_YET if name in NOT_SUPPORTED_YET else Fault.UNKNOWN_NAME

    def _no_variable(self, name: str) -> str:
        if name in NOT_SUPPORTED_YET:
            return f"{name} ({NOT_SUPPORTED_YET[name]}) is not supported yet"
        if name in FUNCTIONS:
            return f"{name} is a function and needs arguments"
        if name in ENVELOPE:
            return f"{name} is not a variable"
        if triggers_of(name):
            return f"{name} is not a variable of {self.trigger}"
        return f"there is no variable {_cut(name)}"

    def _way(self, name: str) -> str:
        if name in NOT_SUPPORTED_YET:
            return "leave it out of the formula for now"
        if name in FUNCTIONS:
            return f"write {FUNCTIONS[name].signature}"
        if name in ENVELOPE:
            return ENVELOPE[name]
        if triggers_of(name):
            only_text = " (in push texts it is the rule's credit)"
            return f"it belongs to {', '.join(triggers_of(name))}" + (
                only_text if name == CREDITED_NOW.name else ""
            )
        if name.lower() in ("true", "false", "yes", "no", "null", "none", "nil"):
            return "there are no such constants: write the condition itself, or known(x)"
        meant = did_you_mean(name, self.variables) if len(name) <= MAX_NAME else ""
        return meant or f"see `loyalty rules variables {self.trigger}`; texts stand in quotes"

    # operators

    def _unary(self, node: ast.UnaryOp) -> Kind | None:
        if isinstance(node.op, ast.Not):
            self._condition(node.operand, "not")
            return Kind.FLAG
        self._number(node.operand, f"`{_SIGNS[type(node.op)]}`")
        return Kind.NUMBER

    def _binary(self, node: ast.BinOp) -> Kind | None:
        sign = f"`{_SIGNS[type(node.op)]}`"
        self._number(node.left, sign)
        self._number(node.right, sign)
        return Kind.NUMBER

    def _bool(self, node: ast.BoolOp) -> Kind | None:
        for value in node.values:
            self._condition(value, _SIGNS[type(node.op)])
        return Kind.FLAG

    def _if(self, node: ast.IfExp) -> Kind | None:
        body = self.kind(node.body)
        self._condition(node.test, "if")
        otherwise = self.kind(node.orelse)
        if body is not None and otherwise is not None and body is not otherwise:
            self._add(
                Fault.KIND,
                f"`else` gives {_CALLED[otherwise]}, but the other side {_CALLED[body]}",
                node.orelse,
                "both sides of a choice are of one kind",
            )
            return None
        return body or otherwise

    def _condition(self, node: ast.expr, word: str) -> None:
        kind = self.kind(node)
        if kind in (None, Kind.FLAG):
            return
        remedy = "compare it with something"
        if kind is Kind.NUMBER:
            remedy = f"compare it: {self._quote(node)} > 0"
        elif kind is Kind.TEXT and word == "or":
            remedy = "for one of several texts write: x in ('a', 'b')"
        self._add(
            Fault.KIND,
            f"`{word}` needs a condition, but {self._quote(node)} is {_CALLED[kind]}",
            node,
            remedy.replace("`", ""),
        )

    def _number(self, node: ast.expr, user: str) -> None:
        kind = self.kind(node)
        if kind in (None, Kind.NUMBER):
            return
        remedy = "only numbers can be computed with"
        if kind is Kind.FLAG:
            remedy = "turn a condition into a number: (10 if condition else 0)"
        elif _is_numeric_text(node):
            remedy = f"write the number without quotes: {_text(node)}"
        self._add(
            Fault.KIND,
            f"{user} needs a number, but {self._quote(node)} is {_CALLED[kind]}",
            node,
            remedy,
        )

    # comparisons

    def _compare(self, node: ast.Compare) -> Kind | None:
        left = node.left
        kind = self.kind(left)
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                kind = self._membership(left, kind, operator, right)
            else:
                following = self.kind(right)
                self._pair(left, kind, operator, right, following)
                kind = following
            left = right
        return Kind.FLAG

    def _pair(
        self,
        left: ast.expr,
        left_kind: Kind | None,
        operator: ast.cmpop,
        right: ast.expr,
        right_kind: Kind | None,
    ) -> None:
        if left_kind is None or right_kind is None:
            return
        sign = _SIGNS[type(operator)]
        if Kind.GROUPS in (left_kind, right_kind):
            whole = right if right_kind is Kind.GROUPS else left
            self._add(
                Fault.KIND, f"groups cannot be compared with `{sign}`", whole, "ask 'vip' in groups"
            )
        elif left_kind is not right_kind:
            self._add(
                Fault.KIND,
                f"{self._quote(left)} is {_CALLED[left_kind]} and {self._quote(right)} is "
                f"{_CALLED[right_kind]}: they cannot be compared",
                right,
                self._way_to_compare(left, left_kind, right, right_kind),
            )
        elif left_kind is Kind.FLAG and not isinstance(operator, ast.Eq | ast.NotEq):
            self._add(
                Fault.KIND, f"conditions have no order (`{sign}`)", right, "combine them with `and`"
            )
        else:
            self._words(left, [right], operator)
            self._words(right, [left], operator)

    def _way_to_compare(
        self, left: ast.expr, left_kind: Kind, right: ast.expr, right_kind: Kind
    ) -> str:
        if Kind.FLAG in (left_kind, right_kind):
            flag = left if left_kind is Kind.FLAG else right
            return f"{self._plain(flag)} is a condition already: write it alone, or after `not`"
        for text, number in ((left, right), (right, left)):
            if _is_numeric_text(text):
                return f"write the number without quotes: {_text(text)}"
            if isinstance(number, ast.Name) and number.id in self.variables:
                return f"{number.id}: {self.variables[number.id].description}"
        return "numbers compare with numbers, texts with texts"

    def _membership(
        self, left: ast.expr, kind: Kind | None, operator: ast.cmpop, right: ast.expr
    ) -> Kind | None:
        sign = _SIGNS[type(operator)]
        if isinstance(right, ast.Tuple):
            self._members(left, kind, operator, right)
            return None
        found = self.kind(right)
        if kind is Kind.GROUPS or (found is Kind.GROUPS and kind not in (None, Kind.TEXT)):
            self._add(
                Fault.KIND,
                f"{self._quote(left)} is {_CALLED[kind]}: it cannot be in something",
                left,
                "ask 'vip' in groups",
            )
        elif found not in (None, Kind.GROUPS):
            remedy = "write (x, y): constants with commas between, in brackets"
            if isinstance(right, ast.Constant):
                remedy = f"write ({self._plain(right)},) or compare with =="
            self._add(
                Fault.TUPLE,
                f"after `{sign}` stands a tuple of constants, or groups",
                right,
                remedy,
            )
        return found

    def _members(
        self, left: ast.expr, kind: Kind | None, operator: ast.cmpop, right: ast.Tuple
    ) -> None:
        if not right.elts:
            self._add(Fault.TUPLE, "nothing is in an empty tuple", right, "put constants in")
        if kind in (Kind.FLAG, Kind.GROUPS):
            self._add(
                Fault.KIND,
                f"{self._quote(left)} is {_CALLED[kind]}: it cannot be in a tuple",
                left,
                "ask 'vip' in groups" if kind is Kind.GROUPS else "write the condition alone",
            )
            kind = None
        right.elts = [_folded(each) for each in right.elts]
        for each in right.elts:
            if not isinstance(each, ast.Constant):
                self._not_constant(each)
            elif kind not in (None, member := self._constant(each)):
                self._add(
                    Fault.KIND,
                    f"{self._quote(left)} is {_CALLED[kind]} and {self._quote(each)} is "
                    f"{_CALLED[member]}: never equal",
                    each,
                    self._way_to_compare(left, kind, each, member),
                )
            kind = self._constant(each) if kind is None and isinstance(each, ast.Constant) else kind
        self._words(left, right.elts, operator)

    def _not_constant(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name) and node.id == UNKNOWN:
            return
        self._add(
            Fault.TUPLE,
            f"a tuple holds constants only, not {self._quote(node)}",
            node,
            "compare with `or`: x == y or x == z; texts stand in quotes",
        )

    def _words(self, left: ast.expr, constants: list[ast.expr], operator: ast.cmpop) -> None:
        """Constants that a variable can never equal are mistakes: an unknown word, a date in
        another order than that of localDate."""
        if not isinstance(left, ast.Name) or left.id not in self.variables:
            return
        words = self.variables[left.id].words
        orders = not isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn)
        for each in constants:
            text = _text(each)
            if text is None:
                continue
            if left.id == "localDate" and not _DATE_PREFIX.fullmatch(text):
                self._add(
                    Fault.UNKNOWN_WORD,
                    f"localDate is never like {self._quote(each)}",
                    each,
                    "write year-month-day: '2026-11-22'",
                )
            elif words and not orders and text not in words:
                self._add(
                    Fault.UNKNOWN_WORD,
                    f"{left.id} is never {self._quote(each)}",
                    each,
                    did_you_mean(text, words) or f"it is one of: {', '.join(words)}",
                )

    def _stray_tuple(self, node: ast.Tuple) -> None:
        for each in node.elts:
            self.kind(each)
        self._add(
            Fault.TUPLE,
            "a tuple stands only on the right of `in`",
            node,
            "a decimal point is a point: 0.5",
        )

    # calls

    def _call(self, node: ast.Call) -> Kind | None:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        function = FUNCTIONS.get(name)
        if function is None:
            for each in node.args:
                self.kind(each)
            self._add(Fault.UNKNOWN_FUNCTION, *self._no_function(name, node.func))
            return None
        if not function.least <= len(node.args) <= (function.most or len(node.args)):
            self._add(
                Fault.ARGUMENTS,
                f"{name} does not take {len(node.args)} argument{'s'[: len(node.args) != 1]}",
                node,
                f"write {function.signature}",
            )
            for each in node.args:
                self.kind(each)
            return Kind.NUMBER if name not in ("known", "coalesce") else None
        return self._arguments(name, node)

    def _no_function(self, name: str, node: ast.Name) -> tuple[str, ast.expr, str]:
        if name in self.variables:
            message = f"{name} is a variable, not a function"
            return message, node, "is an operator missing before the bracket?"
        meant = did_you_mean(name, FUNCTIONS) if len(name) <= MAX_NAME else ""
        known = f"the functions are {', '.join(FUNCTIONS)}"
        return f"there is no function {_cut(name)}", node, meant or known

    def _arguments(self, name: str, node: ast.Call) -> Kind | None:
        if name == "known":
            self._any_value(node.args[0], name)
            return Kind.FLAG
        if name == "coalesce":
            return self._coalesce(node)
        if name == "bucket":
            self._salt(node.args[0])
            return Kind.NUMBER
        if name == "round" and len(node.args) == 2:
            self._number(node.args[0], name)
            self._digits(node)
            return Kind.NUMBER
        for each in node.args:
            self._number(each, name)
        if name == "clamp":
            self._bounds(node)
        return Kind.NUMBER

    def _any_value(self, node: ast.expr, name: str) -> Kind | None:
        kind = self.kind(node)
        if kind is Kind.GROUPS:
            self._add(Fault.KIND, f"{name} has no use for groups", node, "groups are never missing")
            return None
        return kind

    def _coalesce(self, node: ast.Call) -> Kind | None:
        value = self._any_value(node.args[0], "coalesce")
        otherwise = self._any_value(node.args[1], "coalesce")
        if value is not None and otherwise is not None and value is not otherwise:
            self._add(
                Fault.KIND,
                f"coalesce replaces {_CALLED[value]} by {_CALLED[otherwise]}",
                node.args[1],
                "both are of one kind",
            )
            return None
        return value or otherwise

    def _salt(self, node: ast.expr) -> None:
        if not _text(node):
            self._add(
                Fault.ARGUMENTS,
                "the salt of bucket is a text in quotes",
                node,
                "write bucket('autumn-test')",
            )

    def _digits(self, node: ast.Call) -> None:
        digits = _number(node.args[1] if node.args else node)
        if digits is None or digits % 1 or abs(digits) > MAX_DIGITS:
            self._add(
                Fault.ARGUMENTS,
                f"round takes a whole number of decimals, {-MAX_DIGITS} to {MAX_DIGITS}",
                node.args[1],
                "write round(x, 2)",
            )
        else:
            node.args[1] = _folded(node.args[1])

    def _bounds(self, node: ast.Call) -> None:
        least, most = (_number(each) for each in node.args[1:])
        if least is not None and most is not None and least > most:
            self._add(
                Fault.ARGUMENTS,
                "the lower bound of clamp is above the upper one",
                node,
                "write clamp(x, lo, hi)",
            )

    # helpers

    def _add(self, fault: Fault, message: str, node: ast.expr, remedy: str) -> None:
        self.findings.add(fault, message, node.col_offset, _end(node), remedy)

    def _quote(self, node: ast.expr) -> str:
        return self.findings.quote(node.col_offset, _end(node))

    def _plain(self, node: ast.expr) -> str:
        return self._quote(node).strip("`")


def _end(node: ast.expr) -> int:
    return node.end_col_offset or node.col_offset


def _cut(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"


def _value(node: ast.Constant) -> object:
    return node.value


def _text(node: ast.expr) -> str | None:
    """The text of a text constant."""
    value = _value(node) if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None


def _is_numeric_text(node: ast.expr) -> bool:
    return _PLAIN_NUMBER.fullmatch(_text(node) or "") is not None


def _number(node: ast.expr) -> Decimal | None:
    """The number of a constant, with its sign."""
    folded = _folded(node)
    value = _value(folded) if isinstance(folded, ast.Constant) else None
    return value if isinstance(value, Decimal) else None


def _folded(node: ast.expr) -> ast.expr:
    """A signed constant as one constant; anything else as it is."""
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant() as constant):
            value = _value(constant)
            if isinstance(value, Decimal):
                signed = value.copy_negate() if isinstance(sign, ast.USub) else value
                constant = ast.copy_location(ast.Constant(0), node)
                constant.value = signed  # type: ignore[assignment]
                return constant
    return node
