"""An error in a document's shape, with what it is about, and the finding that it becomes."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from rules_engine.document import Document, Path
from rules_engine.document.nodes import Mapping, Node, Scalar
from schemas.authored import Authored
from schemas.rule_set import RuleSet


@dataclass(frozen=True)
class Described:
    code: str
    message: str
    remedy: str = ""
    on_key: bool = False
    path: Path | None = None
    """Where it is, if not where pydantic says."""


@dataclass(frozen=True)
class Fault:
    """One error of pydantic with what it is about."""

    error: ErrorDetails
    path: Path
    document: Document
    root: type[Authored] = RuleSet

    @property
    def node(self) -> Node | None:
        return self.document.node_at(self.path)

    @property
    def key(self) -> str:
        """The nearest key: of an item the key of its list."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")

    @property
    def subject(self) -> str:
        return f"an item of `{self.key}`" if isinstance(self.path[-1], int) else f"`{self.key}`"

    @property
    def shown(self) -> str:
        """What stands there."""
        if isinstance(self.node, Scalar):
            text = self.node.text if len(self.node.text) <= 60 else self.node.text[:59] + "…"
            return f"`{text}`"
        return "a mapping" if isinstance(self.node, Mapping) else "a list"

    @property
    def context(self) -> dict[str, Any]:
        return self.error.get("ctx", {})

    @property
    def is_word(self) -> bool:
        return isinstance(self.node, Scalar)
