"""`loyalty demo`: see it work, with nothing installed but the package."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from worker.cli.output import Format, FormatOption
from worker.cli.rule_sets import rule_files


def demo(
    events: Annotated[
        int | None,
        typer.Option(min=1, help="Stop after so many events and print the totals."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample traffic.")] = 1,
    rules: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Your rule set, or a directory of them."),
    ] = None,
    http_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of health and metrics; 0: any that is free.")
    ] = 0,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run the worker on live sample traffic in this process, with a console."""
    from worker.demo.run import run

    if rules is not None and not Path(rule_files(rules)[0]).exists():
        raise typer.BadParameter(f"{rules} does not exist; name a rule set, or a directory of some")
    shown: Literal["table", "json"] = "json" if form is Format.JSON else "table"
    raise typer.Exit(run(events, seed, Path(rules) if rules else None, shown, http_port))
