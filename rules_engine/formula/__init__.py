"""Formulas: text → checked tree → evaluator.

    check_formula(text, trigger, expects) -> CheckedFormula        grammar.py; raises FormulaError
    python_source(checked, bindings, literals) -> str              emit.py; for generated code
    compile_formula(checked) -> CompiledFormula                    compiled.py; stand-alone
        .evaluate(values, rounding, bucket) -> Decimal | str | bool | Failure
    reference_formula(checked) -> ReferenceFormula                 reference.py; asteval, same port
    disagreements(checked, count) -> list[Disagreement]            reference.py; tests and load

The closed grammar, in full: `+ - * /`, unary `+ -`, comparisons (chained too), `in` and `not in`
with a tuple of constants or `groups` on the right, `and or not`, `x if c else y`, calls of the
functions of `functions.py` by position, decimal and text constants, names of `variables.py`.
What is not in this list does not parse; there is nothing to switch off.

Values: NUMBER is `Decimal`, TEXT `str`, FLAG `bool`, GROUPS any container of `str`; a missing
value is `None`. Arithmetic is IEEE decimal128 (`runtime.DECIMAL128`).
"""
