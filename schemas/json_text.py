"""JSON as the contract reads it: exact numbers, no NaN, bounded nesting.

Numbers keep their source text (`JsonNumber`), so nothing passes through a float and nothing is
computed from a 5,000-digit number before it is judged. Of repeated keys the last one counts.
"""

import json
import re
from typing import Any, Never

from schemas.errors import Unreadable, shown
from schemas.fields import JsonNumber

MAX_DEPTH = 256

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def read_json(text: str) -> Any:
    """The value that `text` writes. Raises Unreadable where it is not one JSON value."""
    if not text.strip(" \t\n\r"):
        raise Unreadable("is empty")
    if _too_deep(text):
        raise Unreadable(f"is nested more than {MAX_DEPTH} levels deep")
    try:
        return json.loads(
            text, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError:
        raise Unreadable("is not one well-formed JSON value") from None


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _refuse_constant(name: str) -> Never:
    raise Unreadable(f"holds {shown(name)}, which is no JSON number")
