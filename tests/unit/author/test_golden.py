"""What authors read: one small file per mistake in tests/data/diagnostics, the findings beside it.

`REWRITE_GOLDEN=1` writes the findings anew; read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from rules_engine.author import load_rule_set
from rules_engine.errors import RuleSetError

FOLDER = Path(__file__).parents[2] / "data" / "diagnostics"
CASES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".yaml", ".json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_findings(case: Path) -> None:
    with pytest.raises(RuleSetError) as refused:
        load_rule_set(case.read_bytes(), f"rules{case.suffix}")
    found = f"{refused.value}\n"
    expected = case.with_suffix(".txt")
    if os.environ.get("REWRITE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_there_are_many_mistakes() -> None:
    assert len(CASES) >= 60
    assert {case.with_suffix(".txt") for case in CASES} == set(FOLDER.glob("*.txt"))
