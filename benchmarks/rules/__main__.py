"""`python -m benchmarks.rules`: what evaluating the rules costs, without Kafka, Redis and JSON.

See README.md in the directory above.
"""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from benchmarks.harness.errors import BenchmarkError
from benchmarks.rules.book import MIXES, Mix
from benchmarks.rules.measure import Cell, growth, measure
from benchmarks.rules.report import GROWS_FROM, GROWS_TO, as_json, show


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


def main(
    sizes: Annotated[str, typer.Option(help="Numbers of rules.")] = "10,100,1000,10000",
    repetitions: Annotated[int, typer.Option(min=1, help="Turns of each contender.")] = 9,
    output: Annotated[Format, typer.Option("--format", help="What goes to stdout.")] = Format.TABLE,
    seed: Annotated[int, typer.Option(help="Of rules and events.")] = 1,
) -> None:
    """Compare generated code with loops over lambdas and over asteval, on the same rules."""
    counts = [int(size) for size in sizes.split(",")]
    try:
        cells = [_measure(size, mix, repetitions, seed) for mix in MIXES for size in counts]
    except BenchmarkError as error:
        print(f"The benchmark failed: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    grown = None
    if {GROWS_FROM, GROWS_TO} <= set(counts):
        grown = growth(GROWS_FROM, GROWS_TO, MIXES[0], repetitions, seed)
    if output is Format.JSON:
        print(as_json(cells, grown))
    else:
        show(cells, grown)


def _measure(size: int, mix: Mix, repetitions: int, seed: int) -> Cell:
    if sys.stderr.isatty():
        print(f"{size:,} rules, {mix.name} …", file=sys.stderr)
    return measure(size, mix, repetitions, seed)


if __name__ == "__main__":
    typer.run(main)
