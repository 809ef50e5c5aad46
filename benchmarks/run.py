"""`python -m benchmarks.run`: this worker and its baselines, side by side, on real parts.

See README.md beside this file for what is measured and why it is fair.
"""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from pstats import Stats
from typing import Annotated

import typer

from benchmarks.harness.contenders import BASELINES, Contender
from benchmarks.harness.cpu import CpuMeter, child_named, pid_of_redis
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.ours import Ours
from benchmarks.harness.report import as_json, show
from benchmarks.harness.scenario import Measured, Plan, Scenario, say
from tests.parts.kafka import KafkaServer
from tests.parts.processes import PartFailed, PartMissing
from tests.parts.redis import RedisServer

RESULTS = Path(__file__).with_name("results")
BROKER_HEAP_MB = 1024
PROFILE_LINES = 40
SLOW_SHARE = 40
"""A slow contender gets this fraction of the backlog: it takes longer for it all the same."""


def main(
    events: Annotated[int, typer.Option(help="Events of each run's backlog.")] = 200_000,
    runs: Annotated[int, typer.Option(help="Alternating runs; the median counts.")] = 5,
    clients: Annotated[
        int, typer.Option(help="Clients; 500000 makes nearly every event miss the cache.")
    ] = 20_000,
    rates: Annotated[
        str, typer.Option(help="Events a second for the latency; empty: leave it out.")
    ] = "200,500",
    latency_seconds: Annotated[float, typer.Option(help="Seconds at each rate.")] = 15.0,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Take part: ours, faust, quix, handwritten… (see README). Repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the stream of events.")] = 1,
    profile: Annotated[
        bool, typer.Option(help="This worker alone, under cProfile: its costliest functions.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="The JSON file to write.")] = None,
) -> None:
    """Compare this worker with what one would write instead, on real Kafka and Redis."""
    plan = Plan(
        clients=clients,
        events=events,
        slow_events=max(1000, events // SLOW_SHARE),
        seed_events=max(clients, events // 4),
        runs=runs,
        rates=[] if profile else [int(rate) for rate in rates.split(",") if rate.strip()],
        latency_seconds=latency_seconds,
        seed=seed,
    )
    out = out or RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{clients}.json"
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    contenders = _contenders(only or [], out.with_suffix(".prof") if profile else None)
    try:
        measured = asyncio.run(_measure(plan, contenders))
    except (BenchmarkError, PartMissing, PartFailed) as error:
        say(f"The benchmark failed: {error}")
        raise typer.Exit(1) from error
    out.write_bytes(as_json(plan, measured))
    show(plan, contenders, measured)
    if profile:
        Stats(str(out.with_suffix(".prof"))).sort_stats("tottime").print_stats(PROFILE_LINES)
    print(out)


def _contenders(only: list[str], profile: Path | None) -> list[Contender]:
    if profile is not None:
        return [Ours(profile=profile)]
    everyone: list[Contender] = [Ours(), *BASELINES]
    unknown = set(only) - {contender.name for contender in everyone}
    if unknown:
        names = ", ".join(contender.name for contender in everyone)
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: give {names}")
    return [contender for contender in everyone if not only or contender.name in only]


async def _measure(plan: Plan, contenders: list[Contender]) -> dict[str, Measured]:
    with (
        tempfile.TemporaryDirectory(prefix="loyalty-bench-") as directory,
        KafkaServer(heap_mb=BROKER_HEAP_MB) as kafka,
        RedisServer() as redis,
    ):
        say(f"Kafka at {kafka.bootstrap}, Redis at {redis.url}")
        meter = CpuMeter(child_named(str(kafka.directory)), pid_of_redis(redis))
        scenario = Scenario(
            plan,
            contenders,
            bootstrap=kafka.bootstrap,
            redis_url=redis.url,
            meter=meter,
            directory=Path(directory),
        )
        return await scenario.run()


if __name__ == "__main__":
    typer.run(main)
