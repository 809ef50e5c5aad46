"""`python -m benchmarks.reload`: a change of rules under load, on real Kafka and Redis.

1. From an edit of the file until two workers have it, with few rules and 1,000 (`edits`).
2. How long the event loop is held up by a change of 1,000 rules (`pauses`).
3. Events a second and CPU of a backlog while 1,000 rules change (`under_load`).
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.reload.edits import measure_edits
from benchmarks.reload.ground import Ground
from benchmarks.reload.pauses import measure_pauses
from benchmarks.reload.under_load import measure_under_load
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer


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
        ground = Ground(Path(directory), kafka, redis, clients)
        asyncio.run(_measure(ground, events, runs, edits, period))


async def _measure(ground: Ground, events: int, runs: int, edits: int, period: float) -> None:
    await measure_edits(ground, edits)
    await measure_pauses(ground, edits)
    if runs:
        await measure_under_load(ground, events, runs, period)


if __name__ == "__main__":
    typer.run(main)
