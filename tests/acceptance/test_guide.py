"""docs/rules.md is true: its rule sets load, its events get its answers, its terminals say that."""

import json
import re
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rules_engine.author import load_rule_set
from rules_engine.checked import CheckedRuleSet, Rounding
from rules_engine.compile import compile_rule_set
from rules_engine.errors import RuleSetError
from rules_engine.explain.simulated import explain_simulated
from rules_engine.ladder_design.shapes import SHAPES, Shape
from rules_engine.ladder_design.steps import design_ladder
from rules_engine.outcome import Reason
from rules_engine.simulate import Simulated, simulate
from schemas.rule_set import rule_set_json_schema
from tests.acceptance.guide import (
    GUIDE,
    ROOT,
    Example,
    Row,
    Terminal,
    answer,
    by_row,
    end_of,
    events,
    lines,
    read,
    told,
    told_lapse,
)
from worker.cli import variables
from worker.cli.application import run

TEXT = GUIDE.read_text(encoding="utf-8")
EXAMPLES, TERMINALS = read(TEXT)
GOOD = [each for each in EXAMPLES if each.is_rule_set and not each.is_wrong]
WITH_EVENTS = [example for example in GOOD if example.rows]
SCENARIOS = ROOT / "examples/scenarios"


def load(example: Example) -> CheckedRuleSet:
    return load_rule_set(example.text, example.name or f"line {example.line}")


def run_rows(example: Example) -> tuple[CheckedRuleSet, list[Simulated]]:
    rules = load(example)
    made = events(example.rows, dict(rules.club_zones), rules.time_zone)
    end = end_of(example.rows, rules.time_zone)
    return rules, list(simulate(compile_rule_set(rules), lines(made), end))


def test_the_guide_was_read() -> None:
    assert len(EXAMPLES) > 40
    assert len(WITH_EVENTS) > 30
    assert len(TERMINALS) > 5


@pytest.mark.parametrize("example", GOOD, ids=lambda each: each.label)
def test_rule_sets_load(example: Example) -> None:
    assert load(example).rules or "rules:" not in example.text


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each.is_wrong], ids=lambda each: each.label
)
def test_wrong_ones_are_refused(example: Example) -> None:
    with pytest.raises(RuleSetError):
        load(example)


@pytest.mark.parametrize("example", WITH_EVENTS, ids=lambda each: each.label)
def test_events_get_the_answers(example: Example) -> None:
    rules, simulated = run_rows(example)
    rows = by_row(example.rows, simulated, rules.time_zone)
    for row, taken in zip(example.rows, rows, strict=True):
        assert [each.dead_letter for each in taken if each.dead_letter is not None] == []
        commands, reasons = answer(row.answer)
        assert [effect for each in taken for effect in effects_of(each)] == commands, row
        if reasons:
            explained = [explain_simulated(rules, each) for each in taken]
            found = {rule.rule_id: rule for each in explained if each for rule in each.rules}
            for reason in reasons:
                rule = found[reason.rule_id]
                assert rule.reason == reason.code, (row, rule)
                said = (rule.detail, rule.change)
                assert reason.detail is None or reason.detail in said, (row, rule)


def effects_of(simulated: Simulated) -> list[str]:
    effects = [told(json.loads(command)) for command in simulated.commands]
    records = [json.loads(record) for record in simulated.journal]
    return effects + [told_lapse(each) for each in records if each["type"] == "BONUS_EXPIRY"]


@pytest.mark.parametrize("terminal", TERMINALS, ids=lambda each: f"line {each.line}")
def test_terminals_say_that(
    terminal: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Output first, then remarks and errors."""
    for example in EXAMPLES:
        if example.name:
            (tmp_path / example.name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / example.name).write_text(example.text, encoding="utf-8")
            write_events(example, tmp_path)
    monkeypatch.chdir(tmp_path)
    for command, expected in terminal.commands():
        program, *arguments = shlex.split(command)
        assert program == "loyalty"
        run(arguments)
        shown = capsys.readouterr()
        assert shown.out + shown.err == expected, command


def write_events(example: Example, folder: Path) -> None:
    """`name.jsonl` beside `name.yaml`, where events are told for it."""
    if example.rows and example.name:
        rules = load(example)
        made = events(example.rows, dict(rules.club_zones), rules.time_zone)
        whole = b"".join(line + b"\n" for line in lines(made))
        (folder / example.events_name).write_bytes(whole)


# -------------------------------------------------------------------- the five scenarios

FOLDERS = sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())


def of_scenario(name: str) -> Example:
    file = f"examples/scenarios/{name}/rules.yaml"
    return next(example for example in EXAMPLES if example.name == file)


def test_there_are_five_scenarios() -> None:
    assert len(FOLDERS) == 5


@pytest.mark.parametrize("name", FOLDERS)
def test_the_scenario_of_the_guide_is_the_one_in_the_examples(name: str) -> None:
    example = of_scenario(name)
    folder = SCENARIOS / name
    rules = load(example)
    made = events(example.rows, dict(rules.club_zones), rules.time_zone)
    text = (folder / "rules.yaml").read_text(encoding="utf-8")
    assert text == example.text
    read_back = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert read_back == made


@pytest.mark.parametrize("name", FOLDERS)
def test_commands_of_the_scenario(name: str) -> None:
    """Worked by hand: the line of the event, and all of a command that a rule decides."""
    _, simulated = run_rows(of_scenario(name))
    expected = json.loads((ROOT / "tests/data/guide" / f"{name}.json").read_bytes())
    found = [(each.line, json.loads(text)) for each in simulated for text in each.commands]
    assert [_told_of(line, command) for line, command in found] == expected


WRITTEN_BY_HAND = [
    "type",
    "ruleId",
    "amountMajor",
    "currency",
    "expiresAt",
    "restriction",
    "tags",
    "groupId",
    "title",
    "body",
    "notBefore",
    "notAfter",
]


def _told_of(line: int, command: dict[str, Any]) -> dict[str, Any]:
    kept = {name: command[name] for name in WRITTEN_BY_HAND if name in command}
    return {"event": line + 1, "clientId": command["clientId"]} | kept


# ----------------------------------------------------------------- nothing is left out


def test_every_key_of_the_format_is_in_the_guide() -> None:
    schema = rule_set_json_schema()
    keys = set(schema["properties"]).union(
        *(definition.get("properties", ()) for definition in schema["$defs"].values())
    )
    assert {key for key in keys if f"{key}:" not in TEXT and f"`{key}`" not in TEXT} == set()


def test_the_table_of_roundings() -> None:
    """5 % of 2.50 and of 2.70 are 0.125 and 0.135."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d\.\d+) \| (\d\.\d+) \|", TEXT, re.MULTILINE)
    assert {word for word, _, _ in rows} == {word.value for word in Rounding}
    [template] = [each.text for each in GOOD if "rounding: DOWN" in each.text]
    for word, *expected in rows:
        text = template.replace("rounding: DOWN", f"rounding: {word}")
        made = [
            Row("Mon 2026-11-23 12:00", f"Anna tops up {amount}", "") for amount in ("2.50", "2.70")
        ]
        _, simulated = run_rows(Example(0, "", None, text, made))
        found = [json.loads(command) for each in simulated for command in each.commands]
        assert [command["amountMajor"] for command in found] == expected, word


def test_every_reason_has_its_row() -> None:
    assert {reason for reason in Reason if f"| `{reason}` |" not in TEXT} == set()


def test_the_variables_are_current() -> None:
    written = (ROOT / "docs/variables.md").read_text(encoding="utf-8")
    assert written == variables.markdown(), "run `make docs`"


@pytest.mark.parametrize("shape", list(Shape))
def test_the_table_of_ladder_shapes(shape: Shape) -> None:
    [row] = re.findall(rf"^\| `{shape.value}` \|.*\|$", TEXT, re.MULTILINE)
    told = []
    for average in (150, 300):
        steps = design_ladder(Decimal(average), shape, 2)
        thresholds = ", ".join(f"{step.at_least:f}" for step in steps)
        told.append(f"{thresholds} crediting {', '.join(f'{s.credits:.0f}' for s in steps)}")
    multiples = ", ".join(f"× {plan.times_average:f}" for plan in SHAPES[shape])
    percents = ", ".join(f"{plan.percent:f}" for plan in SHAPES[shape])
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:] == [f"{multiples} at {percents} %", *told]
