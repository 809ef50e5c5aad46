"""Text (YAML or JSON) → `Document`: the root mapping, and findings at any path of it."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from rules_engine.diagnostics import Diagnostic
from rules_engine.document.alignment import span_of
from rules_engine.document.bounds import MAX_BYTES
from rules_engine.document.json_text import NotJson, read_json
from rules_engine.document.nodes import Mapping, Node, Path, Scalar, canonical_of, value_of
from rules_engine.document.source import Source
from rules_engine.document.yaml_text import read_yaml
from rules_engine.errors import RuleSetError

_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Control characters, halves of surrogate pairs, byte order marks, and NEL, LS, PS, which YAML
takes for line ends and editors do not."""

ESCAPED_BYTES = range(0xDC80, 0xDD00)
"""What `surrogateescape` makes of bytes that are no UTF-8."""


@dataclass(frozen=True)
class Holds:
    """What a file is meant to hold, in the words of findings: `no rule set`, `a rule set is`."""

    none: str
    subject: str
    code: str
    begin: str


RULE_SET = Holds(
    "no rule set",
    "a rule set is",
    "NOT_A_RULE_SET",
    "begin with `organizationId: …`, `version: …`, `timeZone: …`, `currency: …`",
)

_JSON_BEGIN = re.compile(r'\s*\{\s*"')


@dataclass(frozen=True)
class Document:
    """A text that was read. `findings`: keys that stand twice (the first counts)."""

    source: Source
    root: Mapping
    findings: tuple[Diagnostic, ...] = field(default=())

    def values(self) -> dict[str, Any]:
        """Dicts, lists and scalars; see `nodes.value_of`."""
        values: dict[str, Any] = value_of(self.root)
        return values

    def content_hash(self) -> str:
        """Hex SHA-256 of JSON with sorted keys, no white space, every scalar as its text.

        So comments, layout, key order, quotes and YAML against JSON do not count; the order of
        lists and the way in which a number is written (5 or 5.0) do.
        """
        canonical = json.dumps(
            canonical_of(self.root), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    def node_at(self, path: Path) -> Node | None:
        """The value at a path; None where there is none."""
        node: Node = self.root
        for step in path:
            if isinstance(node, Mapping) and step in node.entries:
                node = node.entries[str(step)][1]
            elif not isinstance(node, Mapping | Scalar) and isinstance(step, int):
                node = node.items[step]
            else:
                return None
        return node

    def finding(
        self, code: str, path: Path, message: str, remedy: str = "", *, on_key: bool = False
    ) -> Diagnostic:
        """A finding about the value at `path`, or about its key.

        Of a mapping or list the caret marks the first line; where the value does not exist, the
        nearest thing around it that does.
        """
        start, end = self._span(path, on_key)
        return self.source.finding(code, message, start, end, remedy, path)

    def finding_within(
        self, code: str, path: Path, message: str, start: int, end: int, remedy: str = ""
    ) -> Diagnostic:
        """A finding about characters start..end of the text at `path`."""
        node = self.node_at(path)
        if not isinstance(node, Scalar):
            return self.finding(code, path, message, remedy)
        first, last = span_of(node, self.source.text, start, end)
        return self.source.finding(code, message, first, last, remedy, path)

    def _span(self, path: Path, on_key: bool) -> tuple[int, int]:
        parent = self.node_at(path[:-1]) if path else None
        if isinstance(parent, Mapping) and path[-1] in parent.entries:
            key, node = parent.entries[str(path[-1])]
            if on_key or node.start == node.end:
                return key.start, key.end
        else:
            found = self.node_at(path)
            if found is None:
                return self._span(path[:-1], on_key)
            node = found
        return self._first_words(node)

    def _first_words(self, node: Node) -> tuple[int, int]:
        """A mapping is marked by its first entry, a list in lines by its first item's."""
        if isinstance(node, Mapping) and not node.flow and node.entries:
            key, value = next(iter(node.entries.values()))
            return key.start, value.end if isinstance(value, Scalar) else key.end
        return node.start, node.end


def read_document(text: str | bytes, file: str, holds: Holds = RULE_SET) -> Document:
    """Read a YAML or JSON text of one organization; `file` is the name that findings give.

    JSON is what a name with `.json` or a text that is JSON says; everything else is YAML.
    Raises RuleSetError: too large, not UTF-8, not YAML, refused constructs, no mapping.
    """
    source = Source(file, _decoded(text, file).removeprefix("\ufeff"))
    _refuse_characters(source)
    root, findings = _root(source)
    if any(finding.code != "DUPLICATE_KEY" for finding in findings):
        raise RuleSetError(findings)
    if root is None or (isinstance(root, Scalar) and not root.text):
        raise RuleSetError([_empty(source, holds)])
    if not isinstance(root, Mapping):
        message = f"{holds.subject} a mapping: `key: value` lines"
        raise RuleSetError([source.finding(holds.code, message, root.start, root.end, holds.begin)])
    return Document(source, root, tuple(findings))


def _empty(source: Source, holds: Holds) -> Diagnostic:
    return source.finding("EMPTY_FILE", f"the file holds {holds.none}", 0, 0, holds.begin)


def _root(source: Source) -> tuple[Node | None, list[Diagnostic]]:
    named_json = source.file.lower().endswith(".json")
    if not named_json and not source.text.lstrip().startswith("{"):
        return read_yaml(source)
    try:
        return read_json(source)
    except NotJson as fault:
        refused: tuple[None, list[Diagnostic]] = (None, [fault.finding])
        if named_json:
            return refused
    root, findings = read_yaml(source)
    return refused if root is None and _JSON_BEGIN.match(source.text) else (root, findings)


def _decoded(text: str | bytes, file: str) -> str:
    if len(text) > MAX_BYTES:
        raise RuleSetError(
            [
                Source(file, "").finding(
                    "TOO_LARGE",
                    f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB",
                    0,
                    0,
                    "split the organization's rules or generate fewer of them",
                )
            ]
        )
    if isinstance(text, str):
        return text
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        source = Source(file, text.decode(errors="replace"))
        raise RuleSetError([_not_utf8(source, len(text[: error.start].decode()))]) from None


def _not_utf8(source: Source, at: int) -> Diagnostic:
    remedy = "save it as UTF-8: in most editors under 'Save with encoding'"
    return source.finding("NOT_UTF8", "the file is not UTF-8", at, at + 1, remedy)


def _refuse_characters(source: Source) -> None:
    found = _FORBIDDEN.search(source.text)
    if found is None:
        return
    letter = ord(found.group())
    if letter in ESCAPED_BYTES:
        shown = Source(source.file, source.text.encode(errors="replace").decode())
        raise RuleSetError([_not_utf8(shown, found.start())])
    raise RuleSetError(
        [
            source.finding(
                "BAD_CHARACTER",
                f"the character U+{letter:04X} cannot stand here",
                found.start(),
                found.end(),
                "remove it; a text that needs it writes it as an escape in double quotes",
            )
        ]
    )
