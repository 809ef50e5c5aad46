"""One client has half of all events: its lane has more than half of the work, and its state is
written with every batch. Held against clients that come evenly.

Credits lapse after `KEPT_DAYS`, and an event comes every ten minutes of the events' own time: the
client has some 70 events a day and holds some 220 batches of bonuses. (Without an end it would hold
tens of thousands, and a payment looks at every one of them.)
"""

from datetime import datetime, timedelta, timezone
from statistics import median

from benchmarks.harness.entrant import Entrant
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.latency import PacedResult, keep_pace
from benchmarks.harness.ours import Ours
from benchmarks.harness.scenario import say
from benchmarks.harness.throughput import BacklogResult, work_off
from benchmarks.load.ground import Ground, Sizes
from benchmarks.load.lapsing import lapsing
from benchmarks.load.told import Told
from benchmarks.workload.events import EventStream
from benchmarks.workload.render import rule_set_yaml

HOT_SHARE = 0.5
KEPT_DAYS = 5
BEGIN = datetime(2015, 1, 1, tzinfo=timezone(timedelta(hours=3)))
STEP = timedelta(minutes=10)


async def hot(ground: Ground, sizes: Sizes) -> Told:
    """Every command of both is compared with the reference; raises BenchmarkError."""
    told = Told(
        "hot",
        f"One client has {HOT_SHARE:.0%} of {sizes.events:,} events; {sizes.clients:,} clients",
        f"the same load, clients evenly; medians of {sizes.runs}",
    )
    entrants = {share: await _entrant(ground, sizes, share) for share in (0.0, HOT_SHARE)}
    for entrant in entrants.values():
        await work_off(entrant, entrant.inputs.extend(sizes.filling))
    results: dict[float, list[BacklogResult]] = {share: [] for share in entrants}
    for number in range(sizes.runs):
        for share in sorted(entrants, reverse=number % 2 == 1):
            entrant = entrants[share]
            result = await work_off(entrant, entrant.inputs.extend(sizes.events))
            say(f"hot: {entrant.name} {result.events_per_second:,.0f} events/s")
            results[share].append(result)
    paced = {
        share: (await keep_pace(entrant, [sizes.rate], sizes.seconds, sizes.seed))[0]
        for share, entrant in entrants.items()
    }
    _tell(told, results, paced)
    return told


async def _entrant(ground: Ground, sizes: Sizes, share: float) -> Entrant:
    name = "hot" if share else "even"
    stream = EventStream(sizes.seed, sizes.clients, hot_share=share, begin=BEGIN, step=STEP)
    inputs = Inputs(ground.bootstrap, f"load-{name}", sizes.seed, sizes.clients, stream=stream)
    await inputs.create()
    ours = Ours(name=name, settings={"REMEMBER_PAYMENTS_DAYS": str(KEPT_DAYS)})
    rules = {"rules.yaml": lapsing(rule_set_yaml(), KEPT_DAYS)}
    return await ground.entrant(ours, inputs, rules)


def _tell(
    told: Told, results: dict[float, list[BacklogResult]], paced: dict[float, PacedResult]
) -> None:
    for name, field in (
        ("events a second", "events_per_second"),
        ("µs of the worker's CPU an event", "micros_worker"),
    ):
        hot, even = (
            median(getattr(each, field) for each in results[share]) for share in (HOT_SHARE, 0.0)
        )
        told.tell(name, hot, even)
    hot_paced, even_paced = paced[HOT_SHARE], paced[0.0]
    told.tell(f"p50 ms at {hot_paced.rate}/s", hot_paced.p50_ms, even_paced.p50_ms)
    told.tell(f"p99 ms at {hot_paced.rate}/s", hot_paced.p99_ms, even_paced.p99_ms)
