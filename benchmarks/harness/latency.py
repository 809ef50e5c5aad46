"""How long a command takes at a given rate, and what an event then costs.

Events come one by one at random instants (a Poisson process of the given mean). The clock of an
event starts when it is handed to the producer (no linger) and stops when the harness, as a
consumer, has its first command. Both ends are in this process: one clock.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from benchmarks.harness.entrant import Entrant, WorkerProcess
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.topics import OutputWatch, check_commands, decode_command
from benchmarks.workload.events import InputEvent
from benchmarks.workload.expected import Command

WARM_RATE = 50
WARM_SECONDS = 3.0
START_SECONDS = 90.0
STALL_SECONDS = 15
QUIET_SECONDS = 1.0


class PacedResult(Struct, frozen=True):
    """Milliseconds from event to command, and CPU microseconds per event."""

    rate: int
    commands: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    micros_worker: float
    micros_broker: float
    micros_redis: float
    others_cores: float


class Arrivals:
    """Reads commands as they come and notes when each event had its first."""

    def __init__(self, output: OutputWatch) -> None:
        self._output = output
        self.at: dict[str, float] = {}
        self.commands: list[Command] = []

    async def run(self) -> None:
        while True:
            records = await self._output.poll(200)
            now = time.perf_counter()
            for record in records:
                command = decode_command(record.value)
                event_id = command.caused_by.event_id
                self.at.setdefault(event_id, now)
                self.commands.append((event_id, command.rule_id, command.amount_major))


async def keep_pace(
    entrant: Entrant, rates: Sequence[int], seconds: float, seed: int
) -> list[PacedResult]:
    """One result per rate, all from one start of the worker."""
    async with entrant.output() as output:
        with entrant.running() as worker:
            async with pace_of(entrant, worker, output, seed) as pace:
                await pace.warm_up()
                return [await pace.measure(rate, seconds) for rate in rates]


@asynccontextmanager
async def pace_of(
    entrant: Entrant, worker: WorkerProcess, output: OutputWatch, seed: int
) -> AsyncIterator["Pace"]:
    """Commands are read from where `output` ends now."""
    producer = AIOKafkaProducer(bootstrap_servers=entrant.site.bootstrap, linger_ms=0)
    await producer.start()
    try:
        output.seek(await output.ends())
        arrivals = Arrivals(output)
        reading = asyncio.create_task(arrivals.run())
        try:
            yield Pace(entrant, producer, arrivals, worker, random.Random(seed))
        finally:
            reading.cancel()
    finally:
        await producer.stop()


class Pace:
    """Sends the next events of an entrant's stream at a rate, and times the answers."""

    def __init__(
        self,
        entrant: Entrant,
        producer: AIOKafkaProducer,
        arrivals: Arrivals,
        worker: WorkerProcess,
        chance: random.Random,
    ) -> None:
        self._entrant, self._producer, self._arrivals = entrant, producer, arrivals
        self._worker, self._random = worker, chance
        self._inputs: Inputs = entrant.inputs

    async def warm_up(self, start_seconds: float = START_SECONDS) -> None:
        """Sends slowly until the worker answers, then some seconds more."""
        sent: set[str] = set()
        began = time.perf_counter()
        while not sent & self._arrivals.at.keys():
            if time.perf_counter() - began > start_seconds:
                raise self._worker.stuck("no command in answer to any event")
            self._worker.check()
            sent |= (await self._send(WARM_RATE, 1.0)).keys()
        await self._send(WARM_RATE, WARM_SECONDS)
        await asyncio.sleep(QUIET_SECONDS)

    async def measure(
        self, rate: int, seconds: float, timed: Callable[[InputEvent], bool] = lambda _: True
    ) -> PacedResult:
        """`timed`: of which events the delays count."""
        return await self._measure([int(rate * seconds)], rate, timed)

    async def measure_while(self, under_way: Callable[[], bool], rate: int) -> PacedResult:
        """In pieces of a second, at least one."""
        return await self._measure(_pieces(under_way, rate), rate, lambda _: True)

    async def _measure(
        self, counts: Iterable[int], rate: int, timed: Callable[[InputEvent], bool]
    ) -> PacedResult:
        before, began = self._worker.cpu(), time.perf_counter()
        events: list[InputEvent] = []
        sent: dict[str, float] = {}
        for count in counts:
            piece = self._inputs.take(count)
            sent |= await self._send_events(piece, rate)
            events += piece
        cpu, took = self._worker.cpu() - before, time.perf_counter() - began
        segment = self._inputs.segment(events)
        answered = await self._answered(sent, segment.expected)
        counted = {event.event_id for event in events if timed(event)}
        delays = sorted(
            (self._arrivals.at[event_id] - sent[event_id]) * 1e3 for event_id in answered & counted
        )
        return PacedResult(
            rate=rate,
            commands=len(delays),
            p50_ms=delays[len(delays) // 2],
            p99_ms=delays[len(delays) * 99 // 100],
            worst_ms=delays[-1],
            micros_worker=cpu.worker / len(events) * 1e6,
            micros_broker=cpu.broker / len(events) * 1e6,
            micros_redis=cpu.redis / len(events) * 1e6,
            others_cores=cpu.others / took,
        )

    async def _send(self, rate: int, seconds: float) -> dict[str, float]:
        events = self._inputs.take(int(rate * seconds))
        sent = await self._send_events(events, rate)
        self._inputs.segment(events)
        return sent

    async def _send_events(self, events: Sequence[InputEvent], rate: int) -> dict[str, float]:
        """The instant at which each event was handed over."""
        sent: dict[str, float] = {}
        due = time.perf_counter()
        for event in events:
            due += self._random.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            sent[event.event_id] = time.perf_counter()
            await self._producer.send(
                self._inputs.topics[event.topic],
                event.value,
                key=event.client_id.encode(),
            )
        return sent

    async def _answered(self, sent: dict[str, float], expected: set[Command]) -> set[str]:
        """Ids of the events that had a command, once all have; their commands are checked."""
        if not self._entrant.contender.follows_rules:
            await asyncio.sleep(QUIET_SECONDS)
            return sent.keys() & self._arrivals.at.keys()
        awaited = {event_id for event_id, _, _ in expected}
        arrived, idle = -1, 0
        while idle < STALL_SECONDS and not awaited <= self._arrivals.at.keys():
            idle = 0 if len(self._arrivals.at) > arrived else idle + 1
            arrived = len(self._arrivals.at)
            await asyncio.sleep(1.0)
        await asyncio.sleep(QUIET_SECONDS)
        found = [command for command in self._arrivals.commands if command[0] in sent]
        check_commands(self._entrant.name, found, expected)
        return awaited


def _pieces(under_way: Callable[[], bool], count: int) -> Iterator[int]:
    yield count
    while under_way():
        yield count
