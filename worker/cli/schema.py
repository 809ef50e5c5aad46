"""`loyalty schema`: the contracts for programs in any language."""

import json
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.failure import CommandFailed
from worker.cli.output import print_json, say

app = typer.Typer(help="The contracts as JSON Schema.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The contracts as JSON Schema."""


@app.command()
def export(
    target: Annotated[
        str, typer.Argument(metavar="[DIR|-]", help="A directory for one file each; - prints all.")
    ] = "-",
) -> None:
    """Write the JSON Schema of every event, command, journal record and of rule sets."""
    if not target:
        raise typer.BadParameter("the directory's name is empty; - prints all")
    from schemas.export import json_schemas

    schemas = json_schemas()
    if target == "-":
        print_json(schemas)
        return
    try:
        Path(target).mkdir(parents=True, exist_ok=True)
        for name, schema in schemas.items():
            text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
            (Path(target) / f"{name}.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{target}: {error.strerror}; name a directory to write to") from None
    say(f"{len(schemas)} schemas written to {target}")
