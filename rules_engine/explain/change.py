"""The smallest change of one number of an event that would have made a rule fire.

Candidates are the numbers that the condition compares with, one unit beside them, and a few
multiples of what the number was; from the nearest that works the search halves its way back. It
is exact wherever the condition changes once in between, as thresholds do.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace

from rules_engine.checked import CheckedRule
from rules_engine.explain.conditions import THRESHOLD
from rules_engine.formula.checked import Kind
from rules_engine.variables import Source, Variable, variables
from schemas.decoded import Event

_MULTIPLES = tuple(Decimal(text) for text in ("0.01", "0.1", "0.5", "2", "5", "10", "100"))
_MOST = Decimal(10) ** 12
"""Amounts beyond it are no advice."""


@dataclass(frozen=True)
class Change:
    """One number of the event and what it would have to be."""

    name: str
    was: Decimal
    needed: Decimal

    def __str__(self) -> str:
        sign = "≥" if self.needed > self.was else "≤"
        return f"needs {self.name} {sign} {_plain(self.needed)}, was {_plain(self.was)}"


def needed_change(
    rule: CheckedRule, event: Event, minor_unit: Decimal, fires: Callable[[Event], bool]
) -> Change | None:
    """None where no single number decides. `fires` tells whether the rule fires for an event.

    A number that the event lacks is left alone: no other value of it is near.
    """
    found = [
        change
        for variable in _numbers(rule)
        if getattr(event, variable.attribute) is not None
        and (change := _smallest(variable, rule, event, minor_unit, fires)) is not None
    ]
    return min(found, key=_size, default=None)


def _size(change: Change) -> Decimal:
    return abs(change.needed - change.was) / max(change.was, Decimal(1))


def _numbers(rule: CheckedRule) -> Iterator[Variable]:
    """The numbers of the event that the rule's conditions mention, each once."""
    names = set() if rule.when is None else set(rule.when.names)
    if rule.at_least is not None:
        names.add(THRESHOLD)
    for name, variable in variables(rule.trigger).items():
        if name in names and variable.source is Source.EVENT and variable.kind is Kind.NUMBER:
            yield variable


def _smallest(
    variable: Variable,
    rule: CheckedRule,
    event: Event,
    minor_unit: Decimal,
    fires: Callable[[Event], bool],
) -> Change | None:
    unit = Decimal(1) if variable.whole else minor_unit
    was = Decimal(getattr(event, variable.attribute))

    def works(number: Decimal) -> bool:
        value = int(number) if variable.whole else number
        return fires(replace(event, **{variable.attribute: value}))

    probes = sorted(_probes(rule, was, unit), key=lambda number: (abs(number - was), number))
    works_at = next((number for number in probes if works(number)), None)
    if works_at is None:
        return None
    return Change(variable.name, was, _nearest(was, works_at, unit, works))


def _nearest(
    fails_at: Decimal, works_at: Decimal, unit: Decimal, works: Callable[[Decimal], bool]
) -> Decimal:
    """Between a number that does not do and one that does: the first that does."""
    while abs(works_at - fails_at) > unit:
        middle = fails_at + ((works_at - fails_at) / 2 // unit) * unit
        if middle == fails_at:
            return works_at
        if works(middle):
            works_at = middle
        else:
            fails_at = middle
    return works_at


def _probes(rule: CheckedRule, was: Decimal, unit: Decimal) -> set[Decimal]:
    near = {was * multiple for multiple in _MULTIPLES} | set(_constants(rule))
    on_grid = {(number // unit + step) * unit for number in near for step in (-1, 0, 1)}
    return {number for number in on_grid if 0 < number < _MOST and number != was}


def _constants(rule: CheckedRule) -> Iterator[Decimal]:
    if rule.at_least is not None:
        yield rule.at_least
    for node in ast.walk(rule.when.tree) if rule.when is not None else ():
        value: object = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, Decimal) and abs(value) < _MOST:
            yield value


def _plain(number: Decimal) -> str:
    """Without zeros that say nothing: 400, not 400.00."""
    whole = number.to_integral_value()
    return f"{whole:f}" if whole == number else f"{number:f}"
