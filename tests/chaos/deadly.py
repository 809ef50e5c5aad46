"""Points at which the process ends or stands still, as nothing in production can make it."""

import os
import signal
import threading
import time
from contextvars import ContextVar
from typing import Literal

from msgspec import Struct

from worker.lane.points import Point

How = Literal["die", "stall"]


class Order(Struct, frozen=True):
    """What shall happen the `nth` time that a point is passed. `behind`: only those times count at
    which the lane, or its batch, came from this other point: commits and publications are of
    batches, of replays, and of the owner before.

    `die` is SIGKILL, `stall` is SIGSTOP: somebody else has to send SIGCONT. `soon`: milliseconds
    later, from a thread, while what follows the point is under way.
    """

    point: Point
    nth: int = 1
    soon: float = 0.0
    how: How = "die"
    behind: Point | None = None


_before: ContextVar[Point | None] = ContextVar("before", default=None)
"""The point that was passed last: each lane is a task, and so is each batch."""


class Deadly:
    """`worker.lane.points.Points` of one order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._passed = 0

    def reached(self, point: Point) -> None:
        before = _before.get()
        _before.set(point)
        if point is not self._order.point or self._order.behind not in (None, before):
            return
        self._passed += 1
        if self._passed != self._order.nth:
            return
        if self._order.soon:
            threading.Thread(target=self._later, daemon=True).start()
        else:
            self._end()

    def _later(self) -> None:
        time.sleep(self._order.soon / 1000)
        self._end()

    def _end(self) -> None:
        number = signal.SIGKILL if self._order.how == "die" else signal.SIGSTOP
        os.kill(os.getpid(), number)
