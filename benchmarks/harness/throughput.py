"""How fast a backlog is worked off, and what it costs.

1. The backlog is in the topics before the worker starts; the worker stands where its last run
   ended, with its state in place and its caches cold.
2. The clock starts when its first commands are seen at the broker: start-up is nobody's merit.
3. It stops when the last expected command is there. Progress is read from the end offsets of
   the output topic, which costs the broker next to nothing and the worker nothing.
4. What was done before the clock started is left out: events are counted by the share of the
   commands that came after.
5. The worker is stopped, then its commands are read and compared with the expected ones.
"""

import asyncio
import time

from msgspec import Struct

from benchmarks.harness.cpu import Cpu
from benchmarks.harness.entrant import Entrant, WorkerProcess
from benchmarks.harness.errors import BacklogTooSmall, WrongCommands
from benchmarks.harness.inputs import Segment
from benchmarks.harness.ours import Ours, dead_letters_topic
from benchmarks.harness.stages import read_stages
from benchmarks.harness.topics import OutputWatch, check_commands

POLL_SECONDS = 0.02
START_SECONDS = 90.0
STALL_SECONDS = 60.0
SETTLE_SECONDS = 0.5


class BacklogResult(Struct, frozen=True):
    """`micros_*`: CPU microseconds per event. `others_cpu`: share of the machine's cores that
    was taken by processes outside the benchmark."""

    events: int
    seconds: float
    events_per_second: float
    micros_worker: float
    micros_broker: float
    micros_redis: float
    start_seconds: float
    others_cores: float
    stages: dict[str, float]


class Moment(Struct, frozen=True):
    produced: int
    at: float
    cpu: Cpu


async def work_off(
    entrant: Entrant, segment: Segment, start_seconds: float = START_SECONDS
) -> BacklogResult:
    """One run. `start_seconds`: until the first command, at most. Raises ContenderFailed,
    WrongCommands or BacklogTooSmall."""
    follows = entrant.contender.follows_rules
    expected = (
        len(segment.expected)
        if follows
        else segment.events * entrant.site.commands_per_thousand // 1000
    )
    async with entrant.output() as output:
        begin = await output.ends()
        started = time.perf_counter()
        with entrant.running() as worker:
            first, last = await watch(worker, output, begin, expected, start_seconds)
            stages = await _stages(entrant)
            await asyncio.sleep(SETTLE_SECONDS)
        # 5. Only now: reading would have cost the broker while it was measured.
        produced = await output.produced_since(begin)
        await check_dead_letters(entrant)
        if follows:
            found = await output.read(begin, produced)
            check_commands(entrant.name, found, segment.expected)
        elif produced != expected:
            raise WrongCommands(f"{entrant.name} produced {produced} commands, not {expected}")
    return backlog_result(segment, expected, first, last, first.at - started, stages)


async def watch(
    worker: WorkerProcess,
    output: OutputWatch,
    begin: dict[object, int],
    expected: int,
    start_seconds: float = START_SECONDS,
) -> tuple[Moment, Moment]:
    """The moments of the first commands and of the last."""
    first: Moment | None = None
    produced, moved = 0, time.perf_counter()
    while produced < expected:
        await asyncio.sleep(POLL_SECONDS)
        now_produced = await output.produced_since(begin)
        now = time.perf_counter()
        worker.check()
        if now_produced > produced:
            produced, moved = now_produced, now
            first = first or Moment(produced, now, worker.cpu())
        elif now - moved > (STALL_SECONDS if first else start_seconds):
            raise worker.stuck(f"{produced} of {expected} commands")
    if first is None or first.produced >= expected:
        raise BacklogTooSmall("the run was over before it could be measured: give more --events")
    return first, Moment(produced, now, worker.cpu())


async def _stages(entrant: Entrant) -> dict[str, float]:
    if isinstance(entrant.contender, Ours):
        return await read_stages(entrant.contender.metrics_url)
    return {}


async def check_dead_letters(entrant: Entrant) -> None:
    """Raises WrongCommands where this worker wrote one."""
    if not isinstance(entrant.contender, Ours):
        return
    topic = dead_letters_topic(entrant.site)
    async with OutputWatch(entrant.site.bootstrap, topic) as dead_letters:
        if not sum((await dead_letters.ends()).values()):
            return
        record = (await dead_letters.poll(5000))[0]
        raise WrongCommands(f"a good event became a dead letter: {dict(record.headers)}")


def backlog_result(
    segment: Segment,
    expected: int,
    first: Moment,
    last: Moment,
    start_seconds: float,
    stages: dict[str, float],
) -> BacklogResult:
    """Between the first and the last commands that were seen."""
    # 4. The share of the backlog that was worked off while the clock ran.
    events = segment.events * (expected - first.produced) / expected
    seconds = last.at - first.at
    cpu = last.cpu - first.cpu
    return BacklogResult(
        events=round(events),
        seconds=seconds,
        events_per_second=events / seconds,
        micros_worker=cpu.worker / events * 1e6,
        micros_broker=cpu.broker / events * 1e6,
        micros_redis=cpu.redis / events * 1e6,
        start_seconds=start_seconds,
        others_cores=cpu.others / seconds,
        stages=stages,
    )
