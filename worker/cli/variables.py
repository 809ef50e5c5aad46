"""The names that formulas may use: rows for `loyalty rules variables`, and docs/variables.md.

`python -m worker.cli.variables` prints the document.
"""

from collections.abc import Iterable
from typing import Any

from rules_engine.formula.functions import FUNCTIONS
from rules_engine.variables import (
    CALENDAR_VARIABLES,
    CLIENT_VARIABLES,
    CREDITED_NOW,
    ENVELOPE,
    EVENT_VARIABLES,
    TRIGGERS,
    Variable,
    variables,
)

HEAD = """# Variables and functions

Generated from `rules_engine/variables.py` and `rules_engine/formula/functions.py` by `make docs`:
change them there. `loyalty rules variables TRIGGER` lists the same names in a terminal; what to do
with them is in [the guide to rules](rules.md).

A variable is a *number*, a *text*, a *flag* (true or false) or the client's *groups*. One that
*may be missing* fails the formula that uses it, unless `known(x)` or `coalesce(x, y)` asks first.
Client variables are what was known *before* the event; calendar variables are in the time zone of
the event's club.
"""


def rows(trigger: str | None) -> list[dict[str, Any]]:
    """One row per trigger and variable. KeyError for an unknown trigger."""
    return [
        {
            "trigger": name,
            "name": variable.name,
            "kind": variable.kind.value,
            "source": variable.source.value,
            "optional": variable.optional,
            "words": list(variable.words),
            "description": variable.description,
        }
        for name in ([trigger] if trigger is not None else TRIGGERS)
        for variable in variables(name).values()
    ]


def markdown() -> str:
    """The whole document."""
    parts = [HEAD]
    for trigger in TRIGGERS:
        own = EVENT_VARIABLES[trigger]
        told = _table(own) if own else "The event has no fields of its own.\n"
        parts.append(f"## Under `{trigger}`\n\n{told}")
    parts += [
        f"## The client, under every trigger\n\n{_table(CLIENT_VARIABLES)}",
        f"## The calendar, under every trigger\n\n{_table(CALENDAR_VARIABLES)}",
        "## In push texts\n\nAll of these but `groups`, in braces: `{topupAmountMajor}`; and "
        f"`{{{CREDITED_NOW.name}}}`, which is always what the rule itself credits now.\n",
        "## Functions\n\n" + _lines(("function", "gives"), _functions()),
        "## No variables\n\n"
        + _lines(("field of every event", "instead"), _cells(ENVELOPE.items())),
    ]
    return "\n".join(parts)


def _table(shown: Iterable[Variable]) -> str:
    cells = ((f"`{each.name}`", _kind(each), _meaning(each)) for each in shown)
    return _lines(("variable", "kind", "meaning"), cells)


def _kind(variable: Variable) -> str:
    return f"{variable.kind.value}{', may be missing' if variable.optional else ''}"


def _meaning(variable: Variable) -> str:
    words = ", ".join(f"`'{word}'`" for word in variable.words)
    return variable.description + (f": {words}" if words else "")


def _functions() -> Iterable[tuple[str, str]]:
    return ((f"`{each.signature}`", each.description) for each in FUNCTIONS.values())


def _cells(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((f"`{name}`", told) for name, told in pairs)


def _lines(heads: tuple[str, ...], cells: Iterable[tuple[str, ...]]) -> str:
    table = [heads, tuple("---" for _ in heads), *cells]
    return "".join(f"| {' | '.join(row)} |\n" for row in table)


if __name__ == "__main__":
    print(markdown(), end="")
