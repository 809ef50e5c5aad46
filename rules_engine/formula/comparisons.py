"""The static check of comparisons and of `in`: what may stand beside what."""

import ast
import re
from collections.abc import Callable, Mapping

from rules_engine.diagnostics import did_you_mean
from rules_engine.formula.checked import Kind
from rules_engine.formula.faults import Fault
from rules_engine.formula.nodes import CALLED, SIGNS, Report, folded, numeric_text, text_of
from rules_engine.variables import Variable

_ASK_GROUPS = "ask 'vip' in groups"
_DATE_PREFIX = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_Operand = tuple[ast.expr, Kind | None]


class ComparisonChecker:
    """`kind_of` gives the kind of a part, None where that part is already reported."""

    def __init__(
        self,
        known: Mapping[str, Variable],
        report: Report,
        kind_of: Callable[[ast.expr], Kind | None],
    ) -> None:
        self._variables = known
        self._report = report
        self._kind_of = kind_of

    def check(self, node: ast.Compare) -> None:
        """Check a chain: every neighbour with its neighbour."""
        left: _Operand = (node.left, self._kind_of(node.left))
        for operator, value in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                left = (value, self._membership(left, SIGNS[type(operator)], value))
            else:
                right = (value, self._kind_of(value))
                self._pair(left, operator, right)
                left = right

    def _pair(self, left: _Operand, operator: ast.cmpop, right: _Operand) -> None:
        (first, first_kind), (second, second_kind) = left, right
        if first_kind is None or second_kind is None:
            return
        sign = SIGNS[type(operator)]
        if Kind.GROUPS in (first_kind, second_kind):
            whole = second if second_kind is Kind.GROUPS else first
            message = f"groups cannot be compared with `{sign}`"
            self._report.add(Fault.KIND, message, whole, _ASK_GROUPS)
        elif first_kind is not second_kind:
            self._never_equal(left, right, "they cannot be compared")
        elif first_kind is Kind.FLAG and sign not in ("==", "!="):
            message = f"conditions have no order (`{sign}`)"
            self._report.add(Fault.KIND, message, second, "combine them with `and`")
        else:
            self._words(first, second, sign)
            self._words(second, first, sign)

    def _never_equal(self, left: _Operand, right: _Operand, so: str) -> None:
        (first, first_kind), (second, second_kind) = left, right
        assert first_kind is not None
        assert second_kind is not None
        quote = self._report.quote
        message = (
            f"{quote(first)} is {CALLED[first_kind]} and {quote(second)} is "
            f"{CALLED[second_kind]}: {so}"
        )
        self._report.add(Fault.KIND, message, second, self._way_to_compare(left, right))

    def _way_to_compare(self, left: _Operand, right: _Operand) -> str:
        for node, kind in (left, right):
            if kind is Kind.FLAG:
                plain = self._report.plain(node)
                return f"{plain} is a condition already: write it alone, or after `not`"
            if (number := numeric_text(node)) is not None:
                return f"write the number without quotes: {number}"
        for node, _ in (left, right):
            if isinstance(node, ast.Name) and node.id in self._variables:
                return f"{node.id}: {self._variables[node.id].description}"
        return "numbers compare with numbers, texts with texts"

    def _membership(self, left: _Operand, sign: str, right: ast.expr) -> Kind | None:
        if isinstance(right, ast.Tuple):
            self._members(left, sign, right)
            return None
        node, kind = left
        found = self._kind_of(right)
        if kind is Kind.GROUPS or (found is Kind.GROUPS and kind not in (None, Kind.TEXT)):
            assert kind is not None
            message = f"{self._report.quote(node)} is {CALLED[kind]}: only a text is in groups"
            self._report.add(Fault.KIND, message, node, _ASK_GROUPS)
        elif found not in (None, Kind.GROUPS):
            message = f"after `{sign}` stands a tuple of constants, or groups"
            remedy = "write ('a', 'b'): constants with commas between, in brackets"
            if isinstance(right, ast.Constant):
                remedy = f"write ({self._report.plain(right)},) or compare with =="
            self._report.add(Fault.TUPLE, message, right, remedy)
        return found

    def _members(self, left: _Operand, sign: str, right: ast.Tuple) -> None:
        node, kind = left
        if not right.elts:
            self._report.add(Fault.TUPLE, "nothing is in an empty tuple", right, "fill it")
        if kind in (Kind.FLAG, Kind.GROUPS):
            message = f"{self._report.quote(node)} is {CALLED[kind]}: it cannot be in a tuple"
            way = _ASK_GROUPS if kind is Kind.GROUPS else "write the condition alone"
            self._report.add(Fault.KIND, message, node, way)
            kind = None
        right.elts = [folded(each) for each in right.elts]
        for each in right.elts:
            member = self._member(each)
            if kind is not None and member is not None and kind is not member:
                self._never_equal((node, kind), (each, member), "they are never equal")
            kind = kind or member
            self._words(node, each, sign)

    def _member(self, node: ast.expr) -> Kind | None:
        if isinstance(node, ast.Constant):
            return self._kind_of(node)
        if isinstance(node, ast.Tuple) or self._kind_of(node) is not None:
            message = f"a tuple holds constants only, not {self._report.quote(node)}"
            remedy = "compare with `or`: x == y or x == z"
            self._report.add(Fault.TUPLE, message, node, remedy)
        return None

    def _words(self, node: ast.expr, other: ast.expr, sign: str) -> None:
        """A constant that the variable can never equal is a mistake: an unknown word, or a date
        in another order than that of localDate."""
        text = text_of(other)
        if text is None or not isinstance(node, ast.Name) or node.id not in self._variables:
            return
        words = self._variables[node.id].words
        message = f"{node.id} is never {self._report.quote(other)}"
        if node.id == "localDate" and not _DATE_PREFIX.fullmatch(text):
            remedy = "write year-month-day: '2026-11-22'"
            self._report.add(Fault.UNKNOWN_WORD, message, other, remedy)
        elif words and text not in words and sign in ("==", "!=", "in", "not in"):
            remedy = did_you_mean(text, words) or f"it is one of: {', '.join(words)}"
            self._report.add(Fault.UNKNOWN_WORD, message, other, remedy)
