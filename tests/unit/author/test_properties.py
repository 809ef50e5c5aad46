"""Whatever stands in a file: a rule set or findings with places, and nothing else."""

from collections.abc import Sequence

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.author import load_rule_set
from rules_engine.diagnostics import Diagnostic
from rules_engine.document import read_document
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


@settings(max_examples=200, deadline=None)
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


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12
)


@settings(max_examples=200, deadline=None)
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
