"""A text with its name, and the way from offsets in it to findings."""

from bisect import bisect_right
from functools import cached_property

from rules_engine.diagnostics import Diagnostic
from rules_engine.document.nodes import Path, path_text


class Source:
    """`text` breaks into lines at CR LF, CR and LF, as editors do."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        starts, at, text = [0], 0, self.text
        for line in self.lines[:-1]:
            at += len(line)
            at += 2 if text.startswith("\r\n", at) else 1
            starts.append(at)
        return starts

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def finding(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        remedy: str = "",
        path: Path = (),
    ) -> Diagnostic:
        """A finding about text[start:end]; the caret ends with the line on which it began."""
        start = min(start, max(0, len(self.text) - 1))
        line, column = self.line_and_column(start)
        source = self.lines[line - 1]
        width = max(1, min(end - start, len(source) - column + 1))
        return Diagnostic(
            code, message, self.file, line, column, width, source, path_text(path), remedy
        )
