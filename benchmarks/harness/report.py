"""The figures as a table for people and as JSON for programs."""

import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from os import cpu_count
from statistics import median
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.harness.contenders import Contender
from benchmarks.harness.latency import PacedResult
from benchmarks.harness.scenario import Measured, Plan
from benchmarks.harness.throughput import BacklogResult

OURS = "ours"


def summary(measured: Measured) -> dict[str, float]:
    """Medians over the runs."""
    names = ("events_per_second", "micros_worker", "micros_broker", "micros_redis", "others_cores")
    return {name: _median(measured.backlog, name) for name in names}


def _median(results: Sequence[BacklogResult], name: str) -> float:
    values: list[float] = [getattr(result, name) for result in results]
    return median(values)


def ratios(summaries: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """How many times this worker is better: CPU of theirs over ours, speed of ours over theirs."""
    ours = summaries.get(OURS)
    if ours is None:
        return {}
    return {
        name: {
            "cpu": theirs["micros_worker"] / ours["micros_worker"],
            "speed": ours["events_per_second"] / theirs["events_per_second"],
        }
        for name, theirs in summaries.items()
        if name != OURS
    }


def stage_shares(measured: Measured) -> dict[str, float]:
    """Share of each stage in the time of this worker's lanes, over all runs."""
    seconds: dict[str, float] = {}
    for result in measured.backlog:
        for stage, value in result.stages.items():
            seconds[stage] = seconds.get(stage, 0.0) + value
    whole = sum(seconds.values())
    return {stage: value / whole for stage, value in seconds.items() if whole}


def as_json(plan: Plan, measured: Mapping[str, Measured]) -> bytes:
    summaries = {name: summary(results) for name, results in measured.items()}
    document: dict[str, Any] = {
        "plan": plan,
        "machine": {"cores": cpu_count(), "python": platform.python_version()},
        "medians": summaries,
        "ratios": ratios(summaries),
        "stages": stage_shares(measured[OURS]) if OURS in measured else {},
        "runs": measured,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def show(plan: Plan, contenders: Sequence[Contender], measured: Mapping[str, Measured]) -> None:
    """Prints the tables to stdout."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(_backlog_table(plan, contenders, measured))
    if plan.rates:
        console.print(_paced_table(plan, contenders, measured))
    if OURS in measured:
        console.print(_stage_line(stage_shares(measured[OURS])))


def _backlog_table(
    plan: Plan, contenders: Sequence[Contender], measured: Mapping[str, Measured]
) -> Table:
    table = Table(
        title=f"Backlog of {plan.events:,} events, {plan.clients:,} clients, 100 rules; "
        f"median of {plan.runs}",
        caption="µs of CPU per event; × = how many times the worker's CPU of ours, "
        "and of our speed to theirs",
    )
    table.add_column("contender")
    for heading in ("events/s", "worker", "broker", "Redis", "× CPU", "× speed", "others' cores"):
        table.add_column(heading, justify="right")
    summaries = {name: summary(results) for name, results in measured.items()}
    times = ratios(summaries)
    for contender in contenders:
        figures = summaries[contender.name]
        compared = times.get(contender.name)
        table.add_row(
            contender.title,
            f"{figures['events_per_second']:,.0f}",
            *(f"{figures[f'micros_{part}']:.1f}" for part in ("worker", "broker", "redis")),
            f"{compared['cpu']:.2f}" if compared else "",
            f"{compared['speed']:.2f}" if compared else "",
            f"{figures['others_cores']:.2f}",
        )
    return table


def _paced_table(
    plan: Plan, contenders: Sequence[Contender], measured: Mapping[str, Measured]
) -> Table:
    table = Table(
        title=f"From event to command, {plan.latency_seconds:g} s at each rate",
        caption="ms from handing the event to the producer to reading its first command; "
        "µs of CPU per event (worker)",
    )
    table.add_column("contender")
    columns: tuple[tuple[str, Callable[[PacedResult], str]], ...] = (
        ("p50", lambda result: f"{result.p50_ms:.1f}"),
        ("p99", lambda result: f"{result.p99_ms:.1f}"),
        ("µs", lambda result: f"{result.micros_worker:.0f}"),
    )
    for rate in plan.rates:
        for heading, _ in columns:
            table.add_column(f"{heading} at {rate}/s", justify="right")
    for contender in contenders:
        cells = [cell(result) for result in measured[contender.name].paced for _, cell in columns]
        table.add_row(contender.title, *cells)
    return table


def _stage_line(shares: Mapping[str, float]) -> str:
    if not shares:
        return "This worker told nothing of its stages: it has no metric loyalty_stage_seconds."
    parts = sorted(shares.items(), key=lambda item: -item[1])
    return "Stages of this worker, share of its lanes' time: " + ", ".join(
        f"{stage} {share:.0%}" for stage, share in parts
    )
