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
from heapq import heappop, heappush

from msgspec import Struct

from rules_engine.books.around import Around
from rules_engine.budgets.port import Budgets
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.outcome import Outcome
from rules_engine.timers.dates import NEVER, Dates
from rules_engine.timers.due import Due, Position, split_client_key
from rules_engine.timers.facts import first_state_driven, next_state_driven
from rules_engine.timers.ports import Candidates, Clients
from rules_engine.timers.ring import ring


class Rung(Struct, frozen=True):
    """A unit that was taken, or is `outcome.short` and was not.

    `before`: the client before it.
    """

    due: Due
    before: ClientState
    outcome: Outcome


class TimerWalk:
    """`rule_sets` by organization: clients of others have no timers. `position`: where to begin;
    None: the walk begins where it first arrives, and nothing before that is looked at.

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
        self._rule_sets = rule_sets
        self._clients = clients
        self._candidates = candidates
        self._position = position
        self._around = around
        self._grace_us = around.lapse_grace_us
        self._bound = bound
        self._wakes: list[Due] = []
        self._woken_until = -NEVER
        self._dates = Dates(rule_sets, clients, candidates)
        if position is not None:
            self._dates.begin(position)
        self._watches = position is None or self._dates.next_at <= bound

    @property
    def position(self) -> Position | None:
        """Everything up to here was taken."""
        return self._position

    def is_idle(self, clock: int) -> bool:
        """Certainly nothing is due up to `clock`: a few comparisons."""
        if self._position is None:
            return True
        if self._dates.next_at <= clock:
            return False
        self._wake(clock)
        return not self._wakes or self._wakes[0].at > clock

    def next_due(self, clock: int) -> Due | None:
        """The next unit with an instant up to `clock`; None where there is none. Changes nothing.

        Asked again without a `take` or a change in between, it answers the same.
        """
        if self._position is None:
            return None
        self._wake(clock)
        by_state = self._next_by_state(self._position)
        if by_state is not None and by_state.at > clock:
            by_state = None
        # At one instant what is due by a state comes before what is due by a date.
        until = clock if by_state is None else min(clock, by_state.at - 1)
        by_date = self._dates.next_due(self._position, until)
        return by_state if by_date is None else by_date

    def take(self, due: Due, budgets: Budgets) -> Rung:
        """Carry out what `next_due` gave. The client's value is put and the position moves to the
        unit; where a budget's answer is awaited (`outcome.short`) nothing happens at all."""
        before = self._clients.get(due.key) or ClientState()
        rule_set = self._rule_sets[split_client_key(due.key)[0]]
        outcome = ring(rule_set, before, due, budgets, self._around)
        if not outcome.short:
            self._clients.put(due.key, outcome.client)
            self._position = Position(due.at, due)
            self.changed(due.key, before, outcome.client)
        return Rung(due, before, outcome)

    def arrive(self, clock: int) -> None:
        """Everything up to `clock` was taken: the position moves there, never back."""
        if self._position is None:
            self._position = Position(clock)
            self._dates.begin(self._position)
            self._watches = self._dates.next_at <= self._bound
        elif clock > self._position.at or self._position.timer is not None:
            self._position = Position(max(clock, self._position.at))
            if self._dates.next_at <= self._position.at:
                self._dates.begin(self._position)

    def changed(self, key: str, before: ClientState | None, after: ClientState) -> None:
        """An event changed a client, whose new value `clients` has: what this makes due up to the
        bound is taken too. `before` None: the client was not known."""
        wake = next_state_driven(after, self._grace_us)
        wakes = wake is not None and wake <= self._bound
        if wakes or self._watches:
            self._candidates.changed(key, before, after)
        if wakes and wake is not None and wake <= self._woken_until:
            self._push(key, after)

    def _wake(self, clock: int) -> None:
        """Who has something due by its state up to `clock` is among `_wakes` after this."""
        if clock > self._woken_until:
            self._woken_until = clock
            for _, key in self._candidates.waking(clock):
                self._push(key, self._clients.get(key))

    def _push(self, key: str, client: ClientState | None) -> None:
        due = self._by_state(key, client)
        if due is not None:
            heappush(self._wakes, due)

    def _next_by_state(self, position: Position) -> Due | None:
        """The first of `_wakes` that is still so; what has changed is looked at anew."""
        while self._wakes:
            due = self._wakes[0]
            now = self._by_state(due.key, self._clients.get(due.key))
            if now == due:
                return due
            heappop(self._wakes)
            if now is not None:
                heappush(self._wakes, now)
        return None

    def _by_state(self, key: str, client: ClientState | None) -> Due | None:
        """What the client's own value has due first. An instant that has passed counts as the one
        just after the position."""
        position = self._position
        if client is None or position is None or split_client_key(key)[0] not in self._rule_sets:
            return None
        first = first_state_driven(client, self._grace_us)
        if first is None:
            return None
        return position.late(Due(first[0], first[1], key))
