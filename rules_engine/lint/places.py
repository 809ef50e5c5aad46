"""From what was found to where an author sees it."""

from collections.abc import Iterator

from rules_engine.diagnostics import Diagnostic
from rules_engine.document import Document, Path
from rules_engine.document.nodes import Mapping, Node, Scalar, Sequence
from rules_engine.lint.codes import KINDS
from rules_engine.lint.found import Found

_OF_TIERS = {"formula": "percent"}
"""Key of an action → the key of a tier that says the same."""


class Places:
    """Where the rules and tiers of a document stand. The document has loaded without findings."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._rules: dict[str, Path] = {}
        self._tiers: dict[str, tuple[Path, Path]] = {}
        for path, rule in _items(document, ("rules",)):
            self._rules[_id(rule)] = path
        for path, ladder in _items(document, ("ladders",)):
            for place, tier in _items(document, (*path, "tiers")):
                self._tiers[f"{_id(ladder)}.{_id(tier)}"] = (path, place)

    def diagnostic(self, found: Found) -> Diagnostic:
        """The finding with its line and caret."""
        path = self._path(found)
        node = self._document.node_at(path)
        if found.span is not None and isinstance(node, Scalar) and path[-1] != "percent":
            return self._document.finding_within(
                found.code, path, found.message, *found.span, found.remedy
            )
        return self._document.finding(found.code, path, found.message, found.remedy)

    def _path(self, found: Found) -> Path:
        if not found.rule_id:
            return found.where
        rule = self._rules.get(found.rule_id)
        if rule is not None:
            return (*rule, *found.where)
        ladder, tier = self._tiers[found.rule_id]
        where = found.where[2:] if found.where[:1] == ("actions",) else found.where
        where = tuple(_OF_TIERS.get(str(step), step) for step in where)
        for base in (tier, ladder):
            if where and self._document.node_at((*base, *where)) is not None:
                return (*base, *where)
        return ladder if KINDS[found.code].of_ladder else tier


def _items(document: Document, path: Path) -> Iterator[tuple[Path, Mapping]]:
    node = document.node_at(path)
    for index, item in enumerate(node.items if isinstance(node, Sequence) else ()):
        if isinstance(item, Mapping):
            yield (*path, index), item


def _id(item: Mapping) -> str:
    node: Node = item.entries["id"][1]
    assert isinstance(node, Scalar)
    return node.text
