"""Comparisons and arithmetic of sets of values, against every pair of their members."""

import ast
import operator
from collections.abc import Callable
from decimal import Decimal, localcontext
from itertools import product

import pytest

from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint import arithmetic
from rules_engine.lint.comparing import compared
from rules_engine.lint.values import Flags, Numbers, Result, Texts

SIGNS: list[tuple[ast.cmpop, Callable[..., bool]]] = [
    (ast.Lt(), operator.lt),
    (ast.LtE(), operator.le),
    (ast.Gt(), operator.gt),
    (ast.GtE(), operator.ge),
    (ast.Eq(), operator.eq),
    (ast.NotEq(), operator.ne),
]
SPANS = [(low, high) for low in range(-2, 3) for high in range(low, 3)]
RANGES = {span: Numbers(Decimal(span[0]), Decimal(span[1])) for span in SPANS}
WORDS = ["a", "b", "c", "d", "e"]


def flags(outcomes: set[bool]) -> Flags:
    return Flags(True in outcomes, False in outcomes)


@pytest.mark.parametrize(("sign", "means"), SIGNS, ids=lambda each: type(each).__name__)
def test_numbers(sign: ast.cmpop, means: Callable[..., bool]) -> None:
    for (first, one), (second, other) in product(RANGES.items(), repeat=2):
        members = product(range(first[0], first[1] + 1), range(second[0], second[1] + 1))
        assert compared(one, sign, other) == flags({means(x, y) for x, y in members})


def texts() -> list[tuple[Texts, list[str]]]:
    """Sets of the words, told in every way."""
    found = [(Texts(frozenset(each)), list(each)) for each in ("a", "c", "ae", "bc", "abcde")]
    for above, below in product([None, "a", "c"], [None, "c", "e"]):
        members = [w for w in WORDS if (above or "") < w and (below is None or w < below)]
        found.append((Texts(None, frozenset(), above, below), members))
        found.append((Texts(None, frozenset("d"), above, below), [m for m in members if m != "d"]))
    return [(known, members) for known, members in found if members]


@pytest.mark.parametrize(("sign", "means"), SIGNS, ids=lambda each: type(each).__name__)
def test_texts_may_be_everything_that_they_are(sign: ast.cmpop, means: Callable[..., bool]) -> None:
    for (one, first), (other, second) in product(texts(), repeat=2):
        outcomes = {means(x, y) for x, y in product(first, second)}
        told = compared(one, sign, other)
        assert told.may_hold or True not in outcomes, (one, other)
        assert told.may_not or False not in outcomes, (one, other)
        if one.words is not None and other.words is not None:
            assert told == flags(outcomes)


OPERATIONS: list[tuple[Callable[..., Result], Callable[..., object]]] = [
    (arithmetic.plus, operator.add),
    (arithmetic.minus, operator.sub),
    (arithmetic.times, operator.mul),
    (arithmetic.smallest, min),
    (arithmetic.largest, max),
    (arithmetic.percent, lambda x, y: Decimal(x) * y / 100),
]


@pytest.mark.parametrize(("known", "means"), OPERATIONS)
def test_ends_are_the_ends_of_all_results(
    known: Callable[..., Result], means: Callable[..., Decimal]
) -> None:
    with localcontext(DECIMAL128):
        for (first, one), (second, other) in product(RANGES.items(), repeat=2):
            members = product(range(first[0], first[1] + 1), range(second[0], second[1] + 1))
            results = [Decimal(means(x, y)) for x, y in members]
            assert known(one, other) == Result(Numbers(min(results), max(results)))


def test_division() -> None:
    with localcontext(DECIMAL128):
        for (first, one), (second, other) in product(RANGES.items(), repeat=2):
            told = arithmetic.divided(one, other)
            has_zero = second[0] <= 0 <= second[1]
            assert told.may_fail == has_zero
            assert (told.value is None) == (second == (0, 0))
            if not has_zero:
                members = product(range(first[0], first[1] + 1), range(second[0], second[1] + 1))
                results = [Decimal(x) / y for x, y in members]
                assert told.value == Numbers(min(results), max(results))


def test_a_negative_and_a_positive_side() -> None:
    with localcontext(DECIMAL128):
        for span, one in RANGES.items():
            members = [Decimal(x) for x in range(span[0], span[1] + 1)]
            absolute = [abs(x) for x in members]
            assert arithmetic.absolute(one).value == Numbers(min(absolute), max(absolute))
            assert arithmetic.negative(one).value == Numbers(-members[-1], -members[0])
