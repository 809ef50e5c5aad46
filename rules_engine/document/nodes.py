"""The authored text as a tree whose leaves keep their source: nothing is a number or a date yet.

Every node knows where it stands as offsets in code points into the text, so a finding costs a
look-up only when there is one. A tree has no cycles: the collector need not watch 600,000 nodes.
"""

from typing import Any

from msgspec import Struct

PLAIN, SINGLE_QUOTED, DOUBLE_QUOTED, BLOCK = "", "'", '"', "|"
"""Styles of a scalar. JSON strings are DOUBLE_QUOTED; JSON numbers and literals are PLAIN."""

Path = tuple[str | int, ...]
"""Keys and list indexes from the root: ("rules", 3, "trigger")."""


class Scalar(Struct, gc=False):
    text: str
    style: str
    start: int
    end: int


class Mapping(Struct, gc=False):
    start: int
    end: int
    flow: bool = False
    entries: dict[str, tuple[Scalar, "Node"]] = {}


class Sequence(Struct, gc=False):
    start: int
    end: int
    items: list["Node"] = []


Node = Scalar | Mapping | Sequence


class Ambiguous:
    """What `NO`, `yes`, `on`, `off` without quotes become: neither text nor true or false.

    YAML 1.1 reads them as true and false, YAML 1.2 as text; so nobody is asked to guess.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def _casings(*words: str) -> frozenset[str]:
    return frozenset(form for word in words for form in (word, word.capitalize(), word.upper()))


_TRUE, _FALSE = _casings("true"), _casings("false")
_NULL = _casings("null") | {"~", ""}
_SWITCHES = _casings("yes", "no", "on", "off")
_SPECIAL = _TRUE | _FALSE | _NULL | _SWITCHES


def value_of(node: Node) -> Any:
    """Dicts, lists and str; unquoted true, false and null as Python's, `Ambiguous` for switches."""
    if isinstance(node, Scalar):
        if node.style == PLAIN and node.text in _SPECIAL:
            return _special(node.text)
        return node.text
    if isinstance(node, Mapping):
        return {key: value_of(child) for key, (_, child) in node.entries.items()}
    return [value_of(item) for item in node.items]


def canonical_of(node: Node) -> Any:
    """Dicts, lists and the source text of every scalar, quoted or not: what the hash is made of."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Mapping):
        return {key: canonical_of(child) for key, (_, child) in node.entries.items()}
    return [canonical_of(item) for item in node.items]


def _special(text: str) -> bool | Ambiguous | None:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return None if text in _NULL else Ambiguous(text)


def path_text(path: Path) -> str:
    """`rules[3].actions[0].formula`"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
