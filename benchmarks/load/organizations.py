"""One organization with 1,000 rules beside 999 small ones: does it cost the small ones anything?

Held against 1,000 small ones, with the same events: a fifth of the clients belong to the first
organization, the others to the small ones in turn. Only events of the small ones are timed.
"""

import asyncio
import time
import urllib.request
from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct

from benchmarks.harness.entrant import Entrant
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.latency import PacedResult, pace_of
from benchmarks.harness.ours import Ours
from benchmarks.harness.scenario import say
from benchmarks.harness.throughput import BacklogResult, work_off
from benchmarks.load.ground import Ground, Sizes
from benchmarks.load.told import Told
from benchmarks.reload.rule_files import rules_of_size
from benchmarks.workload.events import EventStream, InputEvent, client_id
from benchmarks.workload.expected import Command, Reference
from benchmarks.workload.render import rule_set_yaml
from benchmarks.workload.rules import SINGLE_RULES, VERSION, Rule

ORGANIZATIONS = 1000
MANY_RULES = 1000
FIRST = "org-0000"
FIRST_SHARE = 5
"""Every fifth client, by number from 0 on, is the first organization's."""
START_SECONDS = 300.0
"""A thousand rule sets are proven before any lane opens: some 15 s of CPU."""
OF_A_SMALL_ONE = ("source-acquiring-1", "source-cash-1", "stay-420", "bar-club-1", "tariff-600")
SMALL_RULES = tuple(rule for rule in SINGLE_RULES if rule.id in OF_A_SMALL_ONE)


class Paced(Struct, frozen=True):
    """At a steady rate; `page`: milliseconds for a page of metrics."""

    small: PacedResult
    page: float


class ByOrganization:
    """`Judge`: the first organization's events by one set of rules, the others' by another."""

    def __init__(self, first: Reference, others: Reference, clients: int) -> None:
        self._first, self._others = first, others
        self._of_first = {client_id(number) for number in range(clients // FIRST_SHARE)}

    def is_of_first(self, event: InputEvent) -> bool:
        return event.client_id in self._of_first

    def commands(self, events: Iterable[InputEvent]) -> set[Command]:
        return {
            command
            for event in events
            for command in (self._first if self.is_of_first(event) else self._others).commands_of(
                event.value
            )
        }


async def organizations(ground: Ground, sizes: Sizes) -> Told:
    """Every command is compared with the reference; raises BenchmarkError."""
    told = Told(
        "organizations",
        f"One organization with {MANY_RULES:,} rules, {ORGANIZATIONS - 1} with "
        f"{len(SMALL_RULES)}; {sizes.events:,} events",
        f"{ORGANIZATIONS:,} organizations with {len(SMALL_RULES)} rules; medians of {sizes.runs}",
    )
    entrants = {large: await _entrant(ground, sizes, large) for large in (False, True)}
    for entrant in entrants.values():
        await work_off(entrant, entrant.inputs.extend(sizes.filling), START_SECONDS)
    results: dict[bool, list[BacklogResult]] = {large: [] for large in entrants}
    for number in range(sizes.runs):
        for large in sorted(entrants, reverse=number % 2 == 1):
            entrant = entrants[large]
            result = await work_off(entrant, entrant.inputs.extend(sizes.events), START_SECONDS)
            say(
                f"organizations: {entrant.name} {result.events_per_second:,.0f} events/s, "
                f"start {result.start_seconds:.1f} s"
            )
            results[large].append(result)
    paced = {large: await _paced(entrant, sizes) for large, entrant in entrants.items()}
    _tell(told, results[True], results[False], paced[True], paced[False])
    return told


async def _entrant(ground: Ground, sizes: Sizes, large: bool) -> Entrant:
    name = "large" if large else "small"
    first = Reference() if large else Reference(small_rules())
    inputs = Inputs(
        ground.bootstrap,
        f"load-{name}",
        sizes.seed,
        sizes.clients,
        stream=EventStream(
            sizes.seed, sizes.clients, organization_of=lambda n: organization_of(n, sizes.clients)
        ),
        reference=ByOrganization(first, Reference(small_rules()), sizes.clients),
    )
    await inputs.create()
    rules = {f"{number:04d}.yaml": small_rule_set(number) for number in range(ORGANIZATIONS)}
    if large:
        rules["0000.yaml"] = rules_of_size(MANY_RULES, VERSION, FIRST)
    return await ground.entrant(Ours(name=name), inputs, rules)


def small_rules() -> Sequence[Rule]:
    return sorted(SMALL_RULES, key=lambda rule: (-rule.priority, rule.id))


def organization_of(client: int, clients: int) -> str:
    if client < clients // FIRST_SHARE:
        return FIRST
    return f"org-{1 + client % (ORGANIZATIONS - 1):04d}"


def small_rule_set(number: int) -> str:
    return rule_set_yaml(f"org-{number:04d}", (), SMALL_RULES)


async def _paced(entrant: Entrant, sizes: Sizes) -> Paced:
    contender = entrant.contender
    assert isinstance(contender, Ours)
    of_first = {client_id(number) for number in range(sizes.clients // FIRST_SHARE)}
    async with entrant.output() as output:
        with entrant.running() as worker:
            async with pace_of(entrant, worker, output, sizes.seed) as pace:
                await pace.warm_up(START_SECONDS)
                small = await pace.measure(
                    sizes.rate, sizes.seconds, lambda event: event.client_id not in of_first
                )
                began = time.perf_counter()
                await asyncio.to_thread(_read, contender.metrics_url)
                return Paced(small, (time.perf_counter() - began) * 1e3)


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        page: bytes = answer.read()
        return page


def _tell(
    told: Told,
    large: list[BacklogResult],
    small: list[BacklogResult],
    paced: Paced,
    alone: Paced,
) -> None:
    for name, field in (
        ("events a second", "events_per_second"),
        ("µs of the worker's CPU an event", "micros_worker"),
        ("seconds from the start to the first command", "start_seconds"),
    ):
        told.tell(
            name,
            median(getattr(each, field) for each in large),
            median(getattr(each, field) for each in small),
        )
    rate = paced.small.rate
    told.tell(f"small ones' p50 ms at {rate}/s", paced.small.p50_ms, alone.small.p50_ms)
    told.tell(f"small ones' p99 ms at {rate}/s", paced.small.p99_ms, alone.small.p99_ms)
    told.tell("ms for a page of metrics", paced.page, alone.page)
