"""What `loyalty rules push`, `rollback` and `status` refuse before they read or reach anything."""

import pytest

from worker.cli.application import run

Shown = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["push", "nowhere.yaml", "--reason", " "], "--reason is empty"),
        (["push", "nowhere.yaml", "--reason", "x", "--author", ""], "--author is empty"),
        (["rollback", "izi", "--reason", ""], "--reason is empty"),
        (["rollback", "", "--reason", "x"], "ORG is empty"),
        (["rollback", "izi", "--to", " ", "--reason", "x"], "--to is empty"),
        (["status", ""], "ORG is empty; name an organization, or leave it out for all"),
    ],
)
def test_wrong_usage_comes_first(arguments: list[str], said: str, capsys: Shown) -> None:
    assert run(["rules", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"error: Invalid value: {said}. See loyalty rules {arguments[0]} --help."
