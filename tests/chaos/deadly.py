"""Points at which the process ends or stands still, as nothing in production can make it."""

import os
import signal
import threading
import time
from typing import Literal

from msgspec import Struct

from worker.points import Point

How = Literal["die", "stall"]


class Order(Struct, frozen=True):
    """What shall happen the `nth` time that a point is passed.

    `die` is SIGKILL, `stall` is SIGSTOP: somebody else has to send SIGCONT. `soon`: milliseconds
    later, from a thread, while what follows the point is under way.
    """

    point: Point
    nth: int = 1
    soon: float = 0.0
    how: How = "die"


class Deadly:
    """`worker.points.Points` of one order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._passed = 0

    def reached(self, point: Point) -> None:
        if point is not self._order.point:
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
