"""What authors read: a small rule set per finding in tests/data/lint, the findings beside it.

`REWRITE_GOLDEN=1` writes the findings anew; read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from rules_engine.lint import KINDS, Assumed, LintReport, lint
from schemas.instants import parse_instant

FOLDER = Path(__file__).parents[2] / "data" / "lint"
CASES = sorted(FOLDER.glob("*.yaml"))
NOW = parse_instant("2026-11-23T12:00:00+03:00")


def linted(case: Path) -> LintReport:
    return lint(case.read_bytes(), "rules.yaml", Assumed(NOW))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_findings(case: Path) -> None:
    report = linted(case)
    shown = [str(finding) for finding in report.findings]
    shown += [f"{finding}\n      allowed: {finding.allowed}" for finding in report.allowed]
    found = "\n\n".join(shown) + "\n"
    expected = case.with_suffix(".txt")
    if os.environ.get("REWRITE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_every_code_has_a_case() -> None:
    shown = {each.diagnostic.code for case in CASES for each in linted(case).findings}
    assert shown == {code.value for code in KINDS}
    assert {case.with_suffix(".txt") for case in CASES} == set(FOLDER.glob("*.txt"))
