"""A scenario: so many clients, every contender in turn, five times over, then at low rates."""

import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.harness.contenders import Contender, Site
from benchmarks.harness.cpu import CpuMeter
from benchmarks.harness.entrant import Entrant
from benchmarks.harness.inputs import Inputs, Segment
from benchmarks.harness.latency import PacedResult, keep_pace
from benchmarks.harness.throughput import BacklogResult, work_off

COMMANDS_PER_THOUSAND = 620
"""What the rules give in the long run; the floor writes as many."""


class Plan(Struct, frozen=True):
    """What to measure. `seed_events` fill the states before anything counts; those of a slow
    contender, and its backlog, are `slow_events`."""

    clients: int
    events: int
    slow_events: int
    seed_events: int
    runs: int
    rates: Sequence[int]
    latency_seconds: float
    seed: int


class Measured(Struct, frozen=True):
    """Everything measured of one contender."""

    backlog: list[BacklogResult]
    paced: list[PacedResult]


class Scenario:
    """Broker and Redis are up; topics, groups and keys of a scenario carry its name."""

    def __init__(
        self,
        plan: Plan,
        contenders: Sequence[Contender],
        *,
        bootstrap: str,
        redis_url: str,
        meter: CpuMeter,
        directory: Path,
    ) -> None:
        self._plan = plan
        self._all = Inputs(bootstrap, "bench", plan.seed, plan.clients)
        self._few = Inputs(bootstrap, "bench-few", plan.seed, plan.clients)
        self._entrants = [
            Entrant(
                contender,
                self._site(contender, bootstrap, redis_url, directory),
                self._inputs(contender),
                meter,
            )
            for contender in contenders
        ]

    def _inputs(self, contender: Contender) -> Inputs:
        return self._few if contender.slow else self._all

    def _site(self, contender: Contender, bootstrap: str, redis_url: str, directory: Path) -> Site:
        own = directory / contender.name
        own.mkdir(parents=True)
        return Site(
            bootstrap=bootstrap,
            redis_url=redis_url,
            inputs=self._inputs(contender).topics,
            name=f"bench-{contender.name}",
            directory=own,
            commands_per_thousand=COMMANDS_PER_THOUSAND,
        )

    async def run(self) -> dict[str, Measured]:
        """Raises BenchmarkError where any contender does not do the work."""
        await self._all.create()
        await self._few.create()
        for entrant in self._entrants:
            await entrant.contender.prepare(entrant.site)
        backlog = await self._backlog_runs()
        paced = {
            entrant.name: await self._paced_run(entrant) if self._plan.rates else []
            for entrant in self._entrants
        }
        return {name: Measured(backlog[name], paced[name]) for name in backlog}

    async def _backlog_runs(self) -> dict[str, list[BacklogResult]]:
        plan = self._plan
        results: dict[str, list[BacklogResult]] = {entrant.name: [] for entrant in self._entrants}
        await self._round("filling the states", plan.seed_events, lambda _entrant, _result: None)
        for number in range(1, plan.runs + 1):
            await self._round(
                f"run {number} of {plan.runs}",
                plan.events,
                lambda entrant, result: results[entrant.name].append(result),
            )
        return results

    async def _round(
        self, title: str, events: int, keep: Callable[[Entrant, BacklogResult], None]
    ) -> None:
        """Everyone works off the same next segment, in an order that changes from run to run."""
        segments: dict[bool, Segment] = {}
        order = random.Random(title).sample(self._entrants, len(self._entrants))
        for entrant in order:
            slow = entrant.contender.slow
            if slow not in segments:
                count = min(events, self._plan.slow_events) if slow else events
                say(f"{title}: loading {count} events")
                segments[slow] = entrant.inputs.extend(count)
            result = await work_off(entrant, segments[slow])
            say(
                f"{title}: {entrant.name} {result.events_per_second:,.0f} events/s, "
                f"{result.micros_worker:.1f} µs CPU an event "
                f"(others took {result.others_cores:.1f} cores)"
            )
            keep(entrant, result)

    async def _paced_run(self, entrant: Entrant) -> list[PacedResult]:
        plan = self._plan
        say(f"from event to command: {entrant.name} at {', '.join(map(str, plan.rates))} events/s")
        results = await keep_pace(entrant, plan.rates, plan.latency_seconds, plan.seed)
        for result in results:
            say(
                f"  {result.rate} events/s: p50 {result.p50_ms:.1f} ms, p99 {result.p99_ms:.1f} ms,"
                f" {result.micros_worker:.0f} µs CPU an event"
            )
        return results


def say(text: str) -> None:
    """Progress goes to stderr; stdout has the result alone."""
    print(text, file=sys.stderr, flush=True)
