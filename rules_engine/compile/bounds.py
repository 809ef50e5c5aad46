"""Between which values of one number a rule can fire: what its candidates are indexed by.

Read from a ladder's threshold and from the conditions with which `when` begins, as long as they
cannot fail: `topupAmountMajor >= 300`, `300 <= topupAmountMajor < 800`.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from rules_engine.formula.emit import Literals

INDEXED: Final[Mapping[str, str]] = {
    "BALANCE_TOPPED_UP": "topupAmountMajor",
    "VISIT_ENDED": "durationMinutes",
    "PAYMENT_MADE": "totalAmountMajor",
}
"""Trigger → the number of its events that thresholds are about; a ladder's is the top-up."""

_TURNED: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
}


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a number, None where there is none; an open bound is itself outside."""

    lower: Decimal | None = None
    lower_open: bool = False
    upper: Decimal | None = None
    upper_open: bool = False

    def from_(self, bound: Decimal, is_open: bool) -> "Interval":
        """The part of it above a further bound."""
        if self.lower is not None and (self.lower, self.lower_open) >= (bound, is_open):
            return self
        return replace(self, lower=bound, lower_open=is_open)

    def to(self, bound: Decimal, is_open: bool) -> "Interval":
        """The part of it below a further bound."""
        if self.upper is not None and (self.upper, not self.upper_open) <= (bound, not is_open):
            return self
        return replace(self, upper=bound, upper_open=is_open)

    def meets(self, start: Decimal | None, end: Decimal | None) -> bool:
        """Does it hold a number of `start <= number < end`?"""
        if end is not None and self.lower is not None and self.lower >= end:
            return False
        if start is None or self.upper is None:
            return True
        return self.upper > start or (self.upper == start and not self.upper_open)

    def cuts(self, start: Decimal | None, end: Decimal | None) -> Iterator[Decimal]:
        """Its bounds that lie inside `start < number < end`."""
        for bound in (self.lower, self.upper):
            above = bound is not None and (start is None or bound > start)
            if bound is not None and above and (end is None or bound < end):
                yield bound

    def tests(
        self, name: str, start: Decimal | None, end: Decimal | None, literals: Literals
    ) -> Iterator[str]:
        """What is left to be tested of a number `name` with `start <= name < end`."""
        if self.lower is not None and (
            start is None or (self.lower, self.lower_open) > (start, False)
        ):
            yield f"{name} {'>' if self.lower_open else '>='} {literals.number(self.lower)}"
        if self.upper is not None and (end is None or self.upper < end):
            yield f"{name} {'<' if self.upper_open else '<='} {literals.number(self.upper)}"


def narrowed(interval: Interval, condition: ast.expr, name: str) -> Interval | None:
    """The interval in which the condition holds too; None where it says something else as well."""
    if not isinstance(condition, ast.Compare):
        return None
    operands = [condition.left, *condition.comparators]
    for left, operator, right in zip(operands, condition.ops, operands[1:], strict=False):
        bound = _bound(left, operator, right, name)
        if bound is None:
            return None
        interval = _with_bound(interval, *bound)
    return interval


def _bound(
    left: ast.expr, operator: ast.cmpop, right: ast.expr, name: str
) -> tuple[type[ast.cmpop], Decimal] | None:
    kind = type(operator)
    if isinstance(right, ast.Name):
        left, right, turned = right, left, _TURNED.get(kind)
    else:
        turned = kind if kind in _TURNED else None
    if turned is None or not (isinstance(left, ast.Name) and left.id == name):
        return None
    value: object = right.value if isinstance(right, ast.Constant) else None
    return (turned, value) if isinstance(value, Decimal) else None


def _with_bound(interval: Interval, kind: type[ast.cmpop], bound: Decimal) -> Interval:
    if kind in (ast.Gt, ast.GtE, ast.Eq):
        interval = interval.from_(bound, kind is ast.Gt)
    if kind in (ast.Lt, ast.LtE, ast.Eq):
        interval = interval.to(bound, kind is ast.Lt)
    return interval
