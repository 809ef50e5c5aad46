"""An hour of a deployment's normal load, as fast as it goes: does anything grow?

1. All events of the hour are in the topics, appended in their order. Credits lapse and payments are
   forgotten after `KEPT_DAYS` of the events' own time, of which the hour has two months, and
   clients are few: before the second look everything that is kept is as large as it gets.
2. The worker works them off. Twice in a tenth its rules change; four times a second worker joins
   the group and leaves again, at the same places in both halves.
3. After each tenth its memory, tasks, objects, descriptors and threads are read, and Redis' memory.
   The last half may not be higher than the first, but for a bound (`flatness`). Behind the last
   look a sixth of the load still waits: lanes that have nothing to fetch hold some 60 MB less,
   which would hide as large a leak.
4. In the end the lane log must have taken every input once, and every command must be there once.

What the worker holds at a look depends on whether it has all lanes or half of them: a megabyte is
fetched for each partition. That is why the halves are alike, and medians are compared.
"""

import asyncio
import time
import urllib.request
from dataclasses import replace

from benchmarks.harness.entrant import Entrant, WorkerProcess
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.ours import Instrumented, rules_directory
from benchmarks.harness.scenario import say
from benchmarks.harness.throughput import START_SECONDS, check_dead_letters
from benchmarks.harness.topics import PARTITIONS, OutputWatch
from benchmarks.load.flatness import Bound, growth
from benchmarks.load.ground import Ground, Sizes
from benchmarks.load.lapsing import lapsing
from benchmarks.load.taken import check_taken
from benchmarks.load.told import Told
from benchmarks.load.vitals import COUNTS, Vitals, look
from benchmarks.reload.rule_files import replace_rules, rules_of_size
from benchmarks.workload.expected import Command
from tests.parts.processes import free_port

NORMAL_RATE = 200
"""Events a second of a deployment on a normal day."""
HOUR = 3600
RULES = 400
FIRST_VERSION = "soak.0"
KEPT_DAYS = 5
FEWER = 5
"""This many times fewer clients than other scenarios have: at the second look each has had 30
events, and remembers the 16 latest."""
PIECES = 60
"""The load is appended piece by piece: a topic of many events is appended more slowly than one of
few, whose events of the second month would then be merged with those of the first."""
SHARES, JUDGED = 120, 100
"""Progress is told in parts of the load; after this many the worker is no longer looked at."""
CHANGES = range(3, JUDGED, 5)
JOINS = {13: True, 27: False, 33: True, 47: False, 63: True, 77: False, 83: True, 97: False}
"""When a second worker joins (True) and leaves."""
BOUNDS = {
    "rss_mb": Bound(0.05, 8.0),
    "redis_mb": Bound(0.10, 2.0),
    "tasks": Bound(0.10, 5),
    # Two compiled sets more or less, as a change is under way or not; each kept would be 300,000.
    "objects": Bound(0.05, 60_000),
    "blocks": Bound(0.05, 60_000),
    "descriptors": Bound(0.0, 5),
    "threads": Bound(0.0, 2),
}
LOOK_SECONDS = 0.05
REDIS_LOOKS = 5
QUIET_SECONDS = 2.0


async def soak(ground: Ground, sizes: Sizes) -> Told:
    """Raises BenchmarkError where a worker dies or stands still, or a command is not right."""
    told = Told(
        "soak",
        f"{sizes.events:,} events, {sizes.events / NORMAL_RATE / HOUR:.2g} hours at "
        f"{NORMAL_RATE}/s, with {len(CHANGES)} changes of rules and {len(JOINS)} rebalances",
        "the first half of the same run, but for its first tenth",
    )
    clients = max(1, sizes.clients // FEWER)
    inputs = Inputs(ground.bootstrap, "load-soak", sizes.seed, clients)
    await inputs.create()
    counts, rules = (
        ground.directory / "counts.json",
        lapsing(rules_of_size(RULES, FIRST_VERSION), KEPT_DAYS),
    )
    entrant = await ground.entrant(
        Instrumented(
            name="soak",
            module="benchmarks.load.watched",
            variable=COUNTS,
            seen=counts,
            settings={"REMEMBER_PAYMENTS_DAYS": str(KEPT_DAYS)},
        ),
        inputs,
        {"rules.yaml": rules},
    )
    say(f"soak: loading {sizes.events:,} events")
    expected = _load(inputs, sizes.events)
    run = _Run(ground, entrant, rules, len(expected))
    seconds = await run.go()
    taken = await check_taken(entrant, expected)
    await check_dead_letters(entrant)
    told.tell("events a second, with everything", sizes.events / seconds, NORMAL_RATE)
    told.tell("commands, each once", taken.commands)
    told.tell("rule sets that decided", taken.rule_sets)
    told.tell("terms of lanes", taken.terms, PARTITIONS)
    if taken.terms <= PARTITIONS:
        told.faults.append("no lane ever changed its owner: give more --events")
    told.tell("raw repeats of an id, which readers drop", taken.repeats)
    _judge(told, run.vitals, sizes.events)
    return told


def _load(inputs: Inputs, events: int) -> set[Command]:
    """The commands that the load must cause."""
    expected: set[Command] = set()
    for piece in range(PIECES):
        count = events * (piece + 1) // PIECES - events * piece // PIECES
        expected |= inputs.extend(count).expected
    return expected


def _judge(told: Told, vitals: list[Vitals], events: int) -> None:
    """Between the medians of the halves lies half of what is judged."""
    between = events * JUDGED // SHARES / 2
    for name, bound in BOUNDS.items():
        grown = growth(name, [float(getattr(each, name)) for each in vitals])
        told.tell(name, grown.last, grown.first)
        if fault := grown.fault(bound):
            told.faults.append(fault)
        if name.endswith("_mb"):
            beyond = bound.limit(grown.first) - grown.first
            told.tell(f"{name}: bytes an event", (grown.last - grown.first) * 2**20 / between)
            told.tell(f"{name}: bytes an event that are found", beyond * 2**20 / between)


class _Run:
    """Of the worker that is watched, and of the second that comes and goes."""

    def __init__(self, ground: Ground, entrant: Entrant, rules: str, expected: int) -> None:
        self._ground, self._entrant = ground, entrant
        self._rules, self._expected = rules, expected
        self._second: WorkerProcess | None = None
        self._second_port = 0
        self.vitals: list[Vitals] = []

    async def go(self) -> float:
        """Seconds from the first command to the last."""
        site = self._entrant.site
        async with OutputWatch(site.bootstrap, site.commands) as output:
            with self._entrant.running() as worker:
                try:
                    began = await self._until(output, worker, 1)
                    for part in range(1, SHARES + 1):
                        count = self._expected * part // SHARES
                        now = await self._until(output, worker, count)
                        await self._happens(part, worker)
                    await self._quiet(output)
                finally:
                    self._leave()
        return now - began

    async def _until(self, output: OutputWatch, worker: WorkerProcess, count: int) -> float:
        """The instant at which so many commands were there."""
        produced, moved = 0, time.perf_counter()
        while (now_produced := sum((await output.ends()).values())) < count:
            worker.check()
            if now_produced > produced:
                produced, moved = now_produced, time.perf_counter()
            elif time.perf_counter() - moved > START_SECONDS:
                raise worker.stuck(f"{produced} of {self._expected} commands")
            await asyncio.sleep(LOOK_SECONDS)
        return time.perf_counter()

    async def _quiet(self, output: OutputWatch) -> None:
        """Raw repeats were counted, too: until nothing more comes."""
        ends = None
        while ends != (now := await output.ends()):
            ends = now
            await asyncio.sleep(QUIET_SECONDS)

    async def _happens(self, part: int, worker: WorkerProcess) -> None:
        if part in CHANGES:
            text = self._rules.replace(FIRST_VERSION, f"soak.{part}")
            replace_rules(rules_directory(self._entrant.site), text)
        if part in JOINS:
            if JOINS[part]:
                await asyncio.to_thread(self._join)
            else:
                await self._shares(worker)
                await asyncio.to_thread(self._leave)
        if part <= JUDGED and part % (JUDGED // 10) == 0:
            vitals = await asyncio.to_thread(self._look, worker.pid)
            self.vitals.append(vitals)
            say(f"soak: {part} of {SHARES}: {vitals}")

    def _look(self, pid: int) -> Vitals:
        """Redis at its least: what is under way comes and goes."""
        redis = min(self._ground.redis_bytes() for _ in range(REDIS_LOOKS))
        return look(pid, self._watched.seen, redis)

    @property
    def _watched(self) -> Instrumented:
        contender = self._entrant.contender
        assert isinstance(contender, Instrumented)
        return contender

    def _join(self) -> None:
        self._second_port = free_port()
        second = replace(self._watched, http_port=self._second_port)
        entrant = Entrant(second, self._entrant.site, self._entrant.inputs, self._entrant.meter)
        self._second = entrant.start()

    async def _shares(self, worker: WorkerProcess) -> None:
        """Until the second worker holds lanes: leaving before, it would have moved none. Raises
        ContenderFailed where it gets none."""
        assert self._second is not None
        until = time.perf_counter() + START_SECONDS
        page = f"http://127.0.0.1:{self._second_port}/health/ready"
        while not await asyncio.to_thread(_answers, page):
            worker.check()
            self._second.check()
            if time.perf_counter() > until:
                raise self._second.stuck("it gets no lanes")
            await asyncio.sleep(LOOK_SECONDS)

    def _leave(self) -> None:
        if self._second is not None:
            second, self._second = self._second, None
            second.check()
            second.stop()


def _answers(url: str) -> bool:
    """With 200: the page of a worker that is ready."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False
