"""What a fault run sees of a worker's batches, and what it orders."""

import asyncio
import signal
import time
from pathlib import Path

from tests.chaos.page import POINTS, Page
from tests.chaos.watched import SteppingClock, Watched
from worker.lane.points import Point


async def test_a_batch_is_under_way_from_its_decision_to_the_acknowledgement(
    tmp_path: Path,
) -> None:
    page = Page(tmp_path / "page")
    points, seen = Watched(Page(tmp_path / "page")), []

    async def batch(*passed: Point) -> None:
        for point in passed:
            points.reached(point)
            seen.append(page.flights())
            await asyncio.sleep(0)

    await asyncio.create_task(batch(Point.POLLED, Point.LOADED, Point.EVALUATED, Point.APPENDED))
    assert seen == [{}, {}, {Point.EVALUATED: 1}, {Point.APPENDED: 1}]
    await asyncio.sleep(0)
    assert page.flights() == {}, "a batch that failed is over with its task"
    seen.clear()
    both = (Point.COMMITTED, Point.PUBLISHED)
    await asyncio.gather(*(asyncio.create_task(batch(*both)) for _ in range(2)))
    assert seen == [{Point.COMMITTED: 1}, {Point.COMMITTED: 2}, {Point.COMMITTED: 1}, {}]


def test_who_is_dead_has_nothing_under_way_and_no_order(tmp_path: Path) -> None:
    page = Page(tmp_path / "page")
    page.moved(None, 3)
    page.order(Point.COMMITTING, signal.SIGKILL)
    page.clock_step_us = -5
    page.owns()
    page.nobody()
    assert not page.flights()
    assert not page.ordered(POINTS.index(Point.COMMITTING))
    assert not page.has_owned
    assert page.clock_step_us == -5, "the heir has the same clock"


def test_an_order_is_carried_out_once_and_at_its_point(tmp_path: Path) -> None:
    page = Page(tmp_path / "page")
    page.order(Point.APPENDED, signal.SIGSTOP)
    assert not page.ordered(POINTS.index(Point.APPENDING))
    assert page.ordered(POINTS.index(Point.APPENDED)) == signal.SIGSTOP
    assert not page.ordered(POINTS.index(Point.APPENDED))
    page.order(Point.APPENDED, signal.SIGKILL)
    page.withdraw()
    assert not page.ordered(POINTS.index(Point.APPENDED))


def test_the_clock_is_off_by_what_the_page_says(tmp_path: Path) -> None:
    page = Page(tmp_path / "page")
    clock = SteppingClock(page)
    page.clock_step_us = 3_600_000_000
    assert abs(clock.now_us() - time.time_ns() // 1000 - 3_600_000_000) < 1_000_000
