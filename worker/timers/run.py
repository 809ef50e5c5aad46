"""The timers of one plan under way: taken in order before each event, and at its end."""

from collections.abc import Callable, Mapping

from rules_engine.books.around import Around
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.timers.due import Due, Position
from rules_engine.timers.ports import Clients
from rules_engine.timers.walk import TimerWalk
from worker.lane.evaluator_port import Only
from worker.timers.search import TimerSearch

Ring = Callable[[Due], bool]
"""Carries a unit out; False: its budget is short, or the plan is full before it."""


class TimerRun:
    """`bound`: no instant after it is asked for. `only`: what a logged plan did."""

    def __init__(
        self,
        rules: Mapping[str, CompiledRuleSet],
        clients: Clients,
        search: TimerSearch,
        around: Around,
        position: Position | None,
        bound: int,
        only: Only | None,
    ) -> None:
        self.walk = TimerWalk(rules, clients, search.candidates, position, around, bound)
        self.units = 0
        self.halted = False
        """Ended at the search's horizon: more may be due."""
        self._horizon = search.horizon
        self._only = only

    @property
    def position(self) -> Position | None:
        """Everything up to here was taken."""
        if self.halted and self._horizon is not None:
            return Position(self._horizon.at, self._horizon)
        return self.walk.position

    def is_idle(self, clock: int) -> bool:
        """Nothing is due up to `clock`, nor unknown, and the position is in no instant's middle."""
        horizon, position = self._horizon, self.walk.position
        return (
            (horizon is None or horizon.at > clock)
            and (position is None or position.timer is None)
            and self.walk.is_idle(clock)
        )

    def reach(self, clock: int, ring: Ring) -> bool:
        """Take everything up to `clock`; False where the plan ends before."""
        if not self.take(clock, ring):
            return False
        self.halted = self._horizon is not None and self._horizon.at <= clock
        return not self.halted

    def arrive(self, clock: int) -> None:
        """Everything up to `clock` was taken, and the clock came there."""
        self.walk.arrive(clock)

    def take(self, clock: int, ring: Ring) -> bool:
        """The same, as far as the candidates are known."""
        while (due := self.walk.next_due(clock)) is not None:
            if self._horizon is not None and due > self._horizon:
                self.halted = True
                return False
            if self._is_through(due) or not ring(due):
                return False
        return True

    def _is_through(self, due: Due) -> bool:
        """Is this one unit more than the logged plan took, and not the one that it tried?"""
        only = self._only
        return only is not None and self.units >= only.units and due != only.tried

    def changed(self, key: str, before: ClientState, after: ClientState) -> None:
        self.walk.changed(key, before, after)
