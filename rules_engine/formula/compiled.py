"""A checked formula as a Python function of its own: the stand-alone path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from rules_engine.checked import Rounding
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.emit import BUCKET_NAME, ROUNDING_NAME, Literals, python_source
from rules_engine.formula.runtime import (
    DECIMAL128,
    FAILURES,
    ROUNDINGS,
    Failure,
    failure_of,
)

Result = Decimal | str | bool | Failure
Bucket = Callable[[str], int]


def as_value(raw: object) -> object:
    """A whole number as the formula sees it; everything else as it is."""
    return Decimal(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw


@dataclass(frozen=True)
class CompiledFormula:
    """Evaluates one formula. Made by `compile_formula`."""

    checked: CheckedFormula
    source: str
    arguments: tuple[str, ...]
    function: Callable[..., Any]

    def evaluate(self, values: Mapping[str, object], rounding: Rounding, bucket: Bucket) -> Result:
        """The formula's value, or how it failed; nothing is raised for any finite values.

        `values` holds every name of `checked.names`: Decimal or int, str, bool, a container of
        str for groups; None where the value is missing. `bucket`: salt → 0 to 99.
        """
        bound = [as_value(values[name]) for name in self.arguments]
        with localcontext(DECIMAL128):
            try:
                result: Result = self.function(ROUNDINGS[rounding], bucket, *bound)
            except FAILURES as error:
                return failure_of(error)
        return result


def compile_formula(checked: CheckedFormula) -> CompiledFormula:
    """Generate, compile and wrap the function of one formula."""
    arguments = tuple(sorted(checked.names))
    literals = Literals()
    source = python_source(checked, {name: name for name in arguments}, literals)
    parameters = ", ".join((ROUNDING_NAME, BUCKET_NAME, *arguments))
    code = compile(f"lambda {parameters}: {source}", "<formula>", "eval")
    function = eval(code, literals.namespace())
    return CompiledFormula(checked, source, arguments, function)
