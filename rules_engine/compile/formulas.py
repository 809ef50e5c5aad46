"""The formulas of actions and the values in push texts as generated functions.

def q0(e, c, k):
    topupAmountMajor = e.topup_amount_major
    return topupAmountMajor * f_3 / f_hundred
"""

from collections.abc import Iterable
from typing import Any

from rules_engine.compile.conditions import Dialect, with_needs
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.emit import Literals
from rules_engine.plans import Formula, Reader


class Code:
    """Generated functions and the globals that they share. `text`: all that was generated."""

    def __init__(self, given: dict[str, object]) -> None:
        self.literals = Literals()
        self._globals: dict[str, Any] = {"__builtins__": {}, **given}
        self._texts: list[str] = []

    def define(self, name: str, text: str) -> Any:
        """The function of this text. It may run once `seal` has been called."""
        exec(compile(text, "<generated>", "exec"), self._globals)
        self._texts.append(text)
        return self._globals[name]

    def give(self, name: str, value: object) -> str:
        """Put a value among the globals."""
        self._globals[name] = value
        return name

    def seal(self) -> str:
        """Add the numbers that the functions mention; all text for eyes."""
        self._globals.update(self.literals.namespace())
        return "\n".join(self._texts)


class Formulas:
    """Functions of single values; equal formulas of a trigger share one."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._made: dict[tuple[str, str], Any] = {}

    def formula(self, formula: CheckedFormula, dialect: Dialect) -> Formula:
        key = (dialect.trigger, formula.text)
        if key not in self._made:
            needs = dialect.needs(formula.tree, formula)
            self._made[key] = self._function(dialect, needs, dialect.source(formula.tree))
        made: Formula = self._made[key]
        return made

    def reader(self, name: str, dialect: Dialect) -> Reader:
        """The value of one variable; None where it is missing."""
        key = (dialect.trigger, f"{{{name}}}")
        if key not in self._made:
            needs = with_needs([name])[:-1]
            self._made[key] = self._function(dialect, needs, dialect.definition(name))
        made: Reader = self._made[key]
        return made

    def _function(self, dialect: Dialect, needs: Iterable[str], value: str) -> Any:
        name = f"q{len(self._made)}"
        lines = [f" {each} = {dialect.definition(each)}" for each in needs]
        return self._code.define(
            name, "\n".join([f"def {name}(e, c, k):", *lines, f" return {value}", ""])
        )
