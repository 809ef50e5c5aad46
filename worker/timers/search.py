"""Who may have a timer due in a plan: read out of the index before its evaluation.

1. Whoever wakes by their own value (`wakes.py`).
2. Whoever has a fact on the date that a rule looks for (`holders.py`).

A plan takes a bounded number of timers, so a search ends at its `horizon`: the last unit up to
which every candidate is known. Nothing is scanned: each range begins at the first entry that can be
due.
"""

from collections.abc import Sequence

from rules_engine.timers.due import Due
from rules_engine.timers.held import HeldCandidates
from worker.tables.port import IndexRange
from worker.timers.gathered import Gathered, RuleSets, Span
from worker.timers.holders import HolderSearch
from worker.timers.wakes import WakeSearch

MOST_UNITS = 1_000
"""Candidates of one plan: so many clients at most are loaded and written for timers."""
NO_LIMIT = 1 << 40


class TimerSearch:
    """`ranges` and `found` by turns until there are no more ranges; then `candidates` are whole up
    to the horizon. `most` None: everything up to the span's end, for a replay. `last`: nothing
    behind this unit is asked for. `budgets_key`: that of the lane's own value.
    """

    def __init__(
        self,
        rule_sets: RuleSets,
        span: Span,
        most: int | None = MOST_UNITS,
        budgets_key: str = "",
        last: Due | None = None,
    ) -> None:
        limit = NO_LIMIT if most is None else most
        self._rule_sets, self._budgets_key = rule_sets, budgets_key
        self._is_empty = span.position is None
        self._gathered = Gathered(span.grace_us)
        self._wakes = WakeSearch(rule_sets, span, limit, last, self._gathered)
        self._holders = HolderSearch(rule_sets, span, limit, self._gathered)

    @property
    def candidates(self) -> HeldCandidates:
        return self._gathered.candidates

    @property
    def horizon(self) -> Due | None:
        """The last unit up to which all candidates are known; None: to the span's end."""
        return self._gathered.horizon

    @property
    def keys(self) -> list[str]:
        """Of the clients that the entries name, each once; with them the lane's budgets."""
        keys = dict.fromkeys(self.entries().values())
        if keys and any(rule_set.budgets for rule_set in self._rule_sets.values()):
            keys[self._budgets_key] = None
        return list(keys)

    def candidate_keys(self) -> set[str]:
        """Of all whom the index named, beyond the horizon too."""
        return {due.key for due in self._gathered.entries.values()}

    def entries(self) -> dict[bytes, str]:
        """Entries up to the horizon, with their clients' keys."""
        return self._gathered.up_to_horizon()

    def ranges(self) -> Sequence[IndexRange]:
        """What is to be read next; empty: the search is over."""
        if self._is_empty:
            return []
        return self._holders.ranges() if self._wakes.is_over else self._wakes.ranges()

    def found(self, entries: Sequence[Sequence[bytes]]) -> None:
        """The entries of each range, ascending."""
        if self._wakes.is_over:
            self._holders.found(entries)
        else:
            self._wakes.found(entries)
