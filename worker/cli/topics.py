"""`loyalty topics`: made beforehand, by an operator; the worker never makes any."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from rules_engine.wording import counted
from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption, fail, print_json, say
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from config.settings import Settings

app = typer.Typer(help="Make topics, and check them.", no_args_is_help=True)


@app.command()
def create(
    partitions: Annotated[
        int,
        typer.Option(
            min=1,
            help="Of every input and output topic: fixed for ever, and the most workers.",
        ),
    ],
    replication: Annotated[int, typer.Option(min=1, help="Copies of each; 3 survives a loss.")] = 3,
    form: FormatOption = Format.TEXT,
) -> None:
    """Make the topics that do not exist yet; what exists stays as it is.

    Where one of them does not fit the partition count, nothing is made.
    """
    from worker.kafka.topic_checks import other_counts
    from worker.kafka.topics import create_topics

    settings = _settings()
    other = list(wait(other_counts(settings, partitions)))
    if other:
        raise CommandFailed(
            *(f"{found.subject}: {found.message} {found.remedy}" for found in other)
        )
    made = list(wait(create_topics(settings, partitions, replication=replication)))
    if form is Format.JSON:
        print_json({"created": made})
        return
    for name in made:
        print(name)
    say(f"{counted(len(made), 'topic')} made." if made else "All topics are there already.")


@app.command()
def check(form: FormatOption = Format.TEXT) -> None:
    """Hold every topic against what it must be: partitions, retention, compaction, limits."""
    from worker.kafka.topic_checks import check_topics

    findings = list(wait(check_topics(_settings())))
    wrong = [finding for finding in findings if finding.severity == "ERROR"]
    if form is Format.JSON:
        rows = [
            {
                "topic": finding.subject,
                "severity": finding.severity,
                "message": finding.message,
                "remedy": finding.remedy,
            }
            for finding in findings
        ]
        print_json({"good": not wrong, "findings": rows})
    else:
        for finding in findings:
            line = f"{finding.subject}: {finding.message} {finding.remedy}"
            fail(line) if finding.severity == "ERROR" else say(f"warning: {line}")
        if not findings:
            print("All topics are as they must be.")
    raise typer.Exit(1 if wrong else 0)


def _settings() -> "Settings":
    from config.load import load_settings

    return load_settings(os.environ, needs=["kafka"])
