"""One partition has a heap of events behind it, the others their live traffic: how fast the heap
goes, with how much memory, and whether the others are served meanwhile.

1. States are filled: one event for each client at least.
2. A small heap, the large one, the small one again: each with a worker of its own, whose other
   lanes get events at a steady rate from the first command on, until the heap is gone.
3. In the worker of the large heap the same rate once more, alone: the baseline of the delays.
4. Commands of the heap's lane are read when the worker has stopped; those of the others as they
   come. All are compared with the reference.
"""

import asyncio
import time
from statistics import median

from aiokafka.partitioner import murmur2
from msgspec import Struct

from benchmarks.harness.entrant import Entrant
from benchmarks.harness.inputs import Inputs, Segment
from benchmarks.harness.latency import Pace, PacedResult, pace_of
from benchmarks.harness.ours import Ours
from benchmarks.harness.scenario import say
from benchmarks.harness.throughput import (
    BacklogResult,
    Moment,
    backlog_result,
    check_dead_letters,
    watch,
    work_off,
)
from benchmarks.harness.topics import PARTITIONS, OutputWatch, check_commands
from benchmarks.load.flatness import Bound, Growth
from benchmarks.load.ground import Ground, Sizes
from benchmarks.load.told import Told
from benchmarks.load.vitals import peak_mb
from benchmarks.workload.events import EventStream, client_id

LANE = 3
OTHERS = [number for number in range(PARTITIONS) if number != LANE]
ISSUED = 10_000_000
"""Events of such a heap in a large deployment."""
SMALL_SHARE = 10
PEAK_BOUND = Bound(0.15, 16.0)
"""MB: a heap may not be fetched into memory faster than it is worked off."""


class CaughtUp(Struct, frozen=True):
    """`served`: of the other lanes meanwhile; `alone`: afterwards. `peak`: MB of the worker."""

    heap: BacklogResult
    served: PacedResult
    alone: PacedResult | None
    peak: float


async def backlog(ground: Ground, sizes: Sizes) -> Told:
    """Raises BenchmarkError where a command is not right or a lane stands still."""
    small = sizes.events // SMALL_SHARE
    told = Told(
        "backlog",
        f"{sizes.events:,} events in one of {PARTITIONS} partitions "
        f"(1/{ISSUED / sizes.events:.0f} of 10 million), {sizes.rate}/s in the others",
        f"{small:,} events in that partition; of the delays: no backlog",
    )
    heap, live, entrant = await _entrants(ground, sizes)
    filled = [heap.extend(sizes.clients // 4), live.extend(sizes.clients)]
    expected = filled[0].expected | filled[1].expected
    await work_off(entrant, Segment(sum(each.events for each in filled), expected))
    results = []
    for events in (small, sizes.events, small):
        results.append(await _catch_up(entrant, heap.extend(events), sizes, events > small))
        say(
            f"backlog: {events:,} at {results[-1].heap.events_per_second:,.0f} events/s, "
            f"others' p99 {results[-1].served.p99_ms:.0f} ms"
        )
    _tell(told, *results)
    return told


async def _entrants(ground: Ground, sizes: Sizes) -> tuple[Inputs, Inputs, Entrant]:
    """The heap's stream and that of all others, over the same topics."""
    lanes: dict[bool, list[int]] = {True: [], False: []}
    for number in range(sizes.clients):
        lanes[lane_of(number) == LANE].append(number)
    heap, live = (
        Inputs(
            ground.bootstrap,
            "load-backlog",
            sizes.seed,
            sizes.clients,
            stream=EventStream(sizes.seed + (not inside), lanes[inside]),
        )
        for inside in (True, False)
    )
    await heap.create()
    return heap, live, await ground.entrant(Ours(name="backlog"), live)


def lane_of(number: int) -> int:
    """As the Java client places a record by its key."""
    hashed: int = murmur2(client_id(number).encode())
    return (hashed & 0x7FFFFFFF) % PARTITIONS


async def _catch_up(entrant: Entrant, heap: Segment, sizes: Sizes, large: bool) -> CaughtUp:
    topic, expected = entrant.site.commands, len(heap.expected)
    async with (
        OutputWatch(entrant.site.bootstrap, topic, [LANE]) as lane,
        OutputWatch(entrant.site.bootstrap, topic, OTHERS) as others,
    ):
        begin, started = await lane.ends(), time.perf_counter()
        with entrant.running() as worker:
            async with pace_of(entrant, worker, others, sizes.seed) as pace:
                going = asyncio.create_task(watch(worker, lane, begin, expected))
                served, (first, last) = await _serve(pace, going, lane, begin, sizes.rate)
                peak = peak_mb(worker.pid)
                alone = await pace.measure(sizes.rate, sizes.seconds) if large else None
        check_commands(entrant.name, await lane.read(begin, expected), heap.expected)
    await check_dead_letters(entrant)
    result = backlog_result(heap, expected, first, last, first.at - started, {})
    return CaughtUp(result, served, alone, peak)


async def _serve(
    pace: Pace,
    going: "asyncio.Task[tuple[Moment, Moment]]",
    lane: OutputWatch,
    begin: dict[object, int],
    rate: int,
) -> tuple[PacedResult, tuple[Moment, Moment]]:
    """Live traffic in the other lanes from the heap's first commands until it is gone."""
    while not going.done() and not await lane.produced_since(begin):  # noqa: ASYNC110 - a process
        await asyncio.sleep(0.05)
    if going.done():
        await going
    served = await pace.measure_while(lambda: not going.done(), rate)
    return served, await going


def _tell(told: Told, small: CaughtUp, large: CaughtUp, again: CaughtUp) -> None:
    smalls = [small, again]
    told.tell(
        "events a second",
        large.heap.events_per_second,
        median(each.heap.events_per_second for each in smalls),
    )
    told.tell(
        "µs of the worker's CPU an event",
        large.heap.micros_worker,
        median(each.heap.micros_worker for each in smalls),
    )
    peak = Growth("the worker's peak of memory (MB)", max(s.peak for s in smalls), large.peak)
    told.tell("peak memory of the worker, MB", peak.last, peak.first)
    alone = large.alone
    assert alone is not None
    told.tell("other partitions meanwhile: p50 ms", large.served.p50_ms, alone.p50_ms)
    told.tell("other partitions meanwhile: p99 ms", large.served.p99_ms, alone.p99_ms)
    told.tell("other partitions meanwhile: worst ms", large.served.worst_ms, alone.worst_ms)
    if fault := peak.fault(PEAK_BOUND):
        told.faults.append(fault)
