"""What the compiler asks about a checked tree."""

import ast
from collections.abc import Iterator

from rules_engine.variables import variables

_CANNOT_FAIL = (
    ast.Name,
    ast.Constant,
    ast.Tuple,
    ast.Compare,
    ast.BoolOp,
    ast.UnaryOp,
    ast.boolop,
    ast.cmpop,
    ast.unaryop,
    ast.expr_context,
)


def conjuncts(node: ast.expr) -> Iterator[ast.expr]:
    """The conditions that must all hold, from left to right: `a and (b and c)` gives a, b, c."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for each in node.values:
            yield from conjuncts(each)
    else:
        yield node


def names_of(node: ast.expr) -> frozenset[str]:
    """All names in a tree, those of functions included."""
    return frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def cannot_fail(node: ast.expr, trigger: str) -> bool:
    """Comparisons of values that are always there. Such a condition may be tested early: it is
    true or false, and nothing is counted either way."""
    known = variables(trigger)
    return all(
        isinstance(each, _CANNOT_FAIL)
        and not (isinstance(each, ast.Name) and known[each.id].optional)
        for each in ast.walk(node)
    )


def asks_bucket(node: ast.expr) -> bool:
    return any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "bucket"
        for each in ast.walk(node)
    )


def is_costly(node: ast.expr) -> bool:
    """Does it calculate, beyond comparing what is there?"""
    return any(isinstance(each, ast.BinOp | ast.Call) for each in ast.walk(node))
