"""A text of rule tests → its shape: the first half of a load, before its rule set is known."""

from dataclasses import dataclass

from rules_engine.author.findings import Findings
from rules_engine.author.shape import ShapeOf
from rules_engine.document import Document, Holds, read_document
from schemas.rule_tests import RuleTests

HOLDS = Holds(
    "no rule tests",
    "a file of rule tests is",
    "NOT_RULE_TESTS",
    "begin with `cases:` and a list of cases",
)
_STAND_INS = {
    "cases": [{"name": "?", "given": {"events": [{"type": "VISIT_STARTED"}]}, "expect": {}}]
}
"""Read in place of `cases` where they are missing; the file is refused anyway."""


@dataclass(frozen=True)
class ReadTests:
    """A file of tests as far as it could be read; `findings` fill up while it is checked."""

    document: Document
    findings: Findings
    shape: ShapeOf[RuleTests]

    @property
    def tests(self) -> RuleTests:
        return self.shape.value

    @property
    def rules(self) -> str | None:
        """The rule set's file, as the author names it."""
        return self.tests.rules

    @property
    def has_cases(self) -> bool:
        return "cases" not in self.shape.stood_in


def read_tests(text: str | bytes, file: str) -> ReadTests:
    """`file` is the name that findings give. Raises RuleSetError for a text that is no document at
    all; every other finding waits for `check_tests`."""
    document = read_document(text, file, HOLDS)
    findings = Findings(document)
    return ReadTests(document, findings, ShapeOf(RuleTests, document, findings, _STAND_INS))
