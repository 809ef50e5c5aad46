"""Where each character of a scalar's value stands in the file.

Quotes are doubled, escapes take several characters, folded lines lose their indentation; but what
is not white space keeps its order. So value and source are walked side by side.
"""

import re

from rules_engine.document.nodes import BLOCK, DOUBLE_QUOTED, PLAIN, SINGLE_QUOTED, Scalar

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^\r\n])"
)
_LINE_END = re.compile(r"\r\n|\r|\n")


def span_of(scalar: Scalar, source: str, start: int, end: int) -> tuple[int, int]:
    """Offsets in the file of scalar.text[start:end]; the caret ends with its first line.

    An empty or outlying span gives the place after the last character.
    """
    spots = _spots(scalar, source)
    if not spots:
        return scalar.start, scalar.end
    if start >= len(spots):
        return spots[-1][1], spots[-1][1] + 1
    last = spots[min(max(end, start + 1), len(spots)) - 1]
    return spots[start][0], max(last[1], spots[start][0] + 1)


def _spots(scalar: Scalar, source: str) -> list[tuple[int, int]]:
    """(first, after last) offset in the file of every character of the value."""
    at = _content_start(scalar, source)
    if scalar.style == PLAIN and scalar.end - scalar.start == len(scalar.text):
        return [(at + offset, at + offset + 1) for offset in range(len(scalar.text))]
    spots: list[tuple[int, int]] = []
    for letter in scalar.text:
        first, at = _next(letter, scalar, source, at)
        spots.append((first, at))
    return spots


def _content_start(scalar: Scalar, source: str) -> int:
    if scalar.style in (SINGLE_QUOTED, DOUBLE_QUOTED):
        return scalar.start + 1
    if scalar.style == BLOCK:
        header = _LINE_END.search(source, scalar.start)
        return header.end() if header else scalar.end
    return scalar.start


def _next(letter: str, scalar: Scalar, source: str, at: int) -> tuple[int, int]:
    """Where `letter` stands, looking from `at` on, and the offset after it."""
    escapes = scalar.style == DOUBLE_QUOTED
    if escapes:
        at = _skip_joints(source, at)
    escape = _ESCAPE.match(source, at) if escapes else None
    if escape is None and letter.isspace():
        return at, at + 1 if source[at : at + 1] == letter else at
    if escape is None:
        while at < scalar.end and source[at].isspace():
            at += 1
        escape = _ESCAPE.match(source, at) if escapes else None
    if escape is not None:
        return at, escape.end()
    return at, at + 2 if scalar.style == SINGLE_QUOTED and letter == "'" else at + 1


def _skip_joints(source: str, at: int) -> int:
    """Past escaped line ends, which stand for nothing, and the indentation after them."""
    while source[at : at + 2] in ("\\\n", "\\\r"):
        at += 3 if source.startswith("\\\r\n", at) else 2
        while source[at : at + 1] in (" ", "\t"):
            at += 1
    return at
