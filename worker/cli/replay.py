"""What `simulate` and `explain` share: one rule set, and a file of events run through it."""

import codecs
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.failure import CommandFailed
from worker.cli.output import is_terminal, require_path, standard_input
from worker.cli.progress import lines_of
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


_TOO_FAR = "2200-01-01T00:00:00Z"

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
        until = parse_instant(text)
    except Unreadable as refused:
        raise typer.BadParameter(f"--until {refused.message}") from None
    if until >= parse_instant(_TOO_FAR):
        raise typer.BadParameter(
            f"--until {text} is too far ahead: every day until then is looked at; write an "
            f"instant before {_TOO_FAR[:4]}"
        )
    return until


def replayed(
    rule_set: "CompiledRuleSet", events: str, until: int | None = None
) -> Iterator["Simulated"]:
    """Every event of a file in order, and the timers before and, up to `until`, after them. Raises
    CommandFailed where it cannot be read."""
    from rules_engine.simulate import simulate

    if events == "-":
        with _waiting(until) as waiting:
            yield from simulate(rule_set, _lines(standard_input(), waiting), until)
        return
    require_path(events)
    with _waiting(until) as waiting, lines_of(events, "events", "name a file of events") as lines:
        yield from simulate(rule_set, _lines(lines, waiting), until)


def _lines(lines: Iterable[bytes], at_end: Callable[[], object]) -> Iterator[bytes]:
    """A byte order mark is the editor's, not the first event's. `at_end`: called after the last."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix(codecs.BOM_UTF8)
    at_end()


@contextmanager
def _waiting(until: int | None) -> Iterator[Callable[[], object]]:
    """What tells, on a terminal, that the events are read and time goes on to `until`."""
    if until is None or not is_terminal(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console

    status = Console(stderr=True).status("timers after the last event")
    try:
        yield status.start
    finally:
        status.stop()
