"""How commands speak: results on standard output, everything else on standard error.

A terminal gets tables, colours and progress; a pipe gets plain text and no progress.
"""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TextIO, cast

import typer

from worker.cli.failure import CommandFailed

_NO_BREAK = str.maketrans("\t\n\r", "   ")


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="text for people, json for programs.")
]


def say(line: str) -> None:
    """A remark beside the result."""
    print(line, file=sys.stderr)


def fail(*lines: str, mark: bool = True) -> None:
    """What is wrong, one line each; `mark` puts `error:` before it."""
    for line in lines:
        print(f"error: {line}" if mark else line, file=sys.stderr)


def sentence(text: object) -> str:
    """The text with one full stop."""
    return f"{str(text).rstrip('.')}."


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wide as the terminal; in a pipe tab-separated lines without a heading."""
    if not is_terminal(sys.stdout):
        for row in rows:
            print_line(row)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console().print(table, markup=False)


def is_terminal(stream: TextIO | None) -> bool:
    """None is what a process has that was started without the stream (`<&-`)."""
    return stream is not None and stream.isatty()


def confirm(question: str) -> None:
    """CommandFailed where nobody is there to answer; a no and Ctrl-C end the command with nothing
    done."""
    if not is_terminal(sys.stdin):
        raise CommandFailed("nobody is there to confirm; repeat the command with --yes")
    typer.confirm(question, abort=True, err=True)


def print_line(cells: Sequence[str]) -> None:
    """Separated by tabs, and one line whatever the cells hold."""
    print("\t".join(cell.translate(_NO_BREAK) for cell in cells))


def read_bytes(path: str) -> bytes:
    """A file's content; `-` is standard input. CommandFailed where it cannot be read."""
    if path == "-":
        return standard_input().read()
    require_path(path)
    if _is_named_pipe(path):
        raise CommandFailed(f"{path}: it is a named pipe, which may never end; name a file")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}; name a file that can be read") from None


def _is_named_pipe(path: str) -> bool:
    """One of a shell (`<(command)`) has a writer and an end, and no name in any directory."""
    return Path(path).is_fifo() and Path(path).resolve().exists()


def open_output(path: str) -> BinaryIO:
    """A file to write; `-` is standard output. CommandFailed where it cannot be written."""
    if path == "-":
        return _open_stream(sys.stdout, "output")
    require_path(path)
    try:
        return open(path, "wb")
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}; name a file that can be written") from None


def keep_apart(sources: Iterable[Path], targets: Sequence[Path]) -> None:
    """Nothing is written over what is read, and no two outputs go to one file."""
    for source in sources:
        if any(is_same(source, target) for target in targets):
            raise typer.BadParameter(
                f"{source} would be written over; give the output its own file"
            )
    for number, target in enumerate(targets):
        if any(is_same(target, other) for other in targets[:number]):
            raise typer.BadParameter("two outputs go to the same place; give each its own file")


def is_same(one: Path, other: Path) -> bool:
    """By name, or as links to one file."""
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except OSError:
        return False


def require_path(path: str) -> None:
    """An empty one is what an unset variable of a shell leaves; "" means no file, and no folder."""
    if not path:
        raise typer.BadParameter("a path is empty; name a file")


def standard_input() -> BinaryIO:
    """CommandFailed where the process was started without one."""
    return _open_stream(sys.stdin, "input")


def _open_stream(stream: object, name: str) -> BinaryIO:
    if stream is None:
        raise CommandFailed(f"standard {name} is closed; name a file instead of -")
    return cast(BinaryIO, getattr(stream, "buffer"))  # noqa: B009 - None for a type checker


def write_any_character() -> None:
    """What a terminal's encoding does not have (`→` in KOI8-R), and a file's name that is no text,
    are shown as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def flush_output() -> None:
    """What cannot be written is heard of here, not when the interpreter ends. Raises OSError."""
    if sys.stdout is not None:
        sys.stdout.flush()


def abandon_output() -> None:
    """Nobody can take what is still buffered: the interpreter shall not try again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
