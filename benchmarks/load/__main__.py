"""`python -m benchmarks.load`: load that wears a worker down, on real Kafka and Redis.

`benchmarks/README.md` tells what is measured. Exit code 1 where a command is wrong, a worker fails,
or memory grows beyond its bound; figures of time never fail.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.scenario import say
from benchmarks.load.backlog import backlog
from benchmarks.load.ground import Ground, Sizes
from benchmarks.load.hot import hot
from benchmarks.load.organizations import organizations
from benchmarks.load.soak import HOUR, NORMAL_RATE, soak
from benchmarks.load.told import Told, as_json, show
from tests.parts.kafka import KafkaServer
from tests.parts.processes import PartFailed, PartMissing
from tests.parts.redis import RedisServer

BROKER_HEAP_MB = 1024


class Which(StrEnum):
    ALL = "all"
    HOT = "hot"
    BACKLOG = "backlog"
    ORGANIZATIONS = "organizations"
    SOAK = "soak"


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


SCENARIOS: dict[Which, tuple[Callable[[Ground, Sizes], Awaitable[Told]], int]] = {
    Which.HOT: (hot, 150_000),
    Which.BACKLOG: (backlog, 400_000),
    Which.ORGANIZATIONS: (organizations, 100_000),
    Which.SOAK: (soak, NORMAL_RATE * HOUR),
}
"""Each with the events of its main load."""


def main(
    which: Annotated[Which, typer.Argument(help="The scenario.")] = Which.ALL,
    events: Annotated[
        int | None,
        typer.Option(help="Events of each scenario's main load instead of its own number."),
    ] = None,
    clients: Annotated[int, typer.Option(help="Clients of the streams.")] = 20_000,
    rate: Annotated[int, typer.Option(help="Events a second of live traffic.")] = 200,
    seconds: Annotated[float, typer.Option(help="Seconds of live traffic alone.")] = 10.0,
    runs: Annotated[int, typer.Option(help="Alternating runs of hot and organizations.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the streams of events.")] = 1,
    form: Annotated[Format, typer.Option("--format", help="How to tell it.")] = Format.TEXT,
) -> None:
    """What wears a worker down: a long day, a hot client, a heap in one partition, 1,000 books."""
    told: list[Told] = []
    try:
        for name, (scenario, own) in SCENARIOS.items():
            if which in (Which.ALL, name):
                sizes = Sizes(events or own, clients, rate, seconds, runs, seed)
                told.append(asyncio.run(_one(scenario, sizes)))
    except (BenchmarkError, PartMissing, PartFailed) as error:
        say(f"The load run failed: {error}")
        raise typer.Exit(1) from error
    finally:
        if form is Format.JSON:
            print(as_json(told))
        else:
            show(told)
    if any(each.faults for each in told):
        raise typer.Exit(1)


async def _one(scenario: Callable[[Ground, Sizes], Awaitable[Told]], sizes: Sizes) -> Told:
    """On parts of its own: what one leaves behind is no burden of the next."""
    began = time.perf_counter()
    with (
        tempfile.TemporaryDirectory(prefix="loyalty-load-") as directory,
        KafkaServer(heap_mb=BROKER_HEAP_MB) as kafka,
        RedisServer() as redis,
    ):
        told = await scenario(Ground(kafka, redis, Path(directory)), sizes)
    told.seconds = time.perf_counter() - began
    return told


if __name__ == "__main__":
    typer.run(main)
