"""What changes of rules cost: a backlog worked off with 1,000 rules that stay, and with 1,000 rules
that change every few seconds, in turns."""

import asyncio
import itertools
import statistics
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from benchmarks.harness.entrant import Entrant
from benchmarks.harness.ours import Ours, rules_directory
from benchmarks.harness.scenario import say
from benchmarks.harness.throughput import BacklogResult, work_off
from benchmarks.reload.ground import MANY, Ground
from benchmarks.reload.rule_files import replace_rules, rules_of_size


async def measure_under_load(ground: Ground, events: int, runs: int, period: float) -> None:
    inputs = await ground.inputs("bench")
    still, changing = [
        await ground.entrant(Ours(name=name), inputs) for name in ("still", "changing")
    ]
    results: dict[str, list[BacklogResult]] = {"still": [], "changing": []}
    for number in range(runs + 1):
        segment = inputs.extend(events if number else events // 4)
        for entrant in (still, changing) if number % 2 else (changing, still):
            async with _changes(entrant, period if entrant is changing else None):
                result = await work_off(entrant, segment)
            say(f"run {number}: {entrant.name} {result.events_per_second:,.0f} events/s")
            if number:
                results[entrant.name].append(result)
    rate, cost = _medians(results, "events_per_second"), _medians(results, "micros_worker")
    print(
        f"{MANY} rules, changed every {period:g} s against unchanged: "
        f"{rate['changing'] / rate['still']:.2f} × events/s "
        f"({rate['changing']:,.0f} and {rate['still']:,.0f}), "
        f"{cost['changing'] / cost['still']:.2f} × CPU of the worker"
    )


def _medians(results: Mapping[str, list[BacklogResult]], figure: str) -> Mapping[str, float]:
    return {name: statistics.median(getattr(r, figure) for r in rs) for name, rs in results.items()}


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
    for number in itertools.count(1):
        text = await asyncio.to_thread(rules_of_size, MANY, f"v-{number}", edit=number)
        await asyncio.sleep(period)
        replace_rules(directory, text)
