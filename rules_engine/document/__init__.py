"""The text of a rule set → values that keep their source text, and the place of each."""

from rules_engine.document.nodes import Ambiguous, Path, path_text
from rules_engine.document.read import RULE_SET, Document, Holds, read_document

__all__ = [
    "RULE_SET",
    "Ambiguous",
    "Document",
    "Holds",
    "Path",
    "path_text",
    "read_document",
]
