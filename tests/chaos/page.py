"""One page of memory that a fault run and a worker share: what is under way, and what shall befall.

0    signed 64 bit    microseconds that the worker's clock is ahead of the machine's
8    one byte         number of the point at which the worker dies, 0: none
16   a byte a point   batches that are decided and not yet published, by the last point passed
"""

import mmap
import signal
from pathlib import Path
from struct import pack_into, unpack_from

from worker.lane.points import Point

POINTS = tuple(Point)
SIZE = mmap.PAGESIZE
STEP, ORDER, OWNED, SIGNAL, FLIGHTS = 0, 8, 9, 10, 16


class Page:
    """Both sides map the same file; the fault run makes it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self.path = path

    @property
    def clock_step_us(self) -> int:
        step: int = unpack_from("<q", self._memory, STEP)[0]
        return step

    @clock_step_us.setter
    def clock_step_us(self, step: int) -> None:
        pack_into("<q", self._memory, STEP, step)

    def order(self, point: Point, number: signal.Signals) -> None:
        """The worker shall give itself this signal when it next comes to the point."""
        self._memory[SIGNAL] = number
        self._memory[ORDER] = 1 + POINTS.index(point)

    def withdraw(self) -> None:
        """No order any more."""
        self._memory[ORDER] = 0

    def ordered(self, number: int) -> int:
        """The signal for whoever is at this point, which is asked for once; 0: none."""
        if self._memory[ORDER] != number + 1:
            return 0
        self.withdraw()
        signal_number: int = self._memory[SIGNAL]
        return signal_number

    @property
    def has_owned(self) -> bool:
        return self._memory[OWNED] == 1

    def owns(self) -> None:
        self._memory[OWNED] = 1

    def moved(self, before: int | None, after: int | None) -> None:
        """A batch went from one point to another; None: not under way."""
        if before is not None:
            self._memory[FLIGHTS + before] -= 1
        if after is not None:
            self._memory[FLIGHTS + after] += 1

    def flights(self) -> dict[Point, int]:
        """Batches under way, by the point that each passed last."""
        counts = self._memory[FLIGHTS : FLIGHTS + len(POINTS)]
        return {point: count for point, count in zip(POINTS, counts, strict=True) if count}

    def nobody(self) -> None:
        """The worker is gone, and with it its batches and its order."""
        self._memory[ORDER : FLIGHTS + len(POINTS)] = bytes(FLIGHTS + len(POINTS) - ORDER)
