"""`loyalty dead-letters`: what could not be taken, and sending it again after mending."""

import os
import time
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rules_engine.wording import counted
from worker.cli.failure import CommandFailed
from worker.cli.output import (
    Format,
    FormatOption,
    confirm,
    fail,
    print_json,
    print_table,
    read_bytes,
    say,
)
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from config.settings import Settings
    from worker.dead_letters import Letter, Refused, Rules, Sending

app = typer.Typer(help="See what could not be taken; send it again.", no_args_is_help=True)

FileOption = Annotated[
    str | None,
    typer.Option("--file", metavar="FILE", help="Read letters from a file, one JSON a line."),
]
CodeOption = Annotated[
    list[str] | None,
    typer.Option("--code", metavar="CODE", help="Only this error.code; repeat it."),
]


class Partition(StrEnum):
    AGREED = "agreed"
    SOURCE = "source"
    KEY = "key"


@app.command("list")
def list_letters(
    file: FileOption = None, code: CodeOption = None, form: FormatOption = Format.TEXT
) -> None:
    """Show dead letters with their reason; --format json writes lines that redrive reads."""
    from worker.dead_letters import to_line

    _check_codes(code)
    letters = _letters(_settings() if file is None else None, file, code)
    if form is Format.JSON:
        for letter in letters:
            print(to_line(letter))
        return
    rows = [
        (
            letter.place,
            letter.own("error.code"),
            f"{letter.own('source.topic')}-{letter.own('source.partition')}"
            f"@{letter.own('source.offset')}",
            (letter.key or b"").decode("utf-8", "backslashreplace"),
            letter.own("error.message"),
        )
        for letter in letters
    ]
    print_table(("letter", "code", "source", "key", "what to mend"), rows)
    say(f"{counted(len(letters), 'dead letter')}.")


@app.command()
def redrive(
    file: FileOption = None,
    code: CodeOption = None,
    partition: Annotated[
        Partition,
        typer.Option(
            help="Which partition counts where the key's is not the one that the letter came from: "
            "agreed refuses such letters.",
        ),
    ] = Partition.AGREED,
    old: Annotated[
        bool,
        typer.Option(
            "--old",
            help="Also letters older than LOYALTY_REPEAT_HORIZON_DAYS. If one was redriven before, "
            "it may be paid again: readers have forgotten the first commands.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Send the originals of dead letters back to their topics, unchanged.

    The topic keeps its letters. Sending one twice within LOYALTY_REPEAT_HORIZON_DAYS is harmless:
    an event that was taken is a duplicate, and readers drop repeated commands.
    """
    from worker.kafka.dead_letters import send

    _check_codes(code)
    settings = _settings()
    letters = _letters(settings, file, code)
    sendings, refused = _routed(letters, _rules(settings, partition, old))
    fail(*map(str, refused))
    counts = Counter((one.topic, one.letter.own("error.code")) for one in sendings)
    for (topic, name), number in sorted(counts.items()):
        say(f"{number} with {name} to {topic}")
    if sendings and not yes:
        confirm(f"Send {counted(len(sendings), 'event')} again?")
    if sendings:
        wait(send(settings, sendings))
    if form is Format.JSON:
        print_json({"sent": len(sendings), "refused": len(refused)})
    else:
        print(f"{len(sendings)} sent, {len(refused)} not sent.")
    raise typer.Exit(1 if refused else 0)


def _check_codes(codes: list[str] | None) -> None:
    from schemas.dead_letters import Code

    for code in codes or ():
        if code not in set(Code):
            raise typer.BadParameter(f"there is no code {code!r}; one of {', '.join(Code)}")


def _settings() -> "Settings":
    from config.load import load_settings

    return load_settings(os.environ, needs=["kafka"])


def _letters(
    settings: "Settings | None", file: str | None, codes: list[str] | None
) -> list["Letter"]:
    from worker.dead_letters import from_lines

    if file is not None:
        try:
            letters = list(from_lines(read_bytes(file).splitlines(), file))
        except ValueError as error:
            raise CommandFailed(str(error)) from None
    else:
        from worker.kafka.dead_letters import read_letters

        assert settings is not None
        letters = wait(read_letters(settings))
    return [letter for letter in letters if not codes or letter.own("error.code") in codes]


def _rules(settings: "Settings", partition: Partition, old: bool) -> "Rules":
    from worker.dead_letters import DAY_MS, Rules
    from worker.kafka.dead_letters import input_partitions, partition_of

    counts = wait(input_partitions(settings))
    now_ms = int(time.time() * 1000)
    oldest = 0 if old else now_ms - settings.repeat_horizon_days * DAY_MS
    return Rules(counts, partition_of, partition.value, oldest)


def _routed(letters: list["Letter"], rules: "Rules") -> tuple[list["Sending"], list["Refused"]]:
    from worker.dead_letters import Refused, Sending, route

    routed = [route(letter, rules) for letter in letters]
    sendings = [one for one in routed if isinstance(one, Sending)]
    return sendings, [one for one in routed if isinstance(one, Refused)]
