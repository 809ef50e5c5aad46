"""What is due on dates: one instant after the other, at each one rank after the other."""

from collections import deque
from collections.abc import Iterator, Mapping
from heapq import merge

from rules_engine.compile import CompiledRuleSet
from rules_engine.timers.agenda import FactDue
from rules_engine.timers.due import Due, Position, split_client_key
from rules_engine.timers.judge import holds
from rules_engine.timers.ports import Candidates, Clients

NEVER = 1 << 62
"""A bound beyond every instant."""
_NO_DATE = NEVER + 1

_Dated = tuple[FactDue, CompiledRuleSet]


class Dates:
    """`next_at`: before this instant nothing is due.

    Who holds a fact is asked when its rank is reached, so that what earlier units changed is seen.
    """

    def __init__(
        self,
        rule_sets: Mapping[str, CompiledRuleSet],
        clients: Clients,
        candidates: Candidates,
    ) -> None:
        self._rule_sets = rule_sets
        self._clients = clients
        self._candidates = candidates
        self._stream: Iterator[_Dated] | None = None
        self._ahead: _Dated | None = None
        self._ranks: deque[list[_Dated]] = deque()
        self._dues: list[_Dated] = []
        self._keys: deque[str] = deque()
        self._is_open = False
        self.next_at = _NO_DATE

    def begin(self, position: Position) -> None:
        """After a unit of an instant the rest of the instant is still to come."""
        after = position.at if position.timer is None else position.at - 1
        found = [rules.agenda.next_at(after) for rules in self._rule_sets.values()]
        self.next_at = min((at for at in found if at is not None), default=_NO_DATE)
        self._stream, self._is_open = None, False
        self._ranks.clear()
        self._keys.clear()

    def next_due(self, position: Position, until: int) -> Due | None:
        """The next unit up to `until`: only asked where nothing else comes before it."""
        while self.next_at <= until:
            if not self._is_open:
                self._open()
            while self._keys:
                due = Due(self.next_at, self._dues[0][0].rank, self._keys[0])
                if position.is_behind(due) and self._is_due(due.key):
                    return due
                self._keys.popleft()
            if self._ranks:
                self._enter(self._ranks.popleft())
            else:
                self.next_at = _NO_DATE if self._ahead is None else self._ahead[0].at
                self._is_open = False
        return None

    def _open(self) -> None:
        """Everything of the instant, by rank; then the stream stands before the next instant."""
        if self._stream is None:
            self._stream = self._from(self.next_at - 1)
            self._ahead = next(self._stream, None)
        by_rank: dict[int, list[_Dated]] = {}
        while self._ahead is not None and self._ahead[0].at == self.next_at:
            by_rank.setdefault(self._ahead[0].rank, []).append(self._ahead)
            self._ahead = next(self._stream, None)
        self._ranks.extend(by_rank[rank] for rank in sorted(by_rank))
        self._is_open = True

    def _from(self, after: int) -> Iterator[_Dated]:
        def dated(rules: CompiledRuleSet) -> Iterator[_Dated]:
            return ((due, rules) for due in rules.agenda.dues(after, NEVER))

        return merge(*map(dated, self._rule_sets.values()), key=lambda each: each[0].at)

    def _enter(self, dues: list[_Dated]) -> None:
        self._dues = dues
        keys: set[str] = set()
        for due, rules in dues:
            days = due.first_day, due.last_day
            keys.update(self._candidates.holders(rules.organization_id, due.fact, *days))
        self._keys.extend(sorted(keys))

    def _is_due(self, key: str) -> bool:
        client = self._clients.get(key)
        if client is None:
            return False
        organization_id = split_client_key(key)[0]
        return any(
            rules.organization_id == organization_id and holds(due, client, rules.agenda.calendar)
            for due, rules in self._dues
        )
