"""The walk through time: takes what is due, one unit after the other, in order.

`simulate` and the worker drive it alike, one step at a time, so that a driver may stop before any
unit (a full batch, a budget that is short, the end of a replayed plan) and go on from there:

    while (due := walk.next_due(clock)) is not None:
        rung = walk.take(due, budgets)
        if rung.outcome.short:
            break                       # nothing happened; later again, from the same position
    else:
        walk.arrive(clock)

Before an event moves the clock from c to c′ everything due in (c, c′] is taken, the clock standing
at each unit's instant meanwhile. The position is the only cursor of what is due by a fact: a unit
whose instant the position has passed is not made up for. What is due by the client's own value is
carried out whenever the walk meets it; where its instant has passed (another lapse grace, rules
that came back) it counts as due just after the position.
"""

from collections.abc import Mapping

from msgspec import Struct

from rules_engine.books.around import Around
from rules_engine.budgets.port import Budgets
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.outcome import Outcome
from rules_engine.timers.due import Due, Position
from rules_engine.timers.ports import Candidates, Clients

NEVER = 1 << 62
"""A bound beyond every instant."""


class Rung(Struct, frozen=True):
    """A unit that was taken, or is `outcome.short` and was not.

    `before`: the client before it.
    """

    due: Due
    before: ClientState
    outcome: Outcome


class TimerWalk:
    """`rule_sets` by organization: clients of others have no timers. `position`: where to begin;
    None: the first `arrive` or `next_due` begins there, nothing before it is looked at.

    `bound`: no instant after it will be asked for, so that changes which cannot matter before it
    cost nothing.
    """

    def __init__(
        self,
        rule_sets: Mapping[str, CompiledRuleSet],
        clients: Clients,
        candidates: Candidates,
        position: Position | None,
        around: Around,
        bound: int = NEVER,
    ) -> None:
        raise NotImplementedError

    @property
    def position(self) -> Position | None:
        """Everything up to here was taken."""
        raise NotImplementedError

    def is_idle(self, clock: int) -> bool:
        """Certainly nothing is due up to `clock`; one comparison or two."""
        raise NotImplementedError

    def next_due(self, clock: int) -> Due | None:
        """The next unit with an instant up to `clock`; None where there is none. Changes nothing.

        Asked again without a `take` or a change in between, it answers the same.
        """
        raise NotImplementedError

    def take(self, due: Due, budgets: Budgets) -> Rung:
        """Carry out what `next_due` gave. The client's value is put and the position moves to the
        unit; where a budget's answer is awaited (`outcome.short`) nothing happens at all."""
        raise NotImplementedError

    def arrive(self, clock: int) -> None:
        """Everything up to `clock` was taken: the position moves there, never back."""
        raise NotImplementedError

    def changed(self, key: str, before: ClientState | None, after: ClientState) -> None:
        """An event changed a client: what this makes due up to the bound is taken too."""
        raise NotImplementedError
