"""`loyalty clients import`: a CRM's export as records that begin clients' states."""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rules_engine.wording import counted
from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption, keep_apart, open_output, print_json, say
from worker.cli.progress import lines_of
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from config.settings import Settings
    from schemas.contract import MinorDigits
    from worker.clients.checkpoint import Checkpoint
    from worker.clients.export import BadLine, Export
    from worker.clients.importing import Survey

MOST_SHOWN = 20
FILE_REMEDY = "name a file of clients (it is read twice, so not a pipe)"


def import_clients(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="One JSON object a line; *.csv: CSV with a heading."),
    ],
    organization: Annotated[
        str | None, typer.Option(metavar="ID", help="organizationId of lines that name none.")
    ] = None,
    club: Annotated[
        str | None, typer.Option(metavar="ID", help="clubId of lines that name none.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When the export was taken: their occurredAt."),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The rule set's file: amounts must fit its currency."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, publish nothing.")] = False,
    skip_bad: Annotated[
        str | None,
        typer.Option(metavar="REPORT", help="Leave bad lines out, and write them to this file."),
    ] = None,
    from_line: Annotated[
        int | None, typer.Option(min=1, help="Begin here, whatever the checkpoint says.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="How far it has come; without it FILE.checkpoint."),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Publish a CRM's export, so that clients begin with the state that they have.

    The file is checked whole before anything is published; a run that was broken off goes on where
    it was when the command is repeated. Publishing a line twice is harmless. A client who has
    counters or an account here already becomes a dead letter NOT_IMPORTED.
    """
    from config.load import load_settings

    given = _given(organization, club, at)
    digits = _minor_digits(rules)
    settings = None if dry_run else load_settings(os.environ, needs=["kafka"])
    _check_targets(file, rules, skip_bad, checkpoint)
    found, digest = _check(file, given, digits, skip_bad)
    if from_line is not None and from_line > found.last_line:
        raise typer.BadParameter(
            f"--from-line {from_line}: {file} ends with line {found.last_line}"
        )
    if settings is None:
        _tell(found, 0, 0, form)
        return
    path = checkpoint or checkpoint_of(file)
    begin = _begin(path, digest, from_line)
    if begin.done:
        say(f"All of {file} is published already; --from-line 1 publishes it again.")
        _tell(found, 0, begin.line, form)
        return
    if begin.line:
        say(f"Going on behind line {begin.line}.")
    end = _publish(settings, file, _export(given, digits), begin, path)
    _tell(found, end.published - begin.published, begin.line, form)


def _check_targets(
    file: Path, rules: str | None, report: str | None, checkpoint: Path | None
) -> None:
    """Neither the report nor the checkpoint is written over what is read, or over the other."""
    from worker.cli.rule_sets import rule_files

    path = checkpoint or checkpoint_of(file)
    written = [path] if report in (None, "-") else [Path(report), path]
    keep_apart([file, *([] if rules is None else map(Path, rule_files(rules)))], written)


def _given(organization: str | None, club: str | None, at: str | None) -> dict[str, str]:
    from schemas.errors import Unreadable
    from schemas.instants import parse_instant

    try:
        if at is not None:
            parse_instant(at)
    except Unreadable as error:
        raise typer.BadParameter(f"--at {error}") from None
    given = {"organizationId": organization, "clubId": club, "occurredAt": at}
    return {name: text for name, text in given.items() if text is not None}


def _minor_digits(rules: str | None) -> "MinorDigits":
    """Without a rule set: what any currency allows."""
    if rules is None:
        return lambda organization: None
    from worker.cli.replay import one_rule_set

    rule_set = one_rule_set(rules)
    digits = {rule_set.organization_id: rule_set.minor_digits}
    return digits.get


def _export(given: dict[str, str], digits: "MinorDigits") -> "Export":
    from worker.clients.export import Export

    return Export(given, digits)


def _check(
    file: Path, given: dict[str, str], digits: "MinorDigits", report: str | None
) -> tuple["Survey", str]:
    """The first pass, and the digest of all that decides what the lines mean."""
    from worker.clients.importing import entries_of, survey

    shown: list[str] = []
    digest = sha256(repr(sorted(given.items())).encode())
    with ExitStack() as stack:
        out = None if report is None else open_output(report)
        if out is not None and report != "-":
            stack.enter_context(out)

        def on_bad(line: "BadLine") -> None:
            if len(shown) < MOST_SHOWN:
                shown.append(f"{file}:{line.line}: {line.message}.")
            if out is not None:
                out.write(_report_line(line))

        def hashed(lines: Iterable[bytes]) -> Iterator[bytes]:
            for line in lines:
                digest.update(line)
                yield line

        lines = stack.enter_context(lines_of(file, "checking", FILE_REMEDY))
        found = survey(_export(given, digits), entries_of(file, hashed(lines)), on_bad)
    if found.bad and report is None:
        if found.bad > len(shown):
            shown.append(f"Beyond these bad: {found.bad - len(shown)} more.")
        entries = counted(found.bad + found.clients, "entry", "entries")
        told = f"{found.bad} of {entries} bad, nothing was published"
        raise CommandFailed(*shown, f"{told}: mend them, or leave them out by --skip-bad REPORT.")
    if not found.clients:
        raise CommandFailed(f"{file}: there is no client in it to publish; {FILE_REMEDY}")
    return found, digest.hexdigest()


def _report_line(bad: "BadLine") -> bytes:
    import msgspec

    text = bad.text.decode("utf-8", "backslashreplace")
    return msgspec.json.encode({"line": bad.line, "message": bad.message, "text": text}) + b"\n"


def checkpoint_of(file: Path) -> Path:
    return file.with_name(file.name + ".checkpoint")


def _begin(path: Path, digest: str, from_line: int | None) -> "Checkpoint":
    """Where to begin: behind what an earlier run has done, or as `--from-line` says."""
    from msgspec import MsgspecError

    from worker.clients.checkpoint import Checkpoint

    if from_line is not None:
        return Checkpoint(digest, from_line - 1, 0)
    remedy = "remove it to begin anew, or name another file by --checkpoint"
    try:
        found = Checkpoint.read(path)
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}; {remedy}") from None
    except MsgspecError as error:
        raise CommandFailed(f"{path}: this is no checkpoint ({error}); {remedy}") from None
    if found is None:
        return Checkpoint(digest, 0, 0)
    if found.export != digest:
        told = "it belongs to another state of the export, or to other options"
        raise CommandFailed(f"{path}: {told}; {remedy} (lines that come twice do no harm)")
    return found


def _publish(
    settings: "Settings", file: Path, export: "Export", begin: "Checkpoint", path: Path
) -> "Checkpoint":
    """The second pass. Raises CommandFailed where it ends early: the checkpoint says where."""
    from worker.errors import Unavailable

    done = [begin]
    try:
        wait(_send(settings, file, export, path, done))
    except Unavailable as error:
        told = f"It came as far as line {done[-1].line}"
        raise CommandFailed(f"{error}. {told}: repeat the command, it goes on there") from None
    except KeyboardInterrupt:
        told = f"stopped behind line {done[-1].line}: repeat the command, it goes on there"
        raise CommandFailed(told) from None
    return done[-1]


async def _send(
    settings: "Settings", file: Path, export: "Export", path: Path, done: list["Checkpoint"]
) -> None:
    from schemas.topics import Channel
    from worker.clients.importing import entries_of, publish
    from worker.kafka.bulk import BulkWriter
    from worker.kafka.security import client_options
    from worker.kafka.topics import partition_count

    topic = settings.topic(Channel.CLIENTS)
    await partition_count(settings, topic)
    with lines_of(file, "publishing", FILE_REMEDY) as lines:
        async with BulkWriter(client_options(settings), topic) as writer:
            async for reached in publish(export, entries_of(file, lines), done[-1], writer):
                _note(reached, path)
                done.append(reached)


def _note(reached: "Checkpoint", path: Path) -> None:
    try:
        reached.write(path)
    except OSError as error:
        told = f"{path}: {error.strerror}; name a file that can be written by --checkpoint"
        raise CommandFailed(f"{told}. Everything up to line {reached.line} is published") from None


def _tell(found: "Survey", published: int, behind: int, form: Format) -> None:
    from rules_engine.account.values import EXACT

    plain = {name: EXACT.normalize(amount) for name, amount in sorted(found.bonus.items())}
    bonus = {name: f"{amount:f}" for name, amount in plain.items()}
    if form is Format.JSON:
        told = {"clients": found.clients, "published": published, "leftOut": found.bad}
        print_json({**told, "behindLine": behind, "bonusMajor": bonus})
        return
    clients, left_out = counted(found.clients, "client"), counted(found.bad, "line")
    print(f"{published} of {clients} published, {left_out} left out.")
    for name, amount in bonus.items():
        print(f"{name}: accounts begin with {amount} in all")
