"""What the YAML parser's complaints mean for somebody who writes rules."""

import yaml

from rules_engine.diagnostics import Diagnostic
from rules_engine.document.source import Source

_QUOTES = "put texts that hold : { } [ ] , # & * ! | > ' \" % @ or ` in double quotes"

_FAULTS: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a colon stands where no key can be",
        "put a text with ': ' in it in quotes, and check that the line above ends as it should",
    ),
    (
        "did not find expected ',' or '}'",
        "the mapping in { } goes on where a ',' or its '}' should be",
        f"close the bracket; {_QUOTES}",
    ),
    (
        "did not find expected ',' or ']'",
        "the list in [ ] goes on where a ',' or its ']' should be",
        f"close the bracket; {_QUOTES}",
    ),
    (
        "did not find expected key",
        "the line is not indented like the keys above it",
        "give all keys of one mapping the same number of spaces; close quotes and brackets above",
    ),
    (
        "did not find expected '-' indicator",
        "the line is not an item of the list above it",
        "begin it with '- ', or indent it like the key that it belongs to",
    ),
    (
        "found unexpected end of stream",
        "the file ends inside a quoted text",
        "close the quote: look where this text begins",
    ),
    (
        "found unknown escape character",
        "unknown escape in a text in double quotes",
        "write \\\\ for a backslash, or use single quotes",
    ),
    (
        "invalid Unicode character escape code",
        "an escape that stands for no character",
        "write the character itself; YAML knows no surrogate pairs",
    ),
    (
        "could not find expected ':'",
        "a line that is neither `key: value` nor an item of a list",
        "write `key: value` with a space after the colon",
    ),
    (
        "block sequence entries are not allowed",
        "a list item stands where none can be",
        "begin the list on a line of its own below its key",
    ),
    (
        "found undefined alias",
        "aliases (*name) are not allowed",
        "write the value out where it is needed",
    ),
)


def syntax_fault(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    """The parser's error at its place, in words that say what to do."""
    mark = error.problem_mark or error.context_mark
    at = mark.index if mark is not None else 0
    problem = error.problem or "not YAML"
    if source.text[at : at + 1] == "\t":
        return source.finding(
            "TAB",
            "a tab where YAML wants spaces",
            at,
            at + 1,
            "indent with spaces: set your editor to replace tabs",
        )
    begun = error.context_mark
    if begun is not None and ("end of stream" in problem or "expected ':'" in problem):
        at = begun.index
    if "cannot start any token" in problem:
        message = f"a value cannot begin with `{source.text[at : at + 1]}`"
        return source.finding("NOT_YAML", message, at, at + 1, "put the value in quotes")
    for sign, message, remedy in _FAULTS:
        if sign in problem:
            return source.finding("NOT_YAML", message + _since(source, error), at, at + 1, remedy)
    context = f" {error.context}" if error.context else ""
    return source.finding("NOT_YAML", f"this is not YAML: {problem}{context}", at, at + 1, _QUOTES)


def _since(source: Source, error: yaml.MarkedYAMLError) -> str:
    """Where the bracket opened, if not in the line of the fault."""
    begun, ended = error.context_mark, error.problem_mark
    if begun is None or ended is None or "flow" not in (error.context or ""):
        return ""
    line = source.line_and_column(begun.index)[0]
    return f" (it begins in line {line})" if line != ended.line + 1 else ""
