"""Rebuild of lanes from log and topics, beside the replay plan by plan, on real Kafka and Redis.

    .venv/bin/python -m benchmarks.replay [--events 150000] [--runs 3]

A worker makes the log in two shapes: full batches, as in catch-up, and batches of ten, as live
traffic gives them. Then all lanes are rebuilt in turns: plan by plan, joined as one job of `loyalty
rebuild` does it, and by a job for each processor. What comes out is checked by the replay itself:
every plan's digests must be those of the log. A core's own rate is that of its CPU time: what else
the machine has to do does not count.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.harness.contenders import Site
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.ours import Ours
from benchmarks.replay.once import Took
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from worker.rebuild.jobs import processors

CLIENTS = 20_000
SHAPES = {"full batches (500)": (500, 1.0), "batches of ten": (10, 0.2)}
"""Events of a batch, and the share of `--events` that is worked off so."""


def environment(ours: Ours, site: Site, batch: int) -> Mapping[str, str]:
    over = {"LOYALTY_BATCH_MAX_EVENTS": str(batch), "LOYALTY_BATCH_LINGER_MS": "0"}
    return {**os.environ, **ours.environment(site), **over}


async def make_log(ours: Ours, environ: Mapping[str, str], events: int) -> None:
    """A worker takes everything that is in the topics."""
    command = (sys.executable, "-m", "worker.cli.main", "worker")
    worker = await asyncio.create_subprocess_exec(*command, env=environ)
    try:
        while await asyncio.to_thread(_taken, ours.metrics_url) < events:
            await asyncio.sleep(0.5)
            if worker.returncode is not None:
                raise SystemExit("the worker ended: see above")
        await asyncio.sleep(1)
    finally:
        worker.terminate()
        await worker.wait()


def _taken(url: str) -> float:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            page = answer.read().decode()
    except OSError:
        return 0
    lines = (line for line in page.splitlines() if line.startswith("loyalty_events_total{"))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def rebuild_once(kind: str, environ: Mapping[str, str]) -> Took:
    command = [sys.executable, "-m", "benchmarks.replay.once", kind]
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Took)


async def measure(
    kafka: KafkaServer, redis: RedisServer, directory: Path, shape: str, events: int, runs: int
) -> None:
    batch, _ = SHAPES[shape]
    name = f"replay-{batch}"
    inputs = Inputs(kafka.bootstrap, name, seed=1, clients=CLIENTS)
    site = Site(kafka.bootstrap, redis.url, inputs.topics, name, directory / name, 0)
    site.directory.mkdir()
    ours = Ours()
    await inputs.create()
    await ours.prepare(site)
    inputs.extend(events)
    environ = environment(ours, site, batch)
    begun = time.perf_counter()
    await make_log(ours, environ, events)
    print(f"{shape}: {events:,} events worked off in {time.perf_counter() - begun:.0f} s")
    kinds = ("plain", "joined", str(processors()))
    took: dict[str, list[Took]] = {kind: [] for kind in kinds}
    for _ in range(runs):
        for kind, results in took.items():
            results.append(rebuild_once(kind, environ))
    report(took)


def report(took: Mapping[str, Sequence[Took]]) -> None:
    one = took["plain"][0]
    print(f"  {one.plans:,} plans, {one.records / one.plans:.0f} events each")
    rates = {}
    for kind, results in took.items():
        rates[kind] = statistics.median(each.records / each.seconds for each in results)
        of_core = statistics.median(each.records / each.cpu for each in results)
        name = f"{kind} jobs" if kind.isdecimal() else kind
        print(
            f"  {name:7} {rates[kind]:9,.0f} events a second, {of_core:9,.0f} a core "
            f"({1e6 / of_core:5.1f} µs CPU an event), "
            f"{rates[kind] / rates['plain']:.2f} times plan by plan",
            flush=True,
        )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=150_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with (
        KafkaServer() as kafka,
        RedisServer() as redis,
        tempfile.TemporaryDirectory() as directory,
    ):
        for shape, (_, share) in SHAPES.items():
            events = int(options.events * share)
            await measure(kafka, redis, Path(directory), shape, events, options.runs)


if __name__ == "__main__":
    asyncio.run(main())
