"""What to write so that one tier begins where another ends: the author's own conditions, with the
author's own figures."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from rules_engine.checked import CheckedRule
from rules_engine.compile.bounds import INDEXED, Interval, narrowed
from rules_engine.compile.trees import conjuncts
from rules_engine.formula.checked import CheckedFormula, Kind
from rules_engine.formula.grammar import check_formula
from rules_engine.formula.nodes import end_of

_BELOW, _ABOVE = {True: "<", False: "<="}, {True: ">", False: ">="}
"""Is the figure itself outside? → the sign between the number and it."""


def amounts_of(rule: CheckedRule, name: str) -> Interval:
    """Between which values of a number the rule is: by its threshold and its `when`."""
    interval = Interval()
    if rule.at_least is not None:
        interval = interval.from_(rule.at_least, is_open=False)
    for node in conjuncts(rule.when.tree) if rule.when is not None else ():
        interval = narrowed(interval, node, name) or interval
    return interval


def meeting(below: CheckedRule, above: CheckedRule, step: Decimal) -> str:
    """The edits of which either makes `above` begin where `below` ends: where it leaves a gap, and
    where both are for some amounts. Empty where no single figure does it.

    `step`: the distance between neighbouring amounts.
    """
    name = INDEXED[below.trigger]
    ends, begins = amounts_of(below, name), amounts_of(above, name)
    edits = []
    if begins.lower is not None:
        wanted = (begins.lower, not begins.lower_open)
        edits.append(_condition(below, name, wanted, is_upper=True))
    if ends.upper is not None:
        if above.at_least is not None:
            least = ends.upper if ends.upper_open else ends.upper + step
            edits.append(f"`atLeast: {least:f}` in `{above.id}`")
        else:
            wanted = (ends.upper, not ends.upper_open)
            edits.append(_condition(above, name, wanted, is_upper=False))
    said = ", or ".join(edit for edit in edits if edit)
    return f"write {said}" if said else ""


def _condition(
    rule: CheckedRule, name: str, wanted: tuple[Decimal, bool], *, is_upper: bool
) -> str:
    """The condition of the rule that holds this end, with another one: a figure, and whether it is
    itself outside. Empty where that is not all that holds it."""
    for step in _steps(rule, name):
        if step.is_upper is is_upper:
            changed = step.moved(wanted)
            interval = amounts_of(replace(rule, when=changed.whole), name)
            ends = (interval.lower, interval.lower_open), (interval.upper, interval.upper_open)
            if ends[is_upper] == wanted and _holds_some(interval):
                return f"`{changed.condition}` in `{rule.id}`"
    return ""


def _holds_some(interval: Interval) -> bool:
    low, high = interval.lower, interval.upper
    return low is None or high is None or low < high


class _Changed(NamedTuple):
    whole: CheckedFormula
    condition: str


class _Step(NamedTuple):
    """One comparison of the number with a figure, at `start` to `end` of a formula. `condition`:
    where the condition stands that it is a part of; `is_left`: the number stands on the left."""

    formula: CheckedFormula
    condition: tuple[int, int]
    start: int
    end: int
    number: str
    is_left: bool
    is_upper: bool

    def moved(self, wanted: tuple[Decimal, bool]) -> _Changed:
        figure, is_open = wanted
        sign = (_BELOW if self.is_upper is self.is_left else _ABOVE)[is_open]
        sides = (self.number, f"{figure:f}")
        left, right = sides if self.is_left else reversed(sides)
        text, made = self.formula.text, f"{left} {sign} {right}"
        whole = f"{text[: self.start]}{made}{text[self.end :]}"
        first, last = self.condition
        condition = f"{text[first : self.start]}{made}{text[self.end : last]}"
        return _Changed(check_formula(whole, self.formula.trigger, Kind.FLAG), condition)


def _steps(rule: CheckedRule, name: str) -> Iterator[_Step]:
    formula = rule.when
    for node in conjuncts(formula.tree) if formula is not None else ():
        if formula is not None and narrowed(Interval(), node, name) is not None:
            assert isinstance(node, ast.Compare)
            operands = pairwise((node.left, *node.comparators))
            for (left, right), operator in zip(operands, node.ops, strict=True):
                start, end = left.col_offset, end_of(right)
                is_left = isinstance(left, ast.Name)
                if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                    is_upper = isinstance(operator, ast.Lt | ast.LtE) is is_left
                    condition = node.col_offset, end_of(node)
                    yield _Step(formula, condition, start, end, name, is_left, is_upper)
