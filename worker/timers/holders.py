"""Step 2 of the search: whoever has a fact on the date that a rule looks for, one due instant after
the other."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby, islice, takewhile

from msgspec import Struct

from rules_engine.compile import CompiledRuleSet
from rules_engine.timers.agenda import FactDue
from rules_engine.timers.due import Due, Position, client_key
from rules_engine.timers.facts import Fact, FactEntry
from worker.index.entries import BEYOND, SEPARATOR, fact_prefix
from worker.tables.port import IndexRange
from worker.timers.gathered import Gathered, RuleSets, Span

AT_ONCE = 4
"""Ranks of instants whose candidates are read in one go."""
LAST_KEY = "\U0010ffff"
"""Behind every key."""


class Wanted(Struct, frozen=True):
    """One range of one day's holders of a fact, for rules that are due at `at`."""

    at: int
    rank: int
    organization_id: str
    fact: Fact
    day: int


class HolderSearch:
    """`ranges` and `found` by turns until there are no more ranges, or the horizon is reached.
    `limit`: so many units are looked for."""

    def __init__(self, rule_sets: RuleSets, span: Span, limit: int, gathered: Gathered) -> None:
        self._begin = span.position or Position(span.until)
        self._limit, self._gathered = limit, gathered
        self._dues = self._groups(rule_sets, span.until)
        self._asked: list[Wanted] = []
        self._holders = 0

    def ranges(self) -> Sequence[IndexRange]:
        groups = islice(takewhile(self._is_within, self._dues), AT_ONCE)
        self._asked = [wanted for group in groups for wanted in group]
        return [self._range(wanted) for wanted in self._asked]

    def found(self, entries: Sequence[Sequence[bytes]]) -> None:
        """A long search ends behind the rank in which it passed its limit."""
        gathered = self._gathered
        for wanted, of_day in zip(self._asked, entries, strict=True):
            fact = FactEntry(wanted.fact, wanted.day)
            due = Due(wanted.at, wanted.rank, "")
            for entry in of_day:
                client_id = entry.rpartition(SEPARATOR)[2].decode()
                due = Due(wanted.at, wanted.rank, client_key(wanted.organization_id, client_id))
                gathered.holds(due, entry, fact)
            if len(of_day) == self._limit:
                gathered.ends_at(due)
            self._holders += len(of_day)
        if self._asked and self._holders >= self._limit:
            last = self._asked[-1]
            gathered.ends_at(Due(last.at, last.rank, LAST_KEY))

    def _is_within(self, group: Sequence[Wanted]) -> bool:
        horizon = self._gathered.horizon
        return horizon is None or (group[0].at, group[0].rank) <= (horizon.at, horizon.rank)

    def _groups(self, rule_sets: RuleSets, until: int) -> Iterator[list[Wanted]]:
        """What is looked for at one instant in one rank, one after the other. The rank that the
        position stands in is not through yet."""
        position = self._begin
        after = position.at - 1 if position.timer is not None else position.at
        of_each = (
            _dues(organization_id, rule_sets[organization_id], after, until)
            for organization_id in sorted(rule_sets)
        )
        for _, group in groupby(merge(*of_each, key=_turn), key=lambda each: _turn(each)[:2]):
            wanted = [one for organization_id, due in group for one in _days(organization_id, due)]
            if self._is_ahead(wanted[0]):
                yield list(dict.fromkeys(wanted))

    def _is_ahead(self, wanted: Wanted) -> bool:
        timer = self._begin.timer
        return timer is None or (wanted.at, wanted.rank) >= (timer.at, timer.rank)

    def _range(self, wanted: Wanted) -> IndexRange:
        """From the client on that the position stands at, if it stands in this rank."""
        prefix = fact_prefix(wanted.fact, wanted.organization_id, wanted.day)
        first, beyond = prefix, prefix[:-1] + BEYOND
        timer = self._begin.timer
        if timer is not None and (timer.at, timer.rank) == (wanted.at, wanted.rank):
            begin = client_key(wanted.organization_id, "")
            if timer.key.startswith(begin):
                first = prefix + timer.key[len(begin) :].encode() + b"\x00"
            elif begin < timer.key:
                first = beyond
        return IndexRange(first, beyond, self._limit)


def _dues(
    organization_id: str, rule_set: CompiledRuleSet, after: int, until: int
) -> Iterator[tuple[str, FactDue]]:
    for due in rule_set.agenda.dues(after, until):
        yield organization_id, due


def _turn(each: tuple[str, FactDue]) -> tuple[int, int, str]:
    organization_id, due = each
    return due.at, due.rank, organization_id


def _days(organization_id: str, due: FactDue) -> Iterator[Wanted]:
    for day in range(due.first_day, due.last_day + 1):
        yield Wanted(due.at, due.rank, organization_id, due.fact, day)
