"""What an owner is given of a world instead of Kafka and a clock."""

from collections.abc import Sequence

from schemas.records import Output, Record
from tests.simulation.world import Append, Step, World
from worker.errors import OutcomeUnknown
from worker.lane.evaluator_port import Evaluated


class SimulatedLog:
    """Acknowledgements get lost; who waits in vain does not know whether the record will land."""

    def __init__(self, world: World, owner: int) -> None:
        self.world, self.owner = world, owner

    async def append(self, record: bytes) -> int:
        append = Append(record, self.owner)
        self.world.under_way.append(append)
        turns = 0
        while append.offset is None:
            turns += 1
            if turns > 3 and self.world.chance(self.world.lossy):
                raise OutcomeUnknown("no acknowledgement")
            await Step()
        return append.offset

    async def read(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        await Step()
        first = max(first, 0)
        return list(enumerate(self.world.log[first : last + 1], first))


class SimulatedPublisher:
    def __init__(self, world: World) -> None:
        self.world = world

    async def publish(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            await Step()
            self.world.published.append(output)
            self.deliver(output)
            if self.world.chance(self.world.lossy):
                raise OutcomeUnknown("no acknowledgement of an output")

    def deliver(self, output: Output) -> None:
        """To whoever reads it, again with every repetition."""


class SimulatedClock:
    """The world's time in microseconds; it passes by being read."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now_us(self) -> int:
        self.world.now += 1
        return self.world.now

    def perf(self) -> float:
        return self.world.now / 1_000_000

    async def sleep(self, seconds: float) -> None:
        for _ in range(3):
            await Step()


class SilentObserver:
    def acquired(self, lane: int, term: int, replayed: int, silent: int) -> None: ...
    def committed(self, lane: int, evaluated: Evaluated, records: Sequence[Record]) -> None: ...
    def published(self, lane: int, outputs: int) -> None: ...
    def stage(self, name: str, seconds: float) -> None: ...
    def fenced(self, lane: int, cause: str) -> None: ...
    def retried(self, lane: int, what: str, error: Exception) -> None: ...
    def released(self, lane: int) -> None: ...
