"""`loyalty demo`: see it work, with nothing installed but the package."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from worker.cli.output import Format, FormatOption


def demo(
    events: Annotated[
        int | None,
        typer.Option(min=1, help="Stop after so many events and print the totals."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample traffic.")] = 1,
    rules: Annotated[
        Path | None,
        typer.Option(exists=True, help="Your rule set, or a directory of them."),
    ] = None,
    http_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of health and metrics; 0: any that is free.")
    ] = 0,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run the worker on live sample traffic in this process, with a console."""
    from worker.demo.run import run

    shown: Literal["table", "json"] = "json" if form is Format.JSON else "table"
    raise typer.Exit(run(events, seed, rules, shown, http_port))
