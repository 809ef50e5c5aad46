"""JSON → the same nodes as YAML, with places: the standard parser keeps neither place nor text.

Strings are read by the standard library's scanner (surrogate pairs included); numbers keep their
source text; a key that stands twice is a finding.
"""

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # documented nowhere, stable

from rules_engine.diagnostics import Diagnostic
from rules_engine.document.bounds import MAX_DEPTH, MAX_NODES
from rules_engine.document.nodes import DOUBLE_QUOTED, PLAIN, Mapping, Node, Scalar, Sequence
from rules_engine.document.source import Source

_SPACE = re.compile(r"[ \t\n\r]*")
_ATOM = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WORD = re.compile(r"[^\s,:\[\]{}\"]+")


class NotJson(Exception):
    """The text is not JSON; `finding` says where it stops being it."""

    def __init__(self, finding: Diagnostic) -> None:
        self.finding = finding


def read_json(source: Source) -> tuple[Node, list[Diagnostic]]:
    """The value of the text and what is wrong with it. Raises NotJson."""
    reader = _Reader(source)
    node, at = reader.value(reader.skip(0), 0)
    at = reader.skip(at)
    if at < len(source.text):
        raise reader.fault(at, "the text goes on after its value", "keep one value per file")
    return node, reader.findings


class _Reader:
    """Recursive descent; the depth is bounded by MAX_DEPTH."""

    def __init__(self, source: Source) -> None:
        self.findings: list[Diagnostic] = []
        self._source = source
        self._text = source.text
        self._nodes = 0

    def skip(self, at: int) -> int:
        space = _SPACE.match(self._text, at)
        return space.end() if space else at

    def fault(self, at: int, message: str, remedy: str, code: str = "NOT_JSON") -> NotJson:
        word = _WORD.match(self._text, at)
        end = word.end() if word else at + 1
        return NotJson(self._source.finding(code, message, at, end, remedy))

    def value(self, at: int, depth: int) -> tuple[Node, int]:
        """The value that begins at `at`, and the offset after it."""
        self._count(at, depth)
        first = self._text[at : at + 1]
        if first == '"':
            return self._string(at)
        if first == "{":
            return self._object(at, depth + 1)
        if first == "[":
            return self._array(at, depth + 1)
        atom = _ATOM.match(self._text, at)
        if atom is None:
            raise self._no_value(at)
        return Scalar(atom.group(), PLAIN, at, atom.end()), atom.end()

    def _no_value(self, at: int) -> NotJson:
        if at >= len(self._text):
            return self.fault(at, "the file ends inside its value", "close brackets and quotes")
        if self._text[at] in "}]":
            return self.fault(at, "a value is missing here", "remove the comma before it")
        return self.fault(at, "not a JSON value", "put texts in double quotes")

    def _count(self, at: int, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            remedy = "split the organization's rules or generate fewer of them"
            raise self.fault(
                at, f"the file holds more than {MAX_NODES} values", remedy, "TOO_MANY_VALUES"
            )
        if depth > MAX_DEPTH:
            raise self.fault(
                at,
                f"more than {MAX_DEPTH} lists and mappings inside each other",
                "a rule set needs 7 at most: look for brackets that are not closed",
                "TOO_DEEP",
            )

    def _string(self, at: int) -> tuple[Scalar, int]:
        try:
            text, end = scanstring(self._text, at + 1, True)
        except JSONDecodeError as error:
            message = f"a text that is not JSON: {error.msg.removesuffix(' at').lower()}"
            remedy = "close it with a double quote; write line ends as \\n and \\ as \\\\"
            raise self.fault(min(error.pos, len(self._text) - 1), message, remedy) from None
        if _SURROGATE.search(text):
            remedy = "write the character itself, or both halves of its pair"
            raise NotJson(
                self._source.finding(
                    "NOT_JSON", "half of a surrogate pair in a text", at, end, remedy
                )
            )
        return Scalar(text, DOUBLE_QUOTED, at, end), end

    def _array(self, at: int, depth: int) -> tuple[Sequence, int]:
        node = Sequence(at, at)
        at = self.skip(at + 1)
        if self._text[at : at + 1] != "]":
            while True:
                item, at = self.value(at, depth)
                node.items.append(item)
                at = self.skip(at)
                if self._text[at : at + 1] != ",":
                    break
                at = self.skip(at + 1)
        node.end = self._close(at, "]")
        return node, node.end

    def _object(self, at: int, depth: int) -> tuple[Mapping, int]:
        node = Mapping(at, at, flow=True)
        at = self.skip(at + 1)
        if self._text[at : at + 1] != "}":
            while True:
                at = self._member(node, at, depth)
                if self._text[at : at + 1] != ",":
                    break
                at = self.skip(at + 1)
        node.end = self._close(at, "}")
        return node, node.end

    def _member(self, node: Mapping, at: int, depth: int) -> int:
        if self._text[at : at + 1] != '"':
            remedy = "remove the comma before it" if node.entries else 'write "key": value'
            raise self.fault(at, "a key in double quotes is missing here", remedy)
        self._count(at, depth)
        key, at = self._string(at)
        at = self.skip(at)
        if self._text[at : at + 1] != ":":
            raise self.fault(at, "a colon is missing after the key", 'write "key": value')
        value, at = self.value(self.skip(at + 1), depth)
        if key.text in node.entries:
            self._repeated(key, node)
        node.entries.setdefault(key.text, (key, value))
        return self.skip(at)

    def _repeated(self, key: Scalar, node: Mapping) -> None:
        first = self._source.line_and_column(node.entries[key.text][0].start)[0]
        message = f"the key `{key.text}` stands twice in one mapping, first in line {first}"
        self.findings.append(
            self._source.finding("DUPLICATE_KEY", message, key.start, key.end, "keep one of them")
        )

    def _close(self, at: int, bracket: str) -> int:
        if self._text[at : at + 1] == bracket:
            return at + 1
        if at >= len(self._text):
            raise self.fault(at, f"the file ends before its '{bracket}'", "close the bracket")
        raise self.fault(at, f"a ',' or '{bracket}' is missing here", "separate values with ','")
