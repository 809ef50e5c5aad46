"""What the format knows and this release does not do yet: refused by name, never ignored.

The one table. A release that does more removes rows here (names of variables that formulas may not
use yet: `rules_engine.variables.NOT_SUPPORTED_YET`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rules_engine.author.findings import Findings
from rules_engine.document import Document, Path
from rules_engine.document.nodes import Mapping, Node, Scalar, Sequence

CODE = "NOT_SUPPORTED_YET"


@dataclass(frozen=True)
class NotYet:
    """`place`: keys from the root, `*` for every item. `words`: only these values of it.
    `beside`: only where the same mapping holds this key with this value."""

    place: str
    remedy: str
    words: frozenset[str] = frozenset()
    beside: tuple[str, str] | None = None


_REMOVE = "remove it; the rest of the rule works without it"

TABLE: tuple[NotYet, ...] = (
    NotYet(
        "rules.*.trigger",
        "use BALANCE_TOPPED_UP, VISIT_STARTED, VISIT_ENDED, PAYMENT_MADE, CLIENT_REGISTERED or "
        "PROMO_CODE_REDEEMED, or remove the rule",
        frozenset(
            {
                "CLIENT_ABSENT",
                "BIRTHDAY",
                "AFTER_FIRST_VISIT",
                "BONUS_EXPIRING",
                "BONUS_EXPIRED",
            }
        ),
    ),
    NotYet("rules.*.after", _REMOVE),
    NotYet("rules.*.before", _REMOVE),
    NotYet("rules.*.at", _REMOVE),
    NotYet(
        "rules.*.actions.*.expiresInDays",
        "remove it; let another rule take the client out with UNASSIGN_GROUP",
        beside=("type", "ASSIGN_GROUP"),
    ),
)


def refuse_not_supported(document: Document, findings: Findings) -> None:
    """One finding for each use of a row of the table."""
    for row in TABLE:
        for path, node in _matches(document.root, tuple(row.place.split(".")), ()):
            if row.words and not (isinstance(node, Scalar) and node.text in row.words):
                continue
            if row.beside and not _stands_beside(document, path, *row.beside):
                continue
            what = row.place.rpartition("*.")[2]
            if row.words and isinstance(node, Scalar):
                what = f"{what}: {node.text}"
            of = f" of {row.beside[1]}" if row.beside else ""
            findings.add(CODE, path, f"`{what}`{of} is not supported yet", row.remedy)


def _matches(node: Node, place: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Node]]:
    if not place:
        yield path, node
    elif place[0] == "*":
        if isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                yield from _matches(item, place[1:], (*path, index))
    elif isinstance(node, Mapping) and place[0] in node.entries:
        yield from _matches(node.entries[place[0]][1], place[1:], (*path, place[0]))


def _stands_beside(document: Document, path: Path, key: str, value: str) -> bool:
    node = document.node_at((*path[:-1], key))
    return isinstance(node, Scalar) and node.text == value
