"""`python -m benchmarks.reload`: a change of rules under load, on real Kafka and Redis.

1. From an edit of the file until two workers have it, while events flow: few rules and 1,000.
2. A backlog worked off with 1,000 rules that stay, and with 1,000 rules that change every few
   seconds, in turns: events a second and CPU, as ratios.
"""

import asyncio
import statistics
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.harness.contenders import Site
from benchmarks.harness.cpu import CpuMeter, child_named, pid_of_redis
from benchmarks.harness.entrant import Entrant
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.ours import Ours, rules_directory
from benchmarks.harness.scenario import COMMANDS_PER_THOUSAND, say
from benchmarks.harness.throughput import BacklogResult, work_off
from benchmarks.reload.rule_files import replace_rules, rules_of_size
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer

MANY = 1000
LOOK_SECONDS = 0.01
SETTLE_SECONDS = 0.3


class Second(Ours):
    """Another worker of the first one's group: topics and rules are there already."""

    async def prepare(self, site: Site) -> None:
        """Nothing is left to make."""


def main(
    events: Annotated[int, typer.Option(help="Events of each run's backlog.")] = 150_000,
    runs: Annotated[int, typer.Option(help="Alternating runs; the median counts.")] = 5,
    edits: Annotated[int, typer.Option(help="Edits of each size.")] = 10,
    period: Annotated[float, typer.Option(help="Seconds between changes under load.")] = 3.0,
    clients: Annotated[int, typer.Option(help="Clients of the stream.")] = 20_000,
) -> None:
    """How soon changed rules decide, and what a change of 1,000 rules costs the lanes."""
    with (
        tempfile.TemporaryDirectory(prefix="loyalty-reload-") as directory,
        KafkaServer(heap_mb=1024) as kafka,
        RedisServer() as redis,
    ):
        bench = Bench(Path(directory), kafka, redis, clients)
        asyncio.run(bench.run(events, runs, edits, period))


class Bench:
    def __init__(
        self, directory: Path, kafka: KafkaServer, redis: RedisServer, clients: int
    ) -> None:
        self.meter = CpuMeter(child_named(str(kafka.directory)), pid_of_redis(redis))
        self.kafka, self.redis, self.directory = kafka, redis, directory
        self.inputs = Inputs(kafka.bootstrap, "bench", 1, clients)
        self.few = Inputs(kafka.bootstrap, "bench-edits", 1, clients)

    async def run(self, events: int, runs: int, edits: int, period: float) -> None:
        await self.inputs.create()
        await self.few.create()
        edited = await self._entrant("edited", self.few)
        for size in (100, MANY):
            await self._soon(edited, size, edits)
        still, changing = [await self._entrant(name, self.inputs) for name in ("still", "changing")]
        results: dict[str, list[BacklogResult]] = {"still": [], "changing": []}
        for number in range(runs + 1):
            segment = self.inputs.extend(events if number else events // 4)
            for entrant in (still, changing) if number % 2 else (changing, still):
                async with _changes(entrant, period if entrant is changing else None):
                    result = await work_off(entrant, segment)
                say(f"run {number}: {entrant.name} {result.events_per_second:,.0f} events/s")
                if number:
                    results[entrant.name].append(result)
        rate, cost = (
            {
                name: statistics.median(getattr(each, field) for each in results[name])
                for name in results
            }
            for field in ("events_per_second", "micros_worker")
        )
        print(
            f"{MANY} rules, changed every {period:g} s against unchanged: "
            f"{rate['changing'] / rate['still']:.2f} × events/s "
            f"({rate['changing']:,.0f} and {rate['still']:,.0f}), "
            f"{cost['changing'] / cost['still']:.2f} × CPU of the worker"
        )

    async def _entrant(self, name: str, inputs: Inputs) -> Entrant:
        own = self.directory / name
        own.mkdir()
        site = Site(
            bootstrap=self.kafka.bootstrap,
            redis_url=self.redis.url,
            inputs=inputs.topics,
            name=f"reload-{name}",
            directory=own,
            commands_per_thousand=COMMANDS_PER_THOUSAND,
        )
        entrant = Entrant(Ours(name=name), site, inputs, self.meter)
        await entrant.contender.prepare(site)
        replace_rules(rules_directory(site), rules_of_size(MANY, "v-0"))
        return entrant

    async def _soon(self, entrant: Entrant, size: int, edits: int) -> None:
        """Two workers of one group; the time until both show the new version."""
        first = entrant.contender
        assert isinstance(first, Ours)
        second = Second(name="second")
        replace_rules(rules_directory(entrant.site), rules_of_size(size, "v-0"))
        pages = [first.metrics_url, second.metrics_url]
        other = Entrant(second, entrant.site, self.few, self.meter)
        took = []
        with entrant.running(), other.running():
            await _shown(pages, "v-0")
            for number in range(1, edits + 1):
                self.few.extend(2000)  # events flow meanwhile
                text = rules_of_size(size, f"v-{number}")
                started = time.perf_counter()
                replace_rules(rules_directory(entrant.site), text)
                await _shown(pages, f"v-{number}")
                took.append(time.perf_counter() - started)
                await asyncio.sleep(SETTLE_SECONDS)
        print(
            f"{size} rules, edit to applied by two workers: median "
            f"{statistics.median(took):.2f} s, longest {max(took):.2f} s of {edits}"
        )


@asynccontextmanager
async def _changes(entrant: Entrant, period: float | None) -> AsyncIterator[None]:
    """The rules change every `period` seconds meanwhile; None: they stay."""
    if period is None:
        yield
        return
    task = asyncio.create_task(_change(rules_directory(entrant.site), period))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _change(directory: Path, period: float) -> None:
    texts = [rules_of_size(MANY, f"v-{number}") for number in range(2)]
    number = 0
    while True:
        await asyncio.sleep(period)
        number += 1
        replace_rules(directory, texts[number % 2])


async def _shown(pages: list[str], version: str) -> None:
    """Until every page of metrics has the version."""
    wanted = f'version="{version}"'
    for page in pages:
        while wanted not in await asyncio.to_thread(_read, page):  # noqa: ASYNC110 - a process
            await asyncio.sleep(LOOK_SECONDS)


def _read(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            text: bytes = answer.read()
            return text.decode()
    except OSError:
        return ""


if __name__ == "__main__":
    typer.run(main)
