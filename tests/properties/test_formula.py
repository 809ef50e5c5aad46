"""Whatever the language can say, generated code and the reference evaluator agree on it; whatever
it cannot say is refused and does no harm."""

import ast
from decimal import Decimal
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rules_engine.checked import Rounding
from rules_engine.diagnostics import Problem
from rules_engine.errors import FormulaError
from rules_engine.formula.checked import CheckedFormula, Kind
from rules_engine.formula.compiled import compile_formula
from rules_engine.formula.grammar import check_formula
from rules_engine.formula.reference import disagreements, reference_formula, same
from rules_engine.formula.runtime import Failure
from tests.properties.formulas import KNOWN, TRIGGER, amounts, conditions, contexts

SETTINGS = settings(max_examples=100)
written = st.one_of(
    st.tuples(st.just(Kind.NUMBER), amounts()), st.tuples(st.just(Kind.FLAG), conditions())
)
PIECES = [
    *("hour", "topupAmountMajor", "productId", "groups", "isBirthday", "x", "__class__", "percent"),
    *("1", "0.5", "1e5", "'a'", "'", '"', "(", ")", "(1, 2)", ",", ".", "[", "]", "{", "}", ":="),
    *("+", "-", "*", "/", "**", "%", "<", "==", "=", "!=", "in", "not", "and", "or", "if", "else"),
    *("known(", "coalesce(", "round(", "min(", "bucket(", "lambda", "for", "is", "True", " ", "\n"),
    *("\\", "#", ";", "ж", "\u200b", "№", "é", "`", "f'", "...", "~", "@", "!"),
]


def checked_or_assumed(text: str, kind: Kind) -> CheckedFormula:
    """A generated formula is good, but may pass a bound of size."""
    checked, problems = judged(text, kind)
    assert {problem.code for problem in problems} <= {"FORMULA_TOO_DEEP", "FORMULA_TOO_LONG"}
    assume(checked is not None)
    assert checked is not None
    return checked


def judged(text: str, kind: Kind) -> tuple[CheckedFormula | None, tuple[Problem, ...]]:
    try:
        return check_formula(text, TRIGGER, kind), ()
    except FormulaError as error:
        return None, error.problems


@SETTINGS
@given(written, contexts, st.sampled_from(Rounding), st.integers(0, 99))
def test_generated_code_and_reference_agree(
    formula: tuple[Kind, str], values: dict[str, object], rounding: Rounding, bucket: int
) -> None:
    kind, text = formula
    checked = checked_or_assumed(text, kind)
    compiled = compile_formula(checked)
    first = compiled.evaluate(values, rounding, lambda salt: bucket)
    second = reference_formula(checked).evaluate(values, rounding, lambda salt: bucket)
    assert same(first, second), (compiled.source, first, second)
    assert isinstance(first, Failure | (Decimal if kind is Kind.NUMBER else bool))


@SETTINGS
@given(written)
def test_the_tree_is_that_of_python(formula: tuple[Kind, str]) -> None:
    kind, text = formula
    checked = checked_or_assumed(text, kind)
    python = ast.parse(f"({' '.join(text.split(chr(10)))})", mode="eval").body
    assert ast.dump(_Plain().visit(python)) == ast.dump(_Plain().visit(checked.tree))


class _Plain(ast.NodeTransformer):
    """Numbers as floats, signs of constants folded: how a constant is written does not count."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        operand: Any = node.operand
        if isinstance(operand, ast.Constant) and isinstance(node.op, ast.USub | ast.UAdd):
            value: Any = operand.value
            return ast.Constant(-value if isinstance(node.op, ast.USub) else value)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        value: Any = node.value
        return ast.Constant(value if isinstance(value, str) else float(value))


@SETTINGS
@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.sampled_from([Kind.NUMBER, Kind.FLAG]),
    contexts,
)
@example("known(hour)", Kind.FLAG, dict.fromkeys(KNOWN) | {"hour": 1})
def test_soup_is_refused_or_evaluated(text: str, kind: Kind, values: dict[str, object]) -> None:
    _refused_or_agreed(text, kind, values)


@SETTINGS
@given(written, st.sampled_from(PIECES), st.integers(0, 200), st.integers(0, 3), contexts)
def test_a_damaged_formula_is_refused_or_evaluated(
    formula: tuple[Kind, str], piece: str, place: int, cut: int, values: dict[str, object]
) -> None:
    kind, text = formula
    place %= len(text)
    _refused_or_agreed(text[:place] + piece + text[place + cut :], kind, values)


@SETTINGS
@given(st.text(max_size=40), st.sampled_from([Kind.NUMBER, Kind.FLAG]), contexts)
def test_any_text_is_refused_or_evaluated(text: str, kind: Kind, values: dict[str, object]) -> None:
    _refused_or_agreed(text, kind, values)


def _refused_or_agreed(text: str, kind: Kind, values: dict[str, object]) -> None:
    checked, problems = judged(text, kind)
    assert (checked is None) is bool(problems)
    assert all(0 <= each.start < each.end <= len(text) + 1 for each in problems)
    if checked is None:
        return
    first = compile_formula(checked).evaluate(values, Rounding.HALF_UP, lambda salt: 7)
    second = reference_formula(checked).evaluate(values, Rounding.HALF_UP, lambda salt: 7)
    assert same(first, second), (text, first, second)


@settings(SETTINGS, max_examples=40)
@given(written)
def test_no_disagreement_on_the_contexts_of_a_load(formula: tuple[Kind, str]) -> None:
    kind, text = formula
    assert disagreements(checked_or_assumed(text, kind), 25) == []
