"""What stands on the screen."""

from io import StringIO

from msgspec.structs import replace
from rich.console import Console, RenderableType

from tests.unit.demo.test_totals import batch, credit, letter, push, records
from worker.demo.console import Speed, View, screen, totals_table
from worker.demo.totals import Totals


def text(renderable: RenderableType) -> str:
    console = Console(width=120, record=True, file=StringIO())
    console.print(renderable)
    return console.export_text()


def worked() -> Totals:
    totals = Totals()
    totals.batch_published(batch(credit(7), push(), letter("SCHEMA")), records(3, 1234))
    return totals


def test_the_first_view_needs_nothing_but_itself() -> None:
    shown = text(screen(View(Totals(), wanted=5000)))
    assert "starting" in shown
    assert "0 of 5,000 events" in shown
    assert "Ctrl-C ends it" in shown


def test_the_view_shows_work_credits_dead_letters_and_lanes() -> None:
    view = View(
        worked(),
        wanted=None,
        address="http://127.0.0.1:8080",
        state="running",
        speed=2345.6,
        waiting={3: 12, 4: 5},
        notices=["warning: lane 3: commit, trying again: no answer"],
    )
    lines = text(screen(view)).splitlines()
    assert any("running" in line and "1,234 events   2,346 events/s" in line for line in lines)
    assert any("http://127.0.0.1:8080/metrics" in line for line in lines)
    assert any("ADD_BONUS" in line and "1" in line for line in lines)
    assert any(
        "c-7" in line and "+10.00 RUB" in line and "everyday150.entry" in line for line in lines
    )
    assert any("SCHEMA" in line and "mend it" in line for line in lines)
    assert any(line.rstrip(" │").endswith("1,234       12") for line in lines)
    assert any(line.rstrip(" │").endswith("4      0        5") for line in lines)
    assert any("lane 3: commit, trying again" in line for line in lines)


def test_texts_of_events_are_no_markup() -> None:
    totals = worked()
    hostile = credit(1)
    assert hostile.value is not None
    hostile = replace(hostile, value=hostile.value.replace(b"c-1", b"[/]c-1"))
    totals.batch_published(batch(letter("[red]X"), hostile), records(0, 1))
    shown = text(screen(View(totals, None)))
    assert "[red]X" in shown
    assert "[/]c-1" in shown


def test_the_table_at_the_end_adds_up() -> None:
    shown = text(totals_table(worked(), seconds=2.0))
    for line in ("events │ 1,234", "ADD_BONUS │ 1", "SEND_PUSH │ 1", "dead letter SCHEMA │ 1"):
        assert line.split(" │ ") in [
            [cell.strip() for cell in row.strip("│").split("│")] for row in shown.splitlines()
        ]
    assert "2.0 s, 617 events/s" in shown


def test_speed_is_that_of_the_last_seconds() -> None:
    speed = Speed()
    assert speed.mark(0.0, 0) == 0
    assert speed.mark(1.0, 100) == 100
    assert speed.mark(2.0, 100) == 50
    assert speed.mark(4.0, 700) == 200, "from the mark at 1 s: 600 in 3 s"
