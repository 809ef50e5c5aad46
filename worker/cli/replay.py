"""What `simulate` and `explain` share: one rule set, and a file of events run through it."""

import codecs
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from worker.cli.failure import CommandFailed
from worker.cli.output import require_path, standard_input
from worker.cli.rule_sets import check_files, rule_files

if TYPE_CHECKING:
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.compile import CompiledRuleSet
    from rules_engine.simulate import Simulated


def one_rule_set(path: str) -> "CheckedRuleSet":
    """The rule set of a file, or of a directory with one. Raises RuleSetError, CommandFailed."""
    from rules_engine.errors import RuleSetError

    files = rule_files(path)
    if len(files) > 1:
        raise CommandFailed(f"{path}: it holds {len(files)} rule sets; name one file")
    checked, findings = check_files(files)
    if findings:
        raise RuleSetError(findings)
    return checked[files[0]]


UntilOption = Annotated[
    str | None,
    typer.Option(
        metavar="INSTANT",
        help="Timers ring up to this instant, inclusive: 2026-12-01T00:00:00+03:00. "
        "Without it, or where it is earlier, up to the last event.",
    ),
]


def read_until(text: str | None) -> int | None:
    """The instant of `--until` in microseconds since the epoch."""
    from schemas.errors import Unreadable
    from schemas.instants import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except Unreadable as refused:
        raise typer.BadParameter(f"--until {refused.message}") from None


def replayed(
    rule_set: "CompiledRuleSet", events: str, until: int | None = None
) -> Iterator["Simulated"]:
    """Every event of a file in order, and the timers before and, up to `until`, after them. Raises
    CommandFailed where it cannot be read."""
    from rules_engine.simulate import simulate

    if events == "-":
        yield from simulate(rule_set, _without_mark(standard_input()), until)
        return
    require_path(events)
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open(events, "rb"))
        except OSError as error:
            raise CommandFailed(f"{events}: {error.strerror}; name a file of events") from None
        lines = stack.enter_context(_with_progress(file, events))
        yield from simulate(rule_set, _without_mark(lines), until)


def _without_mark(lines: Iterable[bytes]) -> Iterator[bytes]:
    """A byte order mark is the editor's, not the first event's."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def _with_progress(file: BinaryIO, name: str) -> AbstractContextManager[Iterable[bytes]]:
    """The lines; on a terminal with a bar that goes away at the end."""
    if not sys.stderr.isatty():
        return nullcontext(file)
    from rich.console import Console
    from rich.progress import wrap_file

    size = Path(name).stat().st_size
    console = Console(stderr=True)
    return wrap_file(file, size, description="events", console=console, transient=True)
