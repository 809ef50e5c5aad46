"""Findings that teach: where, what is wrong, and what to do.

`Problem` points into a formula's own text; `Diagnostic` points into a file. The document layer
turns the first into the second. `str(diagnostic)` is what the author reads (golden files hold it).
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

SHORTEST_PIECE, MOST_MEANT = 4, 3
"""Letters of a piece of a name that is worth a suggestion, and how many names are suggested."""
SHOWN_WIDTH = 160
"""Code points of a source line that are shown: a JSON file may be a single line of megabytes."""


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
    """A fault in a rule set's file. `line` and `column` count from 1 in code points; `width` is the
    caret's. `line` 0: the fault has no place in the file (`source` then is what it is about)."""

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
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        lines = [f"{place}: {self.message} [{self.code}]"]
        if self.source:
            gutter = f"{self.line or '':>5} | "
            shown, caret = _excerpt(self.source, self.column, max(1, self.width))
            lines.append(gutter + shown)
            lines.append(" " * (len(gutter) - 2) + "| " + caret)
        if self.remedy:
            lines.append(f"      = {self.remedy}")
        return "\n".join(lines)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or nothing where no known word is near. Case does not count.

    A word that is near none may be a piece of a few: `amount` of `topupAmountMajor`.
    """
    by_folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    asked = word[:64].casefold()
    near = get_close_matches(asked, sorted(by_folded), n=1, cutoff=0.6)
    if not near and len(asked) >= SHORTEST_PIECE:
        near = [name for name in sorted(by_folded) if asked in name]
    if not 0 < len(near) <= MOST_MEANT:
        return ""
    return f"did you mean {' or '.join(repr(by_folded[name]) for name in near)}?"


def _excerpt(source: str, column: int, width: int) -> tuple[str, str]:
    """The part of a line around `column` that fits, and the caret under it."""
    start = column - 1
    low = 0 if len(source) <= SHOWN_WIDTH else max(0, start - SHOWN_WIDTH // 3)
    high = min(len(source), low + SHOWN_WIDTH)
    before, after = "…" * (low > 0), "…" * (high < len(source))
    shown = "".join(_printable(letter) for letter in source[low:high])
    lead = "".join("\t" if letter == "\t" else " " * _cells(letter) for letter in source[low:start])
    under = sum(_cells(letter) for letter in source[start : min(high, start + width)])
    return (before + shown + after).rstrip(), " " * len(before) + lead + "^" * max(1, under)


def _printable(letter: str) -> str:
    return letter if letter == "\t" or letter.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _cells(letter: str) -> int:
    """Columns that a letter takes on a terminal: carets must stand under what they mean."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
