"""`loyalty rules ladder`: the report, the YAML, JSON, and what is refused."""

import json
from pathlib import Path

import pytest

from rules_engine.author import load_rule_set
from worker.cli.application import run

Shown = pytest.CaptureFixture[str]


def test_output_is_one_yaml_file(capsys: Shown) -> None:
    assert run(["rules", "ladder", "--average", "150"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.startswith("# Ladder, standard, for an average top-up of 150 RUB\n")
    rules = load_rule_set(shown.out, "ladder.yaml").rules
    assert [f"{rule.id} {rule.at_least}" for rule in rules] == [
        "everyday.premium 800",
        "everyday.anchor 400",
        "everyday.entry 200",
    ]
    report = [line.removeprefix("# ").strip() for line in shown.out.splitlines() if line[0] == "#"]
    assert (
        "anchor: 12 % from 400, which credits 48 (× 2.9 the average, 30 % of operations)" in report
    )
    assert "weighted bonus: 8.6 % of face value, 36.40 per top-up that earns one" in report
    assert "cost: 10.92 of it; 8.19–9.28 if 15–25 % lapse unspent" in report
    assert "payback: 14–21 days for a month's bonuses, if it grows by 22–15 %" in report
    assert any(line.startswith("anchor rule is not met: ") for line in report)


def test_into_a_file(tmp_path: Path, capsys: Shown) -> None:
    out = tmp_path / "ladder.yaml"
    arguments = ["rules", "ladder", "--average", "300", "--shape", "mature", "--out", str(out)]
    assert run([*arguments, "--organization", "pro", "--time-zone", "Europe/Samara"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Ladder, mature, for an average top-up of 300 RUB\n")
    assert "the deposit grows 2.25 ×, the bonus 4.5 ×; the rule asks for 9.0 × " in shown.out
    assert f"written to {out}" in shown.err
    rules = load_rule_set(out.read_bytes(), str(out))
    assert (rules.organization_id, rules.time_zone.key) == ("pro", "Europe/Samara")
    assert out.read_text().startswith("# Ladder, mature")
    assert run(arguments) == 1
    assert capsys.readouterr().err == f"error: {out}: it is there already; name a new file\n"


def test_for_programs(capsys: Shown) -> None:
    arguments = ["--average", "300", "--margin", "0.6", "--shares", "2,1,1", "--format", "json"]
    assert run(["rules", "ladder", *arguments]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [tier["creditsMajor"] for tier in answer["tiers"]] == ["20.00", "108.00", "360.00"]
    assert [tier["sharePercent"] for tier in answer["tiers"]] == ["50.0", "25.0", "25.0"]
    # 10 + 27 + 90; 40 % of it
    assert answer["return"]["bonusPerTopupMajor"] == "127.00"
    assert answer["return"]["costPerTopupMajor"] == "50.80"
    assert answer["anchorRule"] == {
        "depositGap": "2.25",
        "bonusGap": "5.40",
        "asked": "9.00",
        "met": False,
    }
    assert load_rule_set(answer["yaml"], "ladder.yaml").currency == "RUB"


@pytest.mark.parametrize("margin", ["70", "70%", "0.7", "70 %"])
def test_ways_to_write_a_margin(margin: str, capsys: Shown) -> None:
    assert run(["rules", "ladder", "--average", "150", "--margin", margin]) == 0
    assert "Return at a margin of 70" in capsys.readouterr().out


def test_advice_where_there_is_reason(capsys: Shown) -> None:
    """Half of the premium tier at a margin of 10 %: 90 % of 86 ÷ 150."""
    arguments = ["--margin", "10", "--shares", "0,1,1", "--expires-in-days", "90"]
    assert run(["rules", "ladder", "--average", "150", *arguments]) == 0
    out = capsys.readouterr().out
    assert "break-even of 62.4 % is above the 15 % that can be expected" in out
    assert "bonuses live 90 days: 30–60 bring clients back" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--average", "0"], "--average '0' is no amount of a top-up; write 150"),
        (["--average", "1_000"], "--average '1_000' is no amount of a top-up"),
        (["--average", "NaN"], "--average 'NaN' is no amount of a top-up"),
        (["--average", "1e99"], "--average '1e99' is no amount of a top-up"),
        (["--average", "1", "--currency", "JPY"], "gives no ladder: an amount has more decimals"),
        (["--average", "150", "--currency", "RUBB"], "there is no currency 'RUBB'"),
        (["--average", "150", "--margin", "101"], "--margin '101' is no percentage from 0 to 100"),
        (["--average", "150", "--shares", "60,40"], "--shares '60,40' are not 3 numbers"),
        (["--average", "150", "--shares", "0,0,0"], "--shares '0,0,0' are not 3 numbers"),
        (["--average", "150", "--shape", "old"], "'old' is not one of"),
        ([], "Missing option '--average'"),
    ],
)
def test_what_is_refused(arguments: list[str], said: str, capsys: Shown) -> None:
    assert run(["rules", "ladder", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_name_that_no_rule_set_may_have(capsys: Shown) -> None:
    assert run(["rules", "ladder", "--average", "150", "--time-zone", "Moscow"]) == 1
    assert "unknown time zone `Moscow`" in capsys.readouterr().err


def test_a_mature_club_with_an_average_of_150(capsys: Shown) -> None:
    """By hand, after the guide's ROI section, at 60/30/10 and a margin of 70 %.

    Thresholds: 195 → 200, 435 → 400, 840 → 800; credits 5 % = 10, 10 % = 40, 15 % = 120.
    Weighted: 3 + 3 + 1.5 = 7.5 %; 6 + 12 + 12 = 30. Cost: 30 × 0.3 = 9; × 0.75 = 6.75, × 0.85 =
    7.65. Break-even: 9 ÷ 150 = 6 %, 30 ÷ 150 = 20 %. Payback: 30 × 9 ÷ (150 × 0.22 × 0.7 = 23.1) =
    11.7 days, ÷ (150 × 0.15 × 0.7 = 15.75) = 17.1.
    """
    assert (
        run(["rules", "ladder", "--average", "150", "--shape", "mature", "--format", "json"]) == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert [
        (tier["atLeast"], tier["percent"], tier["creditsMajor"]) for tier in answer["tiers"]
    ] == [("200", "5", "10.00"), ("400", "10", "40.00"), ("800", "15", "120.00")]
    assert answer["return"] == {
        "weightedBonusPercent": "7.50",
        "bonusPerTopupMajor": "30.00",
        "costPerTopupMajor": "9.00",
        "costAfterLapseMajor": ["6.75", "7.65"],
        "breakEvenPercent": "6.00",
        "breakEvenNetRevenuePercent": "20.00",
        "paybackDays": ["11.7", "17.1"],
    }
