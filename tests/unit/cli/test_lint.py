"""`loyalty rules lint`: exit codes, both formats, and what it is told wrongly."""

import json
from pathlib import Path

import pytest

from worker.cli.application import run

HEAD = """organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
productDefaults: {maxBonusPercent: 30}
limits: {budget: {amountMajor: 100000, per: MONTH}}
rules:
  - id: five
    trigger: BALANCE_TOPPED_UP
"""
GOOD = '    actions: [{type: ADD_BONUS, formula: "5", expiresInDays: 45}]\n'
ENDLESS = '    actions: [{type: ADD_BONUS, formula: "5"}]\n'
SHORT = '    actions: [{type: ADD_BONUS, formula: "5", expiresInDays: 7}]\n'
IMPOSSIBLE = "    when: hour > 23\n" + GOOD
OVER = '    validity: {to: "2026-12-01T00:00:00+03:00"}\n' + GOOD


def written(folder: Path, rule: str) -> str:
    file = folder / "rules.yaml"
    file.write_text(HEAD + rule)
    return str(file)


@pytest.mark.parametrize(
    ("rule", "options", "code"),
    [
        (GOOD, [], 0),
        (SHORT, ["--strict"], 0),
        (ENDLESS, [], 0),
        (ENDLESS, ["--strict"], 1),
        (IMPOSSIBLE, [], 1),
        (OVER, ["--strict", "--now", "2026-11-30T00:00:00+03:00"], 0),
        (OVER, ["--strict", "--now", "2026-12-01T00:00:00+03:00"], 1),
        ("    when: amount > 3\n" + GOOD, [], 1),
        (GOOD, ["--now", "tomorrow"], 2),
        (GOOD, ["--now", "0001-01-01T00:00:00Z"], 2),
        (GOOD, ["--now", "2200-01-01T00:00:00Z"], 2),
        (GOOD, ["--largest", "many"], 2),
        (GOOD, ["--largest", "0"], 2),
    ],
)
def test_exit_codes(
    rule: str, options: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "lint", written(tmp_path, rule), *options]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_text_has_the_counts_on_output_and_the_findings_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, IMPOSSIBLE)
    run(["rules", "lint", file])
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0] == f"{file}: 1 error (izi 1, 1 rule)"
    assert shown.err.startswith(f"{file}:10:11: error: the condition holds for no event")


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    allowed = "    # lint: allow EXPIRY_LENGTH a gift\n" + SHORT
    run(["rules", "lint", written(tmp_path, allowed), "--format", "json", "--now", NOON])
    shown = json.loads(capsys.readouterr().out)
    (told,) = shown["ruleSets"]
    assert (shown["findings"], told["findings"]) == ([], [])
    assert told["allowed"][0] | {"severity": "advice", "reason": "a gift"} == told["allowed"][0]
    (payout,) = told["payouts"]
    assert (payout["atMostMajor"], payout["reachedMajor"]) == ("5.00", "5.00")
    assert payout["events"][0]["type"] == "BALANCE_TOPPED_UP"
    assert told["dayPayout"]["atMostMajor"] == "100000.00"


NOON = "2026-11-23T12:00:00+03:00"


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        # five top-ups of 5 fill 25; 22 leave 2 over; 100000 take more events than a day is given
        ("25", "exactly 25.00 by 5 events, held by the set's `budget`"),
        (
            "22",
            "exactly 20.00 by 4 events, held by the set's `budget`, which no credits come closer "
            "to",
        ),
        (
            "100000",
            "at most 100000.00, held by the set's `budget`; 200.00 found by 40 events; that takes "
            "more than 40 events",
        ),
    ],
)
def test_the_most_of_a_day_in_words(
    limit: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text((HEAD + GOOD).replace("100000", limit))
    run(["rules", "lint", str(file), "--now", NOON])
    shown = capsys.readouterr().out
    assert f"  The most for one client on a day: {told}\n" in shown
    run(["rules", "lint", str(file), "--now", NOON, "--format", "json"])
    day = json.loads(capsys.readouterr().out)["ruleSets"][0]["dayPayout"]
    assert day["exact"] == told.startswith("exactly")
    assert (day["why"] is None) == day["exact"]
