"""text → checked formula: the one door into the language."""

import ast

from rules_engine.diagnostics import Problem
from rules_engine.errors import FormulaError
from rules_engine.formula.checked import CheckedFormula, Kind
from rules_engine.formula.faults import MAX_LENGTH, Fault, Findings, TooManyFindings
from rules_engine.formula.kinds import KindChecker
from rules_engine.formula.nodes import CALLED, Report, way_to_condition, way_to_number
from rules_engine.formula.parser import parse
from rules_engine.formula.tokens import read_tokens


def check_formula(text: str, trigger: str, expects: Kind) -> CheckedFormula:
    """The formula behind `text`, or `FormulaError` with everything that is wrong with it.

    1. Its length is bounded before anything looks at it.
    2. Tokens: characters, numbers and texts of other languages are found here.
    3. The tree, of the closed grammar only; its size and depth are bounded.
    4. Names, functions and kinds, for this trigger (one of `variables.TRIGGERS`).
    5. The kind of the whole is `expects`: FLAG for a `when`, NUMBER for an amount.

    Nothing is evaluated. Findings stop at `faults.MAX_FINDINGS`; steps 2 to 4 go on past a
    finding where the text can still be read.
    """
    # 1.
    if len(text) > MAX_LENGTH:
        message = f"the formula has {len(text)} characters; at most {MAX_LENGTH} are read"
        remedy = "split it into several rules"
        raise FormulaError([Problem(Fault.TOO_LONG.value, message, 0, 1, remedy)])
    findings = Findings(text)
    try:
        checked = _checked(text, trigger, expects, findings)
    except TooManyFindings:
        checked = None
    if checked is None or findings.problems:
        raise FormulaError(sorted(findings.problems, key=lambda problem: problem.start))
    return checked


def _checked(text: str, trigger: str, expects: Kind, findings: Findings) -> CheckedFormula | None:
    # 2.
    tokens = read_tokens(text, findings)
    if len(tokens) <= 1:
        if not findings.problems:
            findings.add(Fault.EMPTY, "the formula is empty", 0, 1, "write a value or remove it")
        return None
    # 3.
    tree = parse(tokens, findings)
    if tree is None:
        return None
    # 4.
    checker = KindChecker(trigger, findings)
    kind = checker.kind(tree)
    # 5.
    if kind is not None and kind is not expects:
        _report_kind(tree, kind, expects, findings)
    return CheckedFormula(text, trigger, tree, expects, frozenset(checker.names))


def _report_kind(tree: ast.expr, kind: Kind, expects: Kind, findings: Findings) -> None:
    report = Report(findings)
    if expects is Kind.NUMBER:
        message = f"an amount is a number, but this is {CALLED[kind]}"
        report.add(Fault.KIND, message, tree, way_to_number(tree, kind))
    else:
        message = f"a condition is true or false, but this is {CALLED[kind]}"
        report.add(Fault.KIND, message, tree, way_to_condition(report.plain(tree), kind))
