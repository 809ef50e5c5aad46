"""Findings that teach: where, what is wrong, and what to do.

`Problem` points into a formula's own text; `Diagnostic` points into a file. The document layer
turns the first into the second. `str(diagnostic)` is what the author reads (golden files hold it).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Problem:
    """A fault inside one formula. `start`/`end` are offsets in code points into its text."""

    code: str
    message: str
    start: int
    end: int
    remedy: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """A fault in a rule set's file. `line` and `column` count from 1; `width` is the caret's."""

    code: str
    message: str
    file: str
    line: int
    column: int
    width: int
    source: str
    path: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}:{self.column}: {self.message} [{self.code}]"]
        if self.source:
            gutter = f"{self.line:>5} | "
            lines.append(gutter + self.source)
            lines.append(" " * (len(gutter) + self.column - 1) + "^" * max(1, self.width))
        if self.remedy:
            lines.append(f"      = {self.remedy}")
        return "\n".join(lines)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or nothing where no known word is near."""
    near = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
