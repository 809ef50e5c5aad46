"""Everything that `rules_engine` raises.

RulesEngineError
├── FormulaError        a formula that is refused before anything is evaluated
├── RuleSetError        a rule set, or rule tests, with findings: all at once, each with its place
├── LadderError         no ladder can be made of what was asked
└── BudgetsUnreadable   a lane's packed budgets are damaged or of another release

Failures *inside* an evaluation are data (`outcome.Failure`), never exceptions of this tree.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules_engine.diagnostics import Diagnostic, Problem


class RulesEngineError(Exception):
    """Base of the tree."""


class FormulaError(RulesEngineError):
    """The text is not a formula of the closed grammar. `problems` carry offsets into the text."""

    def __init__(self, problems: Sequence["Problem"]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


class LadderError(RulesEngineError):
    """No ladder can be made of what was asked; the message says what to give instead."""


class BudgetsUnreadable(RulesEngineError):
    """A lane's packed budgets are damaged or of another release."""


class RuleSetError(RulesEngineError):
    """The rule set is refused. `diagnostics` hold every finding with file, line and caret."""

    def __init__(self, diagnostics: Sequence["Diagnostic"]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n\n".join(str(diagnostic) for diagnostic in self.diagnostics))
