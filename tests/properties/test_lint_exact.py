"""Where lint claims to know exactly: against every event of a small finite domain, both ways.

The domain is whole: no condition below tells apart amounts above the largest, nor counts. So what
holds for each of its events holds for every event that there can be.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules_engine.checked import CheckedRule, Rounding
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.compiled import compile_formula
from rules_engine.formula.nodes import span_of
from rules_engine.lint import Code, check
from rules_engine.lint.found import Found
from tests.unit.engine.builders import at, rule, rule_set

SETTINGS = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
NOW = at("2026-01-05T00:00:00+00:00")
AMOUNTS, COUNTS, DAYS, HOURS = range(1, 8), range(3), (1, 2, 6, 7), (0, 1, 22, 23)
SOURCES = ("ACQUIRING", "CASH", "POS_TERMINAL")

numbers = st.integers(0, 6)
orders = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
ATOMS = st.one_of(
    st.builds("topupAmountMajor {} {}".format, orders, numbers),
    st.builds("{} <= topupAmountMajor < {}".format, numbers, numbers),
    st.builds("2 * topupAmountMajor + 1 {} {}".format, orders, st.integers(0, 12)),
    st.builds(
        "topUpSource {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(SOURCES)
    ),
    st.just("topUpSource in ('CASH', 'ACQUIRING')"),
    st.sampled_from(["'vip' in groups", "'vip' not in groups", "isFirstTopup"]),
    st.builds("topupCount {} {}".format, orders, st.integers(0, 1)),
    st.builds("dayOfWeek {} {}".format, orders, st.sampled_from([1, 6, 7])),
    st.builds("hour {} {}".format, orders, st.sampled_from([0, 22])),
    st.sampled_from(["dayOfWeek in (6, 7)", "known(averageTopupMajor)"]),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=6,
)


def everything() -> Iterator[dict[str, Any]]:
    for amount, source, vip, count, day, hour in product(
        AMOUNTS, SOURCES, (False, True), COUNTS, DAYS, HOURS
    ):
        yield {
            "topupAmountMajor": Decimal(amount),
            "topUpSource": source,
            "groups": frozenset({"vip"} if vip else ()),
            "topupCount": count,
            "isFirstTopup": count == 0,
            "averageTopupMajor": Decimal(5) if count else None,
            "dayOfWeek": day,
            "hour": hour,
        }


WORLD = list(everything())


def truths(formula: CheckedFormula) -> list[bool]:
    run = compile_formula(formula)
    return [run.evaluate(values, Rounding.HALF_UP, lambda _: 0) is True for values in WORLD]


def parts(checked: CheckedRule, node: ast.expr, whole: bool = True) -> set[tuple[Code, str]]:
    """The largest parts that are always true, or never, by trying."""
    assert checked.when is not None
    text = checked.when.text[slice(*span_of(node, checked.when.text))]
    part = rule(when=text).when
    assert part is not None
    told = set(truths(part))
    if told == {True}:
        return {(Code.ALWAYS_TRUE, text)}
    if told == {False} and not whole:
        return {(Code.NEVER_TRUE, text)}
    inner = {ast.BoolOp: "values", ast.UnaryOp: "operand"}.get(type(node), "")
    below = getattr(node, inner) if inner else []
    below = below if isinstance(below, list) else [below]
    return {found for each in below for found in parts(checked, each, whole=False)}


def quoted(checked: CheckedRule, found: Found) -> str:
    assert checked.when is not None
    assert found.span is not None
    return checked.when.text[slice(*found.span)]


@SETTINGS
@given(CONDITIONS)
def test_parts_that_hold_always_or_never_are_told_and_no_others(condition: str) -> None:
    checked = rule(when=condition)
    assert checked.when is not None
    found = list(check(rule_set(checked, minor_digits=0), NOW))
    codes = {each.code for each in found}
    if not any(truths(checked.when)):
        assert Code.NEVER_FIRES in codes
        return
    assert Code.NEVER_FIRES not in codes
    told = {
        (each.code, quoted(checked, each))
        for each in found
        if each.code in (Code.ALWAYS_TRUE, Code.NEVER_TRUE)
    }
    assert told == parts(checked, checked.when.tree)


@SETTINGS
@given(st.lists(CONDITIONS, min_size=2, max_size=3))
def test_a_rule_is_shadowed_where_rules_above_it_always_match(conditions: list[str]) -> None:
    rules = [
        rule(f"r{number}", when=text, priority=-number, exclusive="g")
        for number, text in enumerate(conditions)
    ]
    found = list(check(rule_set(*rules, minor_digits=0), NOW))
    shadowed = {each.rule_id for each in found if each.code is Code.SHADOWED}
    taken = [False] * len(WORLD)
    expected = set()
    for each in rules:
        assert each.when is not None
        matches = truths(each.when)
        if any(matches) and all(over for over, own in zip(taken, matches, strict=True) if own):
            expected.add(each.id)
        taken = [over or own for over, own in zip(taken, matches, strict=True)]
    assert shadowed == expected


@st.composite
def tiers(draw: st.DrawFn) -> dict[str, set[int]]:
    """Conditions of tiers → the amounts from 0 to 12 that they are for; 0 stands for those below
    every threshold."""
    made: dict[str, set[int]] = {}
    for _ in range(draw(st.integers(2, 4))):
        low = draw(st.integers(1, 8))
        high = draw(st.integers(low, 9))
        text = draw(
            st.sampled_from(
                [
                    f"{low} <= topupAmountMajor <= {high}",
                    f"{low} <= topupAmountMajor and topupAmountMajor < {high + 1}",
                    f"topupAmountMajor > {low - 1} and {high} >= topupAmountMajor",
                    f"topupAmountMajor >= {low}",
                    f"topupAmountMajor <= {high}",
                ]
            )
        )
        first = 0 if text == f"topupAmountMajor <= {high}" else low
        last = 12 if text == f"topupAmountMajor >= {low}" else high
        made[text] = set(range(first, last + 1))
    return made


@SETTINGS
@given(tiers())
def test_gaps_and_overlaps_of_tiers(drawn: Mapping[str, set[int]]) -> None:
    rules = [rule(f"r{number}", when=text) for number, text in enumerate(drawn)]
    amounts = {checked.id: held for checked, held in zip(rules, drawn.values(), strict=True)}
    found = list(check(rule_set(*rules, minor_digits=0), NOW))
    assert gaps(found) == uncovered(list(amounts.values()))
    overlaps = {}
    for each in found:
        if each.code is Code.TIER_OVERLAP:
            told = re.fullmatch(r"(.+) both `(\w+)` and `(\w+)` pay", each.message)
            assert told is not None
            assert meant(told[1]) == amounts[told[2]] & amounts[told[3]]
            overlaps[told[3]] = told[2]
    by_threshold = sorted(amounts, key=lambda each: (min(amounts[each]), each))
    assert set(overlaps) == {
        upper
        for number, upper in enumerate(by_threshold)
        if any(amounts[upper] & amounts[lower] for lower in by_threshold[:number])
    }


@SETTINGS
@given(tiers(), st.lists(st.sampled_from([None, "g", "h"]), min_size=4, max_size=4))
def test_tiers_of_a_group_overlap_others_only_where_they_pay(
    drawn: Mapping[str, set[int]], groups: Sequence[str | None]
) -> None:
    rules = [
        rule(f"r{number}", when=text, priority=-number, exclusive=group)
        for number, (text, group) in enumerate(zip(drawn, groups, strict=False))
    ]
    amounts = {checked.id: held for checked, held in zip(rules, drawn.values(), strict=True)}
    pays, taken = {}, dict[str | None, set[int]]()
    for each in rules:
        held = taken.setdefault(each.exclusive, set())
        pays[each.id] = amounts[each.id] - held if each.exclusive else amounts[each.id]
        held |= amounts[each.id]
    overlaps = set()
    found = list(check(rule_set(*rules, minor_digits=0), NOW))
    for one in found:
        if one.code is Code.TIER_OVERLAP:
            told = re.fullmatch(r"(.+) both `(\w+)` and `(\w+)` pay", one.message)
            assert told is not None
            assert meant(told[1]) <= pays[told[2]] & pays[told[3]]
            overlaps.add(told[3])
    group_of = {each.id: each.exclusive or each.id for each in rules}
    by_threshold = sorted(amounts, key=lambda each: (min(amounts[each]), each))
    if Code.SHADOWED not in {
        each.code for each in found
    }:  # such a rule is told of as that, and as nothing else
        assert overlaps == {
            upper
            for number, upper in enumerate(by_threshold)
            if any(
                pays[upper] & pays[lower]
                for lower in by_threshold[:number]
                if group_of[lower] != group_of[upper]
            )
        }


def meant(words: str) -> set[int]:
    """The amounts from 0 to 12 of `for 3`, `for 3 to 7`, `from 3 on` and `up to 7`."""
    told = re.fullmatch(r"for (\d+)(?: to (\d+))?|from (\d+) on|up to (\d+)", words)
    assert told is not None, words
    only, last, first, end = told.groups()
    low, high = only or first or 0, last or only or end or 12
    return set(range(int(low), int(high) + 1))


def gaps(found: Sequence[Found]) -> set[int]:
    amounts: set[int] = set()
    for each in found:
        if each.code is Code.TIER_GAP:
            told = re.match(r"no tier is for (\d+)(?: to (\d+))?:", each.message)
            assert told is not None
            amounts |= set(range(int(told[1]), int(told[2] or told[1]) + 1))
    return amounts


def uncovered(held: Sequence[set[int]]) -> set[int]:
    """Amounts between tiers that none is for."""
    every = set().union(*held)
    return set(range(min(every), max(every) + 1)) - every
