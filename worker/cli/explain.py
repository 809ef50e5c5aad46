"""`loyalty explain`: why each rule did or did not fire for one event of a file."""

from typing import Annotated

import typer

from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption
from worker.cli.replay import UntilOption, one_rule_set, read_until, replayed


def explain(
    rules: Annotated[str, typer.Option(metavar="PATH", help="The rule set's file.")],
    events: Annotated[
        str, typer.Option(metavar="FILE", help="One JSON event a line, in order; - is input.")
    ],
    event: Annotated[str, typer.Option(metavar="ID", help="The eventId to explain.")],
    until: UntilOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show why each rule did or did not fire for one event, with the values that it saw.

    The events before it make the client's state. Every line with the id is explained. A timer's id
    is that of a rule's commands: `timer:CLIENT_ABSENT:come-back:c-1:2026-11-22`.
    """
    ends = read_until(until)
    rule_set = one_rule_set(rules)
    from rules_engine.compile import compile_rule_set
    from worker.cli.explanation import event_ids, explanation

    found = False
    compiled = compile_rule_set(rule_set)
    for simulated in replayed(compiled, events, ends):
        if event in event_ids(compiled, simulated):
            found = True
            print(explanation(rule_set, simulated, form))
    if not found:
        raise CommandFailed(
            f"{events}: no line that can be read, and no timer that rang, has the eventId "
            f"{event!r}; take it from a command, and let timers ring by --until "
            "(simulate --dead-letters - shows lines that cannot be read)"
        )
