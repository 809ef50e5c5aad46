"""The stages of a batch: a named point at the end of each, and how long it took."""

from itertools import pairwise
from typing import TYPE_CHECKING

from worker.lane.points import Point

if TYPE_CHECKING:
    from worker.lane.lane import LanePorts

STAGES = ("decode", "load", "evaluate", "log", "commit", "publish")


class Stages:
    """Of one batch, from now on; what it comes to is told once all are over."""

    def __init__(self, ports: "LanePorts") -> None:
        self._ports = ports
        self._marks = [ports.clock.perf()]

    def over(self, point: Point | None = None) -> None:
        """The next one is."""
        if point is not None:
            self._ports.points.reached(point)
        self._marks.append(self._ports.clock.perf())

    def tell(self) -> None:
        for name, (since, until) in zip(STAGES, pairwise(self._marks), strict=True):
            self._ports.observer.stage(name, until - since)
