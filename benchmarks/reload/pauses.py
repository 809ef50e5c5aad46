"""How long a reload holds the lanes up: the longest pauses of a worker's event loop under a steady
load, with 1,000 rules that stay, and with 1,000 rules that are edited again and again.

A pause by CPU is what the worker itself computed in it; one by wall clock may also be the machine,
which gave the processor to somebody else.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from benchmarks.harness.entrant import Entrant
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.ours import Instrumented, Ours, rules_directory
from benchmarks.reload.beating import GAPS
from benchmarks.reload.gaps import Pauses, pauses, read_gaps
from benchmarks.reload.ground import MANY, Ground, shown
from benchmarks.reload.rule_files import replace_rules, rules_of_size

RATE = 500
"""Events a second."""
FEED_SECONDS = 0.1
WARM_SECONDS = 5.0
"""The first batches of a worker load and make what later ones find."""
PERIOD_SECONDS = 3.0
BOUND_SECONDS = 0.050


async def measure_pauses(ground: Ground, edits: int) -> None:
    inputs = await ground.inputs("bench-pauses")
    worker = Instrumented(
        name="pauses",
        module="benchmarks.reload.beating",
        variable=GAPS,
        seen=ground.directory / "gaps.json",
    )
    entrant = await ground.entrant(worker, inputs)
    with entrant.running():
        await shown([worker], "v-0")
        async with _load(inputs):
            await asyncio.sleep(WARM_SECONDS)
            begin = time.monotonic()
            await asyncio.sleep(PERIOD_SECONDS * edits)
            middle = time.monotonic()
            await _edit(worker, entrant, edits)
            end = time.monotonic()
    gaps = read_gaps(worker.seen)
    still = pauses(gaps, begin, middle, BOUND_SECONDS)
    edited = pauses(gaps, middle, end, BOUND_SECONDS)
    print(
        f"{MANY} rules, longest pause of the loop at {RATE} events/s: {_told(edited)} "
        f"in {edits} edits; {_told(still)} without any"
    )


async def _edit(worker: Ours, entrant: Entrant, edits: int) -> None:
    for number in range(1, edits + 1):
        text = rules_of_size(MANY, f"v-{number}", edit=number)
        replace_rules(rules_directory(entrant.site), text)
        await asyncio.gather(shown([worker], f"v-{number}"), asyncio.sleep(PERIOD_SECONDS))


@asynccontextmanager
async def _load(inputs: Inputs) -> AsyncIterator[None]:
    task = asyncio.create_task(_feed(inputs))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _feed(inputs: Inputs) -> None:
    due = time.monotonic()
    while True:
        await asyncio.to_thread(inputs.extend, round(RATE * FEED_SECONDS))
        due += FEED_SECONDS
        await asyncio.sleep(due - time.monotonic())


def _told(found: Pauses) -> str:
    bound = BOUND_SECONDS * 1e3
    return (
        f"{found.cpu_ms:.0f} ms by CPU, {found.wall_ms:.0f} ms by wall clock, "
        f"{found.over} over {bound:.0f} ms"
    )
