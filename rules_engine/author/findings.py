"""Where the checks put what they find."""

from rules_engine.diagnostics import Diagnostic, Problem
from rules_engine.document import Document, Path


class Findings:
    """Every finding of one document, in any order; `sorted()` gives them as the file reads."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[Diagnostic] = list(document.findings)

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(
        self, code: str, path: Path, message: str, remedy: str = "", *, on_key: bool = False
    ) -> None:
        """A finding about the value at `path`, or about its key."""
        self._found.append(self._document.finding(code, path, message, remedy, on_key=on_key))

    def add_problem(self, path: Path, problem: Problem) -> None:
        """A finding about a part of the text at `path`."""
        self._found.append(
            self._document.finding_within(
                problem.code, path, problem.message, problem.start, problem.end, problem.remedy
            )
        )

    def line_of(self, path: Path) -> int:
        """For findings that name another place."""
        return self._document.finding("", path, "").line

    def sorted(self) -> list[Diagnostic]:
        """By place; what is found twice at one place is said once."""
        unique = dict.fromkeys(self._found)
        return sorted(unique, key=lambda found: (found.line, found.column, found.code))
