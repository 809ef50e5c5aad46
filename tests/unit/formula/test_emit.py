"""The generated source is what one would write by hand."""

from decimal import Decimal

import pytest

from rules_engine.formula.checked import Kind
from rules_engine.formula.emit import Literals, python_source
from rules_engine.formula.grammar import check_formula

AMOUNTS = [
    ("percent(topupAmountMajor, 20)", "a * f_0 / f_hundred"),
    ("1 if known(averageTopupMajor) else 2", "f_0 if m is not None else f_1"),
    ("averageTopupMajor if known(averageTopupMajor) else 2", "m if m is not None else f_0"),
    ("coalesce(averageTopupMajor, 2) + 2", "(m if m is not None else f_0) + f_0"),
    ("coalesce(hour, 2)", "h"),
    ("min(hour, 5) + max(5, hour)", "(h if h <= f_0 else f_0) + (f_0 if f_0 >= h else h)"),
    ("min(hour, 5, 6)", "f_min(h, f_0, f_1)"),
    ("min(hour + 1, 5)", "f_min(h + f_0, f_1)"),
    ("round(hour / 3)", "(h / f_0).to_integral_value(f_rounding)"),
    ("round(hour, 2)", "f_round(h, f_0, f_rounding)"),
    ("floor(hour) + ceil(hour)", "h.to_integral_value(f_floor) + h.to_integral_value(f_ceil)"),
    ("-hour", "-h"),
]
CONDITIONS = [
    (
        "topupAmountMajor >= 300 and topUpSource in ('CASH', 'ACQUIRING')",
        "a >= f_0 and s in {'CASH', 'ACQUIRING'}",
    ),
    ("300 <= topupAmountMajor < 800", "f_0 <= a < f_1"),
    (
        "productId in ('a', 'b', 'c', 'd')",
        "(p if p is not None else f_missing('productId')) in {'a', 'b', 'c', 'd'}",
    ),
    ("known(productId) and productId == 'x'", "p is not None and p == 'x'"),
    (
        "known(productId) and hour > 1 and productId == 'x'",
        "p is not None and h > f_0 and (p == 'x')",
    ),
    (
        "known(productId) or productId == 'x'",
        "p is not None or (p if p is not None else f_missing('productId')) == 'x'",
    ),
    ("known(hour)", "True"),
    ("bucket('it') < 50", "f_buckets[f_bucket('it')] < f_0"),
    ('bucket("it\'s") < 50', 'f_buckets[f_bucket("it\'s")] < f_0'),
    ("hour in (1, 2)", "h in f_0"),
    ("not 'vip' in groups", "not 'vip' in g"),
]
BINDINGS = {
    "topupAmountMajor": "a",
    "topUpSource": "s",
    "productId": "p",
    "averageTopupMajor": "m",
    "hour": "h",
    "groups": "g",
}


@pytest.mark.parametrize(("text", "source"), AMOUNTS)
def test_amount(text: str, source: str) -> None:
    checked = check_formula(text, "BALANCE_TOPPED_UP", Kind.NUMBER)
    assert python_source(checked, BINDINGS, Literals()) == source


@pytest.mark.parametrize(("text", "source"), CONDITIONS)
def test_condition(text: str, source: str) -> None:
    checked = check_formula(text, "BALANCE_TOPPED_UP", Kind.FLAG)
    assert python_source(checked, BINDINGS, Literals()) == source


def test_formulas_of_one_function_share_their_numbers() -> None:
    literals = Literals()
    for text in ("hour + 5", "hour * 5.0", "hour - 5"):
        python_source(check_formula(text, "BALANCE_TOPPED_UP", Kind.NUMBER), BINDINGS, literals)
    namespace = literals.namespace()
    assert namespace["f_0"] == namespace["f_1"] == Decimal(5)
    assert "f_2" not in namespace


def test_the_namespace_has_no_builtins() -> None:
    assert Literals().namespace()["__builtins__"] == {}


def test_a_variable_may_be_bound_to_an_attribute() -> None:
    checked = check_formula("min(hour, topupAmountMajor)", "BALANCE_TOPPED_UP", Kind.NUMBER)
    bindings = {"hour": "k.hour", "topupAmountMajor": "e.topup_amount_major"}
    source = python_source(checked, bindings, Literals())
    assert source == "k.hour if k.hour <= e.topup_amount_major else e.topup_amount_major"
