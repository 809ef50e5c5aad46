"""`loyalty clients may-pay` on files."""

import json
from pathlib import Path

import pytest

from worker.cli.application import run

EXAMPLE = Path(__file__).parents[2] / "data" / "engine" / "seed-ladders"
FILES = ["--rules", str(EXAMPLE / "rules.yaml"), "--events", str(EXAMPLE / "events.jsonl")]
Shown = pytest.CaptureFixture[str]


def may_pay(*options: str, product: str = "night-pack", client: str = "c-1") -> int:
    bought = ["--product", product, "--product-type", "TARIFF", "--total", "200"]
    return run(["clients", "may-pay", *FILES, "--client", client, *bought, *options])


def test_a_product_takes_its_share_of_the_total(capsys: Shown) -> None:
    assert may_pay() == 0
    # c-1 has 97 left and the product takes 30 %
    assert capsys.readouterr().out == "60.00\n"


def test_at_most_what_there_is_then(capsys: Shown) -> None:
    assert may_pay("--format", "json", product="tea") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"mayPayMajor": "97.00", "balanceMajor": "97.00"}
    assert may_pay("--at", "2026-04-16T07:03:00Z") == 0
    assert capsys.readouterr().out == "0.00\n"


def test_lines_that_could_not_be_taken_are_told(tmp_path: Path, capsys: Shown) -> None:
    good = (EXAMPLE / "events.jsonl").read_text()
    (tmp_path / "events.jsonl").write_text(good + "{}\n")
    assert may_pay("--events", str(tmp_path / "events.jsonl")) == 0
    shown = capsys.readouterr()
    assert shown.out == "60.00\n"
    assert "1 line could not be taken" in shown.err


def test_wrong_questions(capsys: Shown) -> None:
    assert may_pay(client="nobody") == 1
    assert "no event of the client 'nobody'" in capsys.readouterr().err
    assert may_pay("--at", "tomorrow") == 2
    assert may_pay("--total", "1.001") == 2
