"""The examples do what their README says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOYALTY = Path(sys.executable).with_name("loyalty")

# line of examples/events.jsonl from 0, type, rule, and what counts of it
EXPECTED = [
    (0, "ADD_BONUS", "new-member", "28.00"),
    (0, "ASSIGN_GROUP", "new-member", "newcomers"),
    (2, "ADD_BONUS", "daytime", "80.00"),
    (2, "SEND_PUSH", "daytime", "+80 bonus"),
    (3, "ADD_BONUS", "everyday150.anchor", "48.00"),
    (3, "UNASSIGN_GROUP", "newcomer-settled", "newcomers"),
    (5, "ADD_BONUS", "bar", "17.50"),
    (7, "SEND_PUSH", "long-stay", "What a session"),
    (9, "ADD_BONUS", "everyday150.entry", "15.00"),
    (10, "ADD_BONUS", "everyday300.premium", "360.00"),
    (13, "SEND_PUSH", "long-stay", "What a session"),
]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("simulated")
    outputs = {name: folder / f"{name}.jsonl" for name in ("commands", "dead-letters")}
    files = [argument for name, file in outputs.items() for argument in (f"--{name}", str(file))]
    ended = subprocess.run(
        [
            LOYALTY,
            "simulate",
            "--rules",
            ROOT / "config/samples/izi.yaml",
            "--events",
            ROOT / "examples/events.jsonl",
            *files,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return {
        name: [json.loads(line) for line in file.read_text().splitlines()]
        for name, file in outputs.items()
    }


def test_commands_are_those_of_the_readme(simulated: dict[str, list[dict[str, Any]]]) -> None:
    assert [
        (
            command["causedBy"]["offset"],
            command["type"],
            command["ruleId"],
            command.get("amountMajor") or command.get("groupId") or command.get("title"),
        )
        for command in simulated["commands"]
    ] == EXPECTED


def test_details_of_the_day(simulated: dict[str, list[dict[str, Any]]]) -> None:
    commands = simulated["commands"]
    assert commands[3]["body"] == "Your daytime top-up of 400 earned 80."
    assert commands[6]["restriction"] == {"productTypes": ["BAR"], "productIds": []}
    assert commands[7]["body"].startswith("225 minutes!")
    assert commands[7]["notBefore"] is None
    assert commands[10]["notBefore"] == "2026-03-04T06:00:00+00:00"


def test_dead_letters_are_those_of_the_readme(simulated: dict[str, list[dict[str, Any]]]) -> None:
    letters = simulated["dead-letters"]
    headers = [letter["headers"] for letter in letters]
    assert [_header(found, "error.code") for found in headers] == [
        "EVENT_ID_REUSED",
        "OUT_OF_RANGE",
    ]
    assert [_header(found, "source.offset") for found in headers] == ["11", "12"]


def _header(headers: Any, name: str) -> str:
    return str(dict(headers)[name])
