"""The figures as a table for people and as JSON for programs, next to the aims set for them."""

import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from os import cpu_count
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.rules.measure import ASTEVAL, INDEXED, LAMBDAS, OURS, STATE, Cell

AIM_LAMBDAS, AIM_ASTEVAL, AIM_GROWTH = 6.0, 150.0, 2.0
AIM_SECONDS = {1_000: 2.0, 10_000: 15.0}
COMPARED_AT = 1_000
GROWS_FROM, GROWS_TO = 100, 10_000
"""Between these books the cost of an event is to grow by less than `AIM_GROWTH`."""


@dataclass(frozen=True)
class Aim:
    """`figure` is to be at least, or below, `bound`."""

    name: str
    figure: float
    bound: float
    at_least: bool

    @property
    def is_met(self) -> bool:
        return self.figure >= self.bound if self.at_least else self.figure < self.bound


def aims(cells: Sequence[Cell], growth: float | None) -> Iterator[Aim]:
    """Those that the measured sizes can speak about, under the first mix: one firing an event."""
    by_size = {cell.size: cell for cell in cells if cell.mix == cells[0].mix}
    if (cell := by_size.get(COMPARED_AT)) is not None:
        yield Aim(f"× lambdas at {COMPARED_AT:,} rules", cell.times[LAMBDAS], AIM_LAMBDAS, True)
        yield Aim(f"× asteval at {COMPARED_AT:,} rules", cell.times[ASTEVAL], AIM_ASTEVAL, True)
    if growth is not None:
        yield Aim(f"growth from {GROWS_FROM:,} to {GROWS_TO:,} rules", growth, AIM_GROWTH, False)
    for size, seconds in AIM_SECONDS.items():
        if size in by_size:
            took = by_size[size].compilation.seconds
            yield Aim(f"seconds to load, check and compile {size:,}", took, seconds, False)


def as_json(cells: Sequence[Cell], growth: float | None) -> str:
    document: dict[str, Any] = {
        "machine": {"cores": cpu_count(), "python": platform.python_version()},
        "cells": [asdict(cell) for cell in cells],
        "aims": [{**asdict(aim), "is_met": aim.is_met} for aim in aims(cells, growth)],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def show(cells: Sequence[Cell], growth: float | None) -> None:
    """Prints tables to stdout."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    for mix in dict.fromkeys(cell.mix for cell in cells):
        console.print(_table(mix, [cell for cell in cells if cell.mix == mix]))
    for aim in aims(cells, growth):
        sign, word = ("≥" if aim.at_least else "<"), ("met" if aim.is_met else "MISSED")
        console.print(f"{aim.name}: {aim.figure:.2f} (aim {sign} {aim.bound:g}, {word})")


def _table(mix: str, cells: Sequence[Cell]) -> Table:
    table = Table(
        title=f"Firing: {mix}",
        caption="µs of CPU an event, medians; × = how many times ours, median of the turns. Ours "
        "includes duplicates, the state after the event and whole commands (without any rule: "
        "the column after it); the others keep counters only. (c) = (a) by trigger and club.",
    )
    headings = ("rules", "fired", "ours", "no rule", "(a) lambdas", "×", "(b) asteval", "×")
    for heading in (*headings, "(c)", "×", "load+check s", "compile s"):
        table.add_column(heading, justify="right")
    for cell in cells:
        table.add_row(
            f"{cell.size:,}",
            f"{cell.firings_per_event:.2f}",
            f"{cell.micros[OURS]:.1f}",
            f"{cell.micros[STATE]:.1f}",
            *(
                text
                for name in (LAMBDAS, ASTEVAL, INDEXED)
                for text in (f"{cell.micros[name]:,.1f}", f"{cell.times[name]:,.1f}")
            ),
            f"{cell.compilation.load_and_check:.2f}",
            f"{cell.compilation.compile:.2f}",
        )
    return table
