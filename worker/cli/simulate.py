"""`loyalty simulate`: a file of events through a rule set, from empty state."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from worker.cli.comparison import print_comparison
from worker.cli.output import Format, FormatOption, keep_apart, open_output, print_json, say
from worker.cli.replay import UntilOption, one_rule_set, read_until, replayed
from worker.cli.rule_sets import rule_files

if TYPE_CHECKING:
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.simulate import Simulated
    from worker.cli.tally import Tally

OutputOption = Annotated[str | None, typer.Option(metavar="FILE", help="- is standard output.")]


def simulate(
    rules: Annotated[str, typer.Option(metavar="PATH", help="The rule set's file.")],
    events: Annotated[
        str, typer.Option(metavar="FILE", help="One JSON event a line, in order; - is input.")
    ],
    commands: OutputOption = None,
    journal: OutputOption = None,
    dead_letters: OutputOption = None,
    until: UntilOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Why each rule did or did not fire, on output.")
    ] = False,
    compare: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Another rule set: who gains, who loses, the cost."),
    ] = None,
    top: Annotated[
        int, typer.Option(min=0, metavar="N", help="Clients that --compare names on each side.")
    ] = 10,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run events through a rule set from empty state and write what the worker would, timers
    included.

    Totals go to standard error; with --format json, or of two that are compared, to standard
    output.
    """
    ends = read_until(until)
    outputs = (commands, journal, dead_letters)
    if compare is not None:
        if explain or any(outputs):
            raise typer.BadParameter("--compare writes sums alone; run each rule set by itself")
        replay = partial(replayed, until=ends)
        print_comparison(rules, compare, events, top, form, replay)
        return
    sources = (*rule_files(rules), *([] if events == "-" else [events]))
    _check_targets(sources, outputs, on_output=explain or form is Format.JSON)
    tally = _run(one_rule_set(rules), events, ends, outputs, form if explain else None)
    if form is Format.JSON and not explain:
        print_json(tally.summary())
    else:
        for line in tally.lines():
            say(line)


def _run(
    rule_set: "CheckedRuleSet",
    events: str,
    ends: int | None,
    outputs: Sequence[str | None],
    explained: Format | None,
) -> "Tally":
    """`explained`: how each outcome is explained on standard output; None: not at all."""
    from rules_engine.compile import compile_rule_set
    from worker.cli.tally import Tally

    tally = Tally()
    with ExitStack() as files:
        opened = [_open(files, path) for path in outputs]
        for simulated in replayed(compile_rule_set(rule_set), events, ends):
            _write(opened, simulated)
            tally.add(simulated)
            if explained is not None and simulated.outcome is not None:
                from worker.cli.explanation import explanation

                print(explanation(rule_set, simulated, explained))
    return tally


def _check_targets(
    sources: Sequence[str], outputs: Sequence[str | None], *, on_output: bool
) -> None:
    """Nothing is written over what is read, and standard output carries one thing."""
    targets = [path for path in outputs if path is not None]
    places = [path if path == "-" else str(Path(path).resolve()) for path in targets]
    if len(places) + on_output > len({*places, *(["-"] if on_output else [])}):
        raise typer.BadParameter("two outputs go to the same place; give each its own file")
    keep_apart(map(Path, sources), [Path(path) for path in targets if path != "-"])


def _open(files: ExitStack, path: str | None) -> BinaryIO | None:
    if path is None:
        return None
    file = open_output(path)
    return file if path == "-" else files.enter_context(file)


def _write(opened: list[BinaryIO | None], simulated: "Simulated") -> None:
    commands, journal, dead_letters = opened
    if commands is not None:
        commands.writelines(line + b"\n" for line in simulated.commands)
    if journal is not None:
        journal.writelines(line + b"\n" for line in simulated.journal)
    if dead_letters is not None and simulated.dead_letter is not None:
        dead_letters.write(simulated.dead_letter + b"\n")
