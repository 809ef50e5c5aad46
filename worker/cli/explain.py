"""`loyalty explain`: why each rule did or did not fire for one event of a file."""

from typing import Annotated

import typer

from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption
from worker.cli.replay import one_rule_set, replayed


def explain(
    rules: Annotated[str, typer.Option(metavar="PATH", help="The rule set's file.")],
    events: Annotated[
        str, typer.Option(metavar="FILE", help="One JSON event a line, in order; - is input.")
    ],
    event: Annotated[str, typer.Option(metavar="ID", help="The eventId to explain.")],
    form: FormatOption = Format.TEXT,
) -> None:
    """Show why each rule did or did not fire for one event, with the values that it saw.

    The events before it make the client's state. Every line with the id is explained.
    """
    rule_set = one_rule_set(rules)
    from rules_engine.compile import compile_rule_set
    from worker.cli.explanation import explanation

    found = False
    for simulated in replayed(compile_rule_set(rule_set), events):
        if simulated.event is not None and simulated.event.event_id == event:
            found = True
            print(explanation(rule_set, simulated, form))
    if not found:
        raise CommandFailed(f"{events}: no line that can be read has the eventId {event!r}")
