"""Every row of the language's table, in generated code and in the reference evaluator."""

from collections import Counter
from decimal import Decimal, Inexact, getcontext, localcontext

import pytest

from rules_engine.formula.compiled import compile_formula
from rules_engine.formula.grammar import check_formula
from rules_engine.formula.reference import reference_formula, same
from tests.unit.formula.tables import Case, language

CASES = list(language())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_generated_code(case: Case) -> None:
    compiled = compile_formula(check_formula(case.text, case.trigger, case.expects))
    result = compiled.evaluate(case.values, case.rounding, lambda salt: case.bucket)
    assert same(result, case.expected), (compiled.source, result)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_reference(case: Case) -> None:
    reference = reference_formula(check_formula(case.text, case.trigger, case.expects))
    result = reference.evaluate(case.values, case.rounding, lambda salt: case.bucket)
    assert same(result, case.expected), result


def test_no_case_stands_twice() -> None:
    times = Counter((case.text, str(case.values), case.rounding, case.bucket) for case in CASES)
    assert max(times.values()) == 1


def test_the_callers_decimal_context_is_neither_used_nor_changed() -> None:
    compiled = compile_formula(check_formula("1 / 3", "BALANCE_TOPPED_UP", CASES[0].expects))
    with localcontext() as narrow:
        narrow.prec = 3
        narrow.traps[Inexact] = True
        result = compiled.evaluate({}, CASES[0].rounding, lambda salt: 0)
        assert result == Decimal("0." + "3" * 34)
        assert getcontext().prec == 3
