"""The text of a rule set → values that keep their source text, and the place of each."""

from rules_engine.document.nodes import Ambiguous, Path, path_text
from rules_engine.document.read import Document, read_document

__all__ = ["Ambiguous", "Document", "Path", "path_text", "read_document"]
