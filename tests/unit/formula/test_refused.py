"""Every text that is no formula: refused with its codes, at once, and with a way round."""

import time
import tracemalloc

import pytest

from rules_engine.errors import FormulaError
from rules_engine.formula.checked import Kind
from rules_engine.formula.faults import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_FINDINGS,
    MAX_LENGTH,
    MAX_PARTS,
    MAX_TEXT,
)
from rules_engine.formula.grammar import check_formula
from tests.unit.formula.tables import Refused, refused

CASES = list(refused())
TOPUP = "BALANCE_TOPPED_UP"
SECONDS = 0.05
BYTES = 2_000_000

EXHAUSTING = {
    "long": "1+" * 10_000_000,
    "long text": "'" + "a" * 3_000_000 + "'",
    "spaces": " " * 5_000_000,
    "long, inside the bound": "1+" * (MAX_LENGTH // 2),
    "brackets": "(" * MAX_LENGTH,
    "closed brackets": "(" * (MAX_LENGTH // 2) + ")" * (MAX_LENGTH // 2),
    "square brackets": "[" * MAX_LENGTH,
    "calls": "abs(" * (MAX_LENGTH // 4),
    "minus signs": "-" * (MAX_LENGTH - 1) + "1",
    "negations": "not " * (MAX_LENGTH // 4 - 2) + "hour",
    "choices": "1 if hour else " * (MAX_LENGTH // 16) + "1",
    "powers": "9**" * (MAX_LENGTH // 3 - 1) + "9",
    "digits": "9" * MAX_LENGTH,
    "points": "." * MAX_LENGTH,
    "underscores": "1" + "_" * (MAX_LENGTH - 1),
    "one name": "a" * MAX_LENGTH,
    "many names": " + ".join(f"topupAmountMajo{index}" for index in range(MAX_LENGTH // 24)),
    "many functions": " + ".join(f"percen{index}(1)" for index in range(MAX_LENGTH // 20)),
    "quotes": "'" * MAX_LENGTH,
    "backslashes": "'" + "\\" * (MAX_LENGTH - 2) + "'",
    "foreign letters": "ж" * MAX_LENGTH,
    "foreign signs": "№≠" * (MAX_LENGTH // 2),
    "combining marks": "a" + "\u0301" * (MAX_LENGTH - 1),
    "fancy quotes": "“" * MAX_LENGTH,
    "comments": "#\n" * (MAX_LENGTH // 2),
    "attributes": "a" + ".a" * (MAX_LENGTH // 2 - 1),
    "subscripts": "a" + "[0]" * (MAX_LENGTH // 3 - 1),
    "a long tuple": "hour in (" + "1," * (MAX_LENGTH // 2 - 10) + ")",
    "lone surrogates": "\ud800" * MAX_LENGTH,
    "nulls": "\0" * MAX_LENGTH,
}


def refusal(text: str, expects: Kind = Kind.NUMBER, trigger: str = TOPUP) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        check_formula(text, trigger, expects)
    return caught.value


def seconds_to_refuse(text: str) -> float:
    """CPU time: the machine may be busy."""
    began = time.process_time()
    refusal(text)
    return time.process_time() - began


def code(text: str) -> str:
    (problem,) = refusal(text).problems
    return problem.code


@pytest.mark.parametrize("case", CASES, ids=str)
def test_refused_with_its_codes(case: Refused) -> None:
    error = refusal(case.text, case.expects, case.trigger)
    assert tuple(problem.code for problem in error.problems) == case.codes
    for problem in error.problems:
        assert 0 <= problem.start < problem.end <= max(len(case.text), problem.start + 1)
        assert problem.message
        assert problem.remedy


@pytest.mark.parametrize("text", EXHAUSTING.values(), ids=EXHAUSTING)
def test_refused_at_once_and_without_memory(text: str) -> None:
    assert min(seconds_to_refuse(text) for _ in range(3)) < SECONDS
    assert all(len(problem.message) < 300 for problem in refusal(text).problems)
    tracemalloc.start()
    refusal(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < BYTES


def test_length_is_bounded() -> None:
    assert check_formula("1" + " " * (MAX_LENGTH - 1), TOPUP, Kind.NUMBER)
    assert code("1" + " " * MAX_LENGTH) == "FORMULA_TOO_LONG"


def test_parts_are_bounded() -> None:
    """`max`, `(`, n constants with commas between and `)` are 2n + 2 parts."""
    most = (MAX_PARTS - 2) // 2
    assert check_formula(f"max({','.join('1' * most)})", TOPUP, Kind.NUMBER)
    assert code(f"max({','.join('1' * (most + 1))})") == "FORMULA_TOO_LONG"


def test_depth_is_bounded_in_brackets() -> None:
    """A bracket is a level, the whole is one."""
    most = MAX_DEPTH - 1
    assert check_formula("(" * most + "1" + ")" * most, TOPUP, Kind.NUMBER)
    assert code("(" * (most + 1) + "1" + ")" * (most + 1)) == "FORMULA_TOO_DEEP"


def test_depth_is_bounded_in_a_chain() -> None:
    """A sum of n numbers is n levels deep: ((1 + 1) + 1) + …"""
    assert check_formula("+".join("1" * MAX_DEPTH), TOPUP, Kind.NUMBER)
    assert code("+".join("1" * (MAX_DEPTH + 1))) == "FORMULA_TOO_DEEP"


def test_digits_of_a_number_are_bounded() -> None:
    assert check_formula("9" * MAX_DIGITS, TOPUP, Kind.NUMBER)
    assert check_formula("0." + "9" * MAX_DIGITS, TOPUP, Kind.NUMBER)
    assert code("9" * (MAX_DIGITS + 1)) == "FORMULA_NUMBER"
    assert code("0." + "9" * (MAX_DIGITS + 1)) == "FORMULA_NUMBER"
    assert code("0." + "0" * MAX_DIGITS + "9" * MAX_DIGITS) == "FORMULA_NUMBER"


def test_texts_are_bounded() -> None:
    assert check_formula(f"productId == '{'ж' * MAX_TEXT}'", TOPUP, Kind.FLAG)
    error = refusal(f"productId == '{'ж' * (MAX_TEXT + 1)}'", Kind.FLAG)
    assert [problem.code for problem in error.problems] == ["FORMULA_TEXT"]


def test_findings_are_bounded() -> None:
    assert len(refusal("x + " * 30 + "1").problems) == MAX_FINDINGS


def test_a_joiner_may_stand_in_a_text() -> None:
    family = "👩\u200d👧"
    checked = check_formula(f"'{family}' in groups", TOPUP, Kind.FLAG)
    assert checked.names == {"groups"}
