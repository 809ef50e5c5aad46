"""Whatever stands in a file: a rule set or findings with places, and nothing else."""

import json
from collections.abc import Sequence
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.author import load_rule_set
from rules_engine.diagnostics import Diagnostic
from rules_engine.document import Path, read_document
from rules_engine.document.nodes import Scalar
from rules_engine.errors import RuleSetError
from tests.unit.author.texts import DATA

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(DATA.glob("*.yaml"))]
PIECES = ["{", "}", "[", "]", ":", ": ", "- ", "\n", "\t", '"', "'", "#", "&a ", "*a", "!!x ", "|"]
PIECES += ["null", "NO", "-1", "1e9", "\x00", "\ud800", "é", "😀", "  ", ",", "id", "%", "<<: "]


@st.composite
def damaged_texts(draw: st.DrawFn) -> str:
    """A good text with a few pieces cut out and put in."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 12))
        text = text[:start] + draw(st.sampled_from(["", *PIECES])) + text[start + cut :]
    return text


@settings(max_examples=200)
@given(damaged_texts(), st.sampled_from(["rules.yaml", "rules.json"]))
def test_damage_is_answered_with_places(text: str, file: str) -> None:
    lines = len(text.splitlines()) + 1
    for finding in findings_of(text, file):
        assert finding.file == file
        assert 1 <= finding.line <= lines
        assert 1 <= finding.column <= len(finding.source) + 1
        assert finding.code.isupper()
        assert finding.message
        assert str(finding)


def findings_of(text: str, file: str) -> Sequence[Diagnostic]:
    """None at all for a text that is still a rule set."""
    try:
        load_rule_set(text, file)
    except RuleSetError as refused:
        return refused.diagnostics
    return ()


VALUES = ["null", "true", "NO", "[]", "{}", "[x]", "{a: b}", "-1", "0", "1e999999999", '""', "text"]
VALUES += [
    "[[1]]",
    "{type: X}",
    "1.5",
    '" x"',
    '"\\u0001"',
    "٣",
    "[null, 1, null, NO]",
    "1e-9999999",
]


def paths_in(value: Any, path: Path = ()) -> list[Path]:
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [
        found
        for step, child in children
        for found in [(*path, step), *paths_in(child, (*path, step))]
    ]


@st.composite
def wrong_texts(draw: st.DrawFn) -> str:
    """A good rule set with a few values that stand for something else."""
    values = read_document(draw(st.sampled_from(TEXTS)), "rules.yaml").values()
    for marker in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(paths_in(values)))
        container = values
        for step in way:
            container = container[step]  # type: ignore[index]
        container[last] = f"@{marker}@"  # type: ignore[index]
    text = json.dumps(values)
    for marker in range(3):
        text = text.replace(f'"@{marker}@"', draw(st.sampled_from(VALUES)))
    return text


@settings(max_examples=200)
@given(wrong_texts())
def test_wrong_values_are_answered_in_our_words(text: str) -> None:
    for finding in findings_of(text, "rules.yaml"):
        assert "Input should" not in str(finding)
        assert finding.remedy


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12
)


@settings(max_examples=200)
@given(
    st.lists(WORDS, min_size=1, max_size=6).map(" ".join),
    st.sampled_from(["'", '"', "|", ">", None]),
    st.integers(20, 60),
)
def test_every_letter_is_found_where_it_stands(text: str, style: str | None, width: int) -> None:
    """As PyYAML writes it in any style: folded, quoted, escaped, indented."""
    written = yaml.safe_dump(
        {"a": {"x": text}}, default_style=style, width=width, allow_unicode=True
    )
    value = yaml.load(written, Loader=yaml.BaseLoader)["a"]["x"]
    document = read_document(written, "rules.yaml")
    node = document.node_at(("a", "x"))
    assert isinstance(node, Scalar)
    assert node.text == value
    for at, letter in enumerate(value):
        found = document.finding_within("CODE", ("a", "x"), "", at, at + 1)
        there = found.source[found.column - 1 :]
        if not letter.isspace() and not there.startswith("\\"):
            assert there.startswith(letter)
