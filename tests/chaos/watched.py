"""A worker's points and clock as a fault run wants them: what is under way is seen, death is on
order, and the clock steps."""

import asyncio
import os
import time

from tests.chaos.page import POINTS, Page
from worker.clock import SystemClock
from worker.lane.points import Point

DECIDED = POINTS.index(Point.EVALUATED)
NUMBERS = {point: number for number, point in enumerate(POINTS)}


class Watched:
    """`worker.lane.points.Points`. Each batch is a task of its own, and under way from its decision
    to the acknowledgement of its outputs, or to the task's end."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._batches: dict[asyncio.Task[object], int] = {}
        page.nobody()

    def reached(self, point: Point) -> None:
        number = NUMBERS[point]
        self._page.owns()
        if DECIDED <= number <= NUMBERS[Point.PUBLISHED]:
            task = asyncio.current_task()
            assert task is not None
            self._moved(task, number)
        if ordered := self._page.ordered(number):
            os.kill(os.getpid(), ordered)

    def _moved(self, task: asyncio.Task[object], number: int) -> None:
        before = self._batches.get(task)
        if before is None:
            task.add_done_callback(self._over)
        if number == NUMBERS[Point.PUBLISHED]:
            self._over(task)
            return
        self._page.moved(before, number)
        self._batches[task] = number

    def _over(self, task: asyncio.Task[object]) -> None:
        before = self._batches.pop(task, None)
        if before is not None:
            self._page.moved(before, None)


class SteppingClock(SystemClock):
    """The machine's clock, and what the page adds to it."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def now_us(self) -> int:
        return time.time_ns() // 1000 + self._page.clock_step_us
