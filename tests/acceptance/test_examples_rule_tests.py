"""The examples have rule tests that pass and leave nothing untried."""

from pathlib import Path

import pytest

from worker.cli.application import run

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_every_rule_set_of_the_examples_is_tested(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "test", str(EXAMPLES), "--full-coverage"]) == 0
    shown = capsys.readouterr()
    assert "FAIL" not in shown.out
    tested = {file.parent for file in EXAMPLES.rglob("*.test.yaml")}
    assert {file.parent for file in EXAMPLES.glob("scenarios/*/rules.yaml")} <= tested
