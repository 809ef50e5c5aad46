"""Values to try a formula on: the same ones on every run, and the edges of the formula itself.

Pure and without chance: which value a variable has in context i is a hash of i and its name.
"""

import ast
from collections.abc import Iterator, Sequence
from decimal import Decimal
from zlib import crc32

from rules_engine.formula.checked import CheckedFormula, Kind
from rules_engine.variables import Variable, variables

_AMOUNTS = tuple(
    Decimal(text)
    for text in ("0", "0.01", "1", "-1", "33.333", "99.99", "100", "1000", "9" * 20 + ".9999")
)
_WHOLE = (0, 1, 2, 3, 5, 6, 7, 12, 23, 31, 365, -1)
_TEXTS = ("", "x", "2026-02-28", "2026-11-22")
_CENT = Decimal("0.01")


def contexts(checked: CheckedFormula, count: int) -> Iterator[dict[str, object]]:
    """`count` sets of values for all the names of the formula, missing ones among them."""
    known = variables(checked.trigger)
    constants = _constants(checked)
    edges = {name: _edges(known[name], constants) for name in sorted(checked.names)}
    for index in range(count):
        yield {name: pick(values, index, name) for name, values in edges.items()}


def pick(values: Sequence[object], index: int, name: str) -> object:
    """The value for one context: well mixed, and the same on every run."""
    return values[crc32(f"{index}/{name}".encode()) % len(values)]


def _constants(checked: CheckedFormula) -> list[object]:
    found: dict[object, None] = {}
    for node in ast.walk(checked.tree):
        if isinstance(node, ast.Constant):
            found[node.value] = None
    return list(found)


def _edges(variable: Variable, constants: Sequence[object]) -> list[object]:
    values: list[object] = [None] if variable.optional else []
    texts = [each for each in constants if isinstance(each, str)]
    numbers = [each for each in constants if isinstance(each, Decimal)]
    if variable.kind is Kind.FLAG:
        return [*values, False, True]
    if variable.kind is Kind.GROUPS:
        return [*values, (), ("x",), tuple(texts), tuple(texts[:1]), tuple(texts[1:])]
    if variable.kind is Kind.TEXT:
        return [*values, *(variable.words or _TEXTS), *texts]
    if variable.whole:
        near = [int(each) + step for each in numbers if abs(each) < 10**6 for step in (-1, 0, 1)]
        return [*values, *_WHOLE, *near]
    steps = (-_CENT, Decimal(0), _CENT)
    return [*values, *_AMOUNTS, *(each + step for each in numbers for step in steps)]
