"""The file of `loyalty clients import` in two passes: checked whole, then published.

The second pass writes down how far it has come, and begins there when the command is repeated.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rules_engine.wording import counted
from worker.cli.failure import CommandFailed
from worker.cli.output import open_output
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


def export_of(given: dict[str, str], digits: "MinorDigits") -> "Export":
    from worker.clients.export import Export

    return Export(given, digits)


def check(
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
        found = survey(export_of(given, digits), entries_of(file, hashed(lines)), on_bad)
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


def where_to_begin(path: Path, digest: str, from_line: int | None) -> "Checkpoint":
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


def publish_file(
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
