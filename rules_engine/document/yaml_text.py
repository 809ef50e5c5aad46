"""YAML → nodes, from the parser's events: scalars are never resolved to numbers, dates or booleans.

Refused, one finding each: anchors, aliases, merge keys, tags, several documents, keys that are not
text, keys that stand twice. What follows a fault of the syntax cannot be read.
"""

import re
from collections.abc import Iterator

import yaml

from rules_engine.diagnostics import Diagnostic
from rules_engine.document.bounds import MAX_DEPTH, MAX_NODES
from rules_engine.document.nodes import BLOCK, Mapping, Node, Scalar, Sequence
from rules_engine.document.source import Source
from rules_engine.document.yaml_faults import syntax_fault

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without libyaml: the same events, ten times slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

_WORD = re.compile(r"[^\s,\[\]{}]+")
_Opening = yaml.MappingStartEvent | yaml.SequenceStartEvent


class Refused(Exception):
    """Reading cannot go on: one finding says why."""

    def __init__(self, finding: Diagnostic) -> None:
        self.finding = finding


def read_yaml(source: Source) -> tuple[Node | None, list[Diagnostic]]:
    """The one document of the text (None: it has none) and what is wrong with it."""
    reader = _Reader(source)
    try:
        for event in _events(source):
            reader.take(event)
    except Refused as refused:
        return None, [*reader.findings, refused.finding]
    return reader.root, reader.findings


def _events(source: Source) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(source.text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise Refused(syntax_fault(source, error)) from None


def _span(event: yaml.Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    assert start is not None
    assert end is not None
    return start.index, end.index


class _Reader:
    """Builds the tree on an explicit stack: nesting costs no recursion."""

    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self.findings: list[Diagnostic] = []
        self._source = source
        self._open: list[Mapping | Sequence] = []
        self._keys: list[Scalar | None] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._finish(event)
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(
                event,
                "ALIAS",
                "aliases (*name) are not allowed",
                "write the value out where it is needed",
            )
            self._place(Scalar("", "'", *_span(event)))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(
                event,
                "SEVERAL_DOCUMENTS",
                "the file holds several documents",
                "keep one organization per file; remove the line '---'",
            )

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._check(event)
        style = BLOCK if event.style in ("|", ">") else (event.style or "")
        self._place(Scalar(event.value, style, *_span(event)))

    def _begin(self, event: _Opening) -> None:
        self._check(event)
        if len(self._open) >= MAX_DEPTH:
            self._stop(
                event,
                "TOO_DEEP",
                f"more than {MAX_DEPTH} lists and mappings inside each other",
                "a rule set needs 7 at most: look for brackets that are not closed",
            )
        start, end = _span(event)
        node: Mapping | Sequence
        if isinstance(event, yaml.MappingStartEvent):
            node = Mapping(start, end, flow=bool(event.flow_style))
        else:
            node = Sequence(start, end)
        self._place(node)
        self._open.append(node)
        self._keys.append(None)

    def _finish(self, event: yaml.Event) -> None:
        self._open.pop().end = _span(event)[1]
        self._keys.pop()

    def _place(self, node: Node) -> None:
        """Put the node where it belongs: root, list item, key or value."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Refused(
                self._source.finding(
                    "TOO_MANY_VALUES",
                    f"the file holds more than {MAX_NODES} values",
                    node.start,
                    node.end,
                    "split the organization's rules or generate fewer of them",
                )
            )
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif self._keys[-1] is None:
            self._keys[-1] = self._key(node)
        else:
            key, self._keys[-1] = self._keys[-1], None
            parent.entries.setdefault(key.text, (key, node))

    def _key(self, node: Node) -> Scalar:
        parent = self._open[-1]
        assert isinstance(parent, Mapping)
        if not isinstance(node, Scalar):
            raise Refused(
                self._source.finding(
                    "KEY_NOT_TEXT",
                    "a key must be a plain word",
                    node.start,
                    node.end,
                    "texts with { } [ ] must stand in quotes",
                )
            )
        if node.text == "<<" and node.style == "":
            self._note(node, "MERGE_KEY", "merge keys (<<) are not allowed", "write the keys out")
        elif node.text in parent.entries:
            first = self._source.line_and_column(parent.entries[node.text][0].start)[0]
            self._note(
                node,
                "DUPLICATE_KEY",
                f"the key `{node.text}` stands twice in one mapping, first in line {first}",
                "keep one of them",
            )
        return node

    def _check(self, event: yaml.ScalarEvent | _Opening) -> None:
        if event.anchor is not None:
            self._refuse(
                event, "ANCHOR", "anchors (&name) are not allowed", "remove it and write values out"
            )
        if event.tag is not None:
            self._refuse(
                event,
                "TAG",
                f"tags are not allowed: `{event.tag.replace('tag:yaml.org,2002:', '!!')}`",
                "remove it: every value is read as the format says",
            )

    def _refuse(self, event: yaml.Event, code: str, message: str, remedy: str) -> None:
        word = _WORD.match(self._source.text, _span(event)[0])
        start, end = word.span() if word else _span(event)
        self.findings.append(self._source.finding(code, message, start, end, remedy))

    def _note(self, node: Scalar, code: str, message: str, remedy: str) -> None:
        self.findings.append(self._source.finding(code, message, node.start, node.end, remedy))

    def _stop(self, event: yaml.Event, code: str, message: str, remedy: str) -> None:
        start, end = _span(event)
        raise Refused(self._source.finding(code, message, start, end, remedy))
