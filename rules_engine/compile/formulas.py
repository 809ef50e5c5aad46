"""The formulas of actions and the values in push texts as generated functions.

def q0(e, c, k):
    topupAmountMajor = e.topup_amount_major
    v = topupAmountMajor * f_3 / f_hundred
    if v > f_4:
        v = f_4
    return v.quantize(x_minor_unit, f_rounding)
"""

from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

from rules_engine.checked import AddBonusAction
from rules_engine.compile.conditions import Dialect, with_needs
from rules_engine.formula.emit import ROUNDING_NAME, Literals
from rules_engine.plans import Formula, Reader

MINOR_UNIT = "x_minor_unit"
"""The global that holds the currency's smallest amount: 0.01 for two minor digits."""


class Code:
    """Generated functions and the globals that they share. `ready`: text to code object of what
    was compiled before; filled with what was not."""

    def __init__(self, given: dict[str, object], ready: dict[str, CodeType]) -> None:
        self._ready = ready
        self.literals = Literals()
        self._globals: dict[str, Any] = {"__builtins__": {}, **given}
        self._texts: list[str] = []

    def define(self, name: str, text: str) -> Any:
        """The function of this text. It may run once `seal` has been called."""
        try:
            code = self._ready[text]
        except KeyError:
            code = self._ready[text] = compile(text, "<generated>", "exec")
        exec(code, self._globals)
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
        self._made: dict[tuple[object, ...], Any] = {}

    def credit(self, action: AddBonusAction, dialect: Dialect) -> Formula:
        """What the action credits: its formula, `min` and `max`, then the one rounding to the
        currency's minor unit. `min` lifts a zero too; where it is above `max`, `max` holds.

        Also raises `decimal.InvalidOperation` for a credit that 34 digits cannot hold.
        """
        formula = action.formula
        key = (dialect.trigger, formula.text, action.min_major, action.max_major)
        if key not in self._made:
            source, needs = dialect.source(formula.tree)
            lines = [f"v = {source}", *_clamps(action, dialect.literals)]
            self._made[key] = self._function(
                dialect, needs, f"v.quantize({MINOR_UNIT}, {ROUNDING_NAME})", lines
            )
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

    def _function(
        self, dialect: Dialect, needs: Iterable[str], value: str, lines: Iterable[str] = ()
    ) -> Any:
        name = f"q{len(self._made)}"
        lines = [*(f"{each} = {dialect.definition(each)}" for each in needs), *lines]
        body = [f" {line}" for line in [*lines, f"return {value}"]]
        return self._code.define(name, "\n".join([f"def {name}(e, c, k):", *body, ""]))


def _clamps(action: AddBonusAction, literals: Literals) -> Iterator[str]:
    for bound, sign in ((action.min_major, "<"), (action.max_major, ">")):
        if bound is not None:
            number = literals.number(bound)
            yield f"if v {sign} {number}: v = {number}"
