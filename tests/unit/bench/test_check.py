"""The check that ends a benchmark whose contender does other work than the rules ask for."""

import pytest

from benchmarks.harness.errors import WrongCommands
from benchmarks.harness.report import ratios
from benchmarks.harness.topics import check_commands

FIRST = ("e-1", "ladder-club-1.entry", "20.00")
SECOND = ("e-2", "night-club-1", "15.00")


def test_the_expected_commands_pass_in_any_order() -> None:
    check_commands("ours", [SECOND, FIRST], {FIRST, SECOND})


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ([FIRST], "1 missing"),
        ([FIRST, SECOND, ("e-2", "stay-420", "35.00")], "1 not expected"),
        ([FIRST, SECOND, SECOND], "1 repeated"),
        ([FIRST, ("e-2", "night-club-1", "15.01")], "1 missing.*1 not expected"),
    ],
)
def test_other_commands_are_told(found: list[tuple[str, str, str]], fault: str) -> None:
    with pytest.raises(WrongCommands, match=f"ours produced other commands.*{fault}"):
        check_commands("ours", found, {FIRST, SECOND})


def test_a_ratio_above_one_means_that_this_worker_is_better() -> None:
    compared = ratios(
        {
            "ours": {"micros_worker": 10.0, "events_per_second": 60_000.0},
            "quix": {"micros_worker": 45.0, "events_per_second": 15_000.0},
        }
    )
    assert compared == {"quix": {"cpu": 4.5, "speed": 4.0}}
