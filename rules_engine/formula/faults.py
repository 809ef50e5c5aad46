"""What may be wrong with a formula's text, and the bounds that keep refusing it cheap."""

from enum import StrEnum
from typing import NamedTuple

from rules_engine.diagnostics import Problem

MAX_LENGTH = 4_000
"""Code points of a formula."""
MAX_PARTS = 600
"""Tokens of a formula: names, constants, signs."""
MAX_DEPTH = 50
"""Levels of nesting, counted in the tree: brackets themselves are not, but are bounded as well."""
MAX_DIGITS = 34
"""Digits of a number, all of them: what decimal128 holds."""
MAX_TEXT = 200
"""Code points of a text constant."""
MAX_NAME = 64
"""Letters of a name that still gets a suggestion."""
MAX_FINDINGS = 20
"""Findings per formula; the check stops there."""


class Fault(StrEnum):
    """`Problem.code` of every finding in a formula."""

    EMPTY = "FORMULA_EMPTY"
    TOO_LONG = "FORMULA_TOO_LONG"
    TOO_DEEP = "FORMULA_TOO_DEEP"
    CHARACTER = "FORMULA_CHARACTER"
    COMMENT = "FORMULA_COMMENT"
    NUMBER = "FORMULA_NUMBER"
    TEXT = "FORMULA_TEXT"
    SYNTAX = "FORMULA_SYNTAX"
    SPELLING = "FORMULA_SPELLING"
    OPERATOR = "FORMULA_OPERATOR"
    CONSTRUCT = "FORMULA_CONSTRUCT"
    ARGUMENTS = "FORMULA_ARGUMENTS"
    TUPLE = "FORMULA_TUPLE"
    UNKNOWN_NAME = "FORMULA_UNKNOWN_NAME"
    UNKNOWN_FUNCTION = "FORMULA_UNKNOWN_FUNCTION"
    UNKNOWN_WORD = "FORMULA_UNKNOWN_WORD"
    KIND = "FORMULA_KIND"


class Refusal(NamedTuple):
    """What is wrong, and the way round."""

    fault: Fault
    message: str
    remedy: str


class TooManyFindings(Exception):
    """Private to the check: enough has been found."""


class Findings:
    """Collects the problems of one formula, at most `MAX_FINDINGS`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []

    def add(self, fault: Fault, message: str, start: int, end: int, remedy: str = "") -> None:
        """Offsets are code points into the formula's text. Raises TooManyFindings at the bound."""
        self.problems.append(Problem(fault.value, message, start, max(end, start + 1), remedy))
        if len(self.problems) >= MAX_FINDINGS:
            raise TooManyFindings

    def refuse(self, refusal: Refusal, start: int, end: int) -> None:
        """`add`, of a refusal that somebody else has worded."""
        self.add(refusal.fault, refusal.message, start, end, refusal.remedy)

    def quote(self, start: int, end: int) -> str:
        """A piece of the formula for a message, cut where it is long."""
        piece = " ".join(self.text[start:end].split())
        return f"`{cut(piece)}`"


def cut(text: str) -> str:
    """A text of the author's, short enough for a message."""
    return text if len(text) <= 40 else text[:39] + "…"
