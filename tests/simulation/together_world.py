"""Several lanes in which time passes, with clients of their own and budgets in common.

Each is a `TimerWorld` with a log, tables and owners of its own; what they share is the time, the
rule sets that are in force, and the partitions of the internal topic.
"""

from collections.abc import Sequence

from schemas.records import InputRecord, Output
from tests.simulation.timer_world import DAY_US, DAYS, INTERNAL, OwnerClock, TimerSource, TimerWorld
from tests.simulation.world import SimulatedPublisher

LANES = 3


class Together:
    """What the lanes have in common."""

    def __init__(self, seed: int) -> None:
        self.now = 0
        self.rules = "r1"
        self.lanes = [TimeLane(self, number, seed) for number in range(LANES)]
        if seed % 3 == 0:  # a catch-up: all records are there
            self.now += DAYS * DAY_US


class TimeLane(TimerWorld):
    lanes = LANES

    def __init__(self, together: Together, number: int, seed: int) -> None:
        self.together, self.number = together, number
        super().__init__(seed * LANES + number)
        self.most_units = 1 + seed % 3
        self.swapped = seed % 2 == 0

    @property
    def now(self) -> int:
        return self.together.now

    @now.setter
    def now(self, now: int) -> None:
        self.together.now = now

    @property
    def rules(self) -> str:
        return self.together.rules

    @rules.setter
    def rules(self, rules: str) -> None:
        self.together.rules = rules

    def pass_time(self) -> None:
        """Lanes take turns: for each of them it passes as if it were alone."""
        if self.chance(1 / LANES):
            super().pass_time()


class TogetherSource(TimerSource):
    partitions = LANES


class TogetherPublisher(SimulatedPublisher):
    """Messages arrive in the receiver's partition, again with every repetition."""

    def __init__(self, world: TimeLane) -> None:
        super().__init__(world)
        self._lanes = world.together.lanes

    async def publish(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            await super().publish([output])
            if output.partition is not None:
                topic = self._lanes[output.partition].topics[INTERNAL]
                place = (INTERNAL, output.partition, len(topic), 0)
                topic.append(InputRecord(*place, output.key, output.value))


class RunningClock(OwnerClock):
    """By which an owner also loses its patience: a lane that is to be left gives its commit up."""

    def perf(self) -> float:
        return self.world.now / 1_000_000
