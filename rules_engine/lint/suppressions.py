"""`# lint: allow CODE reason` on a rule or above it.

A comment counts for the item of `rules` or `ladders` on whose lines it stands, or directly above
which; elsewhere for the entry of the whole set (`productDefaults: …`) likewise. JSON has no
comments: a JSON text in a file named `.yaml` may have them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rules_engine.diagnostics import Diagnostic, did_you_mean
from rules_engine.document import Document
from rules_engine.document.nodes import Mapping, Node, Scalar, Sequence
from rules_engine.lint.codes import KINDS, Code

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*lint:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_ALLOW = re.compile(r"allow[ \t]+(\S+)(?:[ \t]+(.*))?")
_ONLY_COMMENT = re.compile(r"[ \t]*#")
_REMEDY = "write `# lint: allow CODE reason`"
_ABOUT_SUPPRESSIONS = (Code.BAD_SUPPRESSION, Code.UNUSED_SUPPRESSION)


@dataclass(frozen=True)
class _Block:
    """Lines `first` to `last` of an item; comments for it begin at `above`."""

    above: int
    first: int
    last: int
    is_off: bool


@dataclass(frozen=True)
class Suppression:
    """One comment. `first` to `last`: the lines whose findings it allows; `is_off`: they are of a
    rule that is switched off and not looked at."""

    code: Code
    reason: str
    first: int
    last: int
    is_off: bool
    start: int
    end: int

    def allows(self, found: Diagnostic) -> bool:
        return found.code == self.code and self.first <= found.line <= self.last


class Suppressions:
    """Those of a document. `bad`: comments that are none."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.bad: list[Diagnostic] = []
        self.good: list[Suppression] = list(self._read())

    def unused(self, suppression: Suppression) -> Diagnostic:
        return self._document.source.finding(
            Code.UNUSED_SUPPRESSION,
            f"{suppression.code} is allowed here, but not found",
            suppression.start,
            suppression.end,
            "remove the comment: what it allowed is mended, or stands elsewhere",
        )

    def _read(self) -> Iterator[Suppression]:
        comments = list(_comments(self._document))
        blocks = list(_blocks(self._document)) if comments else []
        for comment in comments:
            start, end = comment.start(), comment.end()
            said = _ALLOW.fullmatch(comment[1])
            fault = _fault(said)
            line = self._document.source.line_and_column(start)[0]
            block = next((each for each in blocks if each.above <= line <= each.last), None)
            if fault is None and block is None:
                fault = ("the comment stands beside no rule", "put it on a rule or directly above")
            if fault is not None:
                self.bad.append(
                    self._document.source.finding(
                        Code.BAD_SUPPRESSION, fault[0], start, end, fault[1]
                    )
                )
                continue
            assert said is not None
            assert block is not None
            yield Suppression(
                Code(said[1]), said[2], block.first, block.last, block.is_off, start, end
            )


def _fault(said: re.Match[str] | None) -> tuple[str, str] | None:
    if said is None:
        return "a comment for lint allows a code", _REMEDY
    known = [code.value for code in KINDS if code not in _ABOUT_SUPPRESSIONS]
    if said[1] not in known:
        return f"there is no finding {said[1][:60]}", did_you_mean(said[1], known) or _REMEDY
    if not said[2]:
        return f"{said[1]} is allowed without a reason", f"{_REMEDY}: why is it right here?"
    return None


def _comments(document: Document) -> Iterator[re.Match[str]]:
    """A `#` inside a text is no comment."""
    found = list(_COMMENT.finditer(document.source.text))
    if found:
        spans = list(_scalars(document.root))
        for each in found:
            if not any(start <= each.start() < end for start, end in spans):
                yield each


def _scalars(node: Node) -> Iterator[tuple[int, int]]:
    if isinstance(node, Scalar):
        yield node.start, node.end
    elif isinstance(node, Mapping):
        for _, child in node.entries.values():
            yield from _scalars(child)
    else:
        for item in node.items:
            yield from _scalars(item)


def _blocks(document: Document) -> Iterator[_Block]:
    """Rules and ladders first: they lie inside the entries `rules` and `ladders`."""
    for key in ("rules", "ladders"):
        node = document.node_at((key,))
        for item in node.items if isinstance(node, Sequence) else ():
            enabled = item.entries.get("enabled") if isinstance(item, Mapping) else None
            is_off = (
                enabled is not None
                and isinstance(enabled[1], Scalar)
                and enabled[1].text.lower() == "false"
            )
            yield _block(document, item.start, item, is_off)
    for key, (name, node) in document.root.entries.items():
        if key not in ("rules", "ladders"):
            yield _block(document, name.start, node, is_off=False)


def _block(document: Document, start: int, node: Node, is_off: bool) -> _Block:
    source = document.source
    first = source.line_and_column(start)[0]
    last = source.line_and_column(max(start, _last(node) - 1))[0]
    above = first
    while above > 1 and _ONLY_COMMENT.match(source.lines[above - 2]):
        above -= 1
    return _Block(above, first, last, is_off)


def _last(node: Node) -> int:
    """The offset after the last thing that is written: a mapping in lines ends, for the parser,
    where the next one begins."""
    if isinstance(node, Scalar):
        return node.end
    if isinstance(node, Mapping):
        inside = [max(key.end, _last(child)) for key, child in node.entries.values()]
        return node.end if node.flow else max(inside, default=node.end)
    return max(map(_last, node.items), default=node.end)
