"""`python -m benchmarks.rules`: what evaluating the rules costs, without Kafka, Redis and JSON.

See README.md in the directory above.
"""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from benchmarks.harness.errors import BenchmarkError
from benchmarks.rules.book import MIXES
from benchmarks.rules.measure import Cell, measure
from benchmarks.rules.report import as_json, show


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
    cells: list[Cell] = []
    for mix in MIXES:
        for size in map(int, sizes.split(",")):
            if sys.stderr.isatty():
                print(f"{size:,} rules, {mix.name} …", file=sys.stderr)
            try:
                cells.append(measure(size, mix, repetitions, seed))
            except BenchmarkError as error:
                print(f"The benchmark failed: {error}", file=sys.stderr)
                raise typer.Exit(1) from error
    if output is Format.JSON:
        print(as_json(cells))
    else:
        show(cells)


if __name__ == "__main__":
    typer.run(main)
