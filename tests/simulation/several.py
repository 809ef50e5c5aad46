"""The scheduler of several lanes: they take turns as their luck will have it."""

from collections.abc import Sequence
from random import Random
from typing import Any, Generic, TypeVar

from tests.simulation.history import History

AnyHistory = TypeVar("AnyHistory", bound=History[Any])

RESTING, AWAKE = 3, 0.1
"""A lane whose owner asked for records so often in vain gets so many of its turns only."""


class Several(Generic[AnyHistory]):
    def __init__(self, lanes: Sequence[AnyHistory], random: Random) -> None:
        self.lanes, self.random = lanes, random

    def play(self) -> None:
        """Until all lanes are at rest. Raises Broken, LoudStop."""
        for lane in self.lanes:
            lane.new_owner()
        self.play_on()

    def play_on(self) -> None:
        count, luck = len(self.lanes), self.random.random
        while True:
            lane = self.lanes[int(luck() * count)]
            if lane.world.vain < RESTING or luck() < AWAKE:
                lane.turn()
            elif all(each.finished() for each in self.lanes):
                return

    def close(self) -> None:
        for lane in self.lanes:
            lane.close()
