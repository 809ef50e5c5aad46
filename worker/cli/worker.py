"""`loyalty worker`: the production worker."""

import os
from enum import StrEnum
from typing import Annotated

import typer


class StaleOutputs(StrEnum):
    STOP = "stop"
    PUBLISH = "publish"
    SKIP = "skip"


def worker(
    stale_outputs: Annotated[
        StaleOutputs,
        typer.Option(
            help="What to do with outputs that are older than LOYALTY_REPEAT_HORIZON_DAYS and may "
            "or may not have been published: readers would no longer know a repeat.",
        ),
    ] = StaleOutputs.STOP,
) -> None:
    """Run the worker; its settings come from LOYALTY_ variables (docs/settings.md)."""
    from config.load import load_settings
    from config.logging import configure_logging

    settings = load_settings(os.environ)
    configure_logging(settings.log_level, settings.log_format)
    from worker.process.production import run

    raise typer.Exit(run(settings, stale_outputs=stale_outputs.value))
