"""What authors of rule tests read: a file with mistakes, the findings beside it.

`REWRITE_GOLDEN=1` writes the findings anew; read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from rules_engine.cases.check import load_cases
from rules_engine.errors import RuleSetError
from tests.unit.cases.texts import RULE_SET

FOLDER = Path(__file__).parents[2] / "data" / "rule_tests"
CASES = sorted(FOLDER.glob("*.test.*"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_findings(case: Path) -> None:
    with pytest.raises(RuleSetError) as refused:
        load_cases(case.read_bytes(), f"izi{case.name[case.name.index('.') :]}", RULE_SET)
    found = f"{refused.value}\n"
    expected = case.parent / f"{case.name.partition('.')[0]}.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_every_finding_has_its_mistake() -> None:
    stems = {case.name.partition(".")[0] for case in CASES}
    assert len(stems) >= 6
    assert {path.stem for path in FOLDER.glob("*.txt")} == stems
