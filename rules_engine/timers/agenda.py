"""When the rules of a set are due by a date: at their local time, on every day of the organization.

A rule is due on a local day for the clients whose fact lies on one certain date: CLIENT_ABSENT
after 14 days looks on 15 November for those whose latest visit was on the 1st. So nothing is stored
per rule and client.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from rules_engine.calendar import ZoneCalendar, calendar_of, date_of, is_leap
from rules_engine.checked import CheckedRuleSet
from rules_engine.timers.due import Rank
from rules_engine.timers.facts import Fact
from schemas.instants import DAY_US, LAST_US

_MIDNIGHT = 24 * 60

_FACTS: Mapping[Rank, tuple[Fact, int]] = MappingProxyType(
    {
        Rank.AFTER_FIRST_VISIT: (Fact.FIRST_VISIT, -1),
        Rank.BIRTHDAY: (Fact.BIRTHDAY, 0),
        Rank.BONUS_EXPIRING: (Fact.LAPSE_DAY, 1),
        Rank.CLIENT_ABSENT: (Fact.LAST_VISIT, -1),
    }
)
"""Rank → its fact, and on which side of the due day the fact's date lies."""


class Slot(Struct, frozen=True, order=True, array_like=True):
    """Rules that are due together: `minute` of the local day, `days` from the fact. `rules`: their
    places in the rule set, in matching order."""

    rank: int
    minute: int
    days: int
    rules: tuple[int, ...]


class FactDue(Struct, frozen=True, order=True, array_like=True):
    """Rules that are due at an instant for whoever has a fact on a date.

    `day`: the local day on which they are due; `fact_day`: that of the fact, both in days since
    1970-01-01; `first_day` to `last_day`: the entries of an index (`FactEntry.day`) that may hold
    it.
    """

    at: int
    rank: int
    day: int
    fact_day: int
    rules: tuple[int, ...]
    fact: Fact
    first_day: int
    last_day: int


class Agenda:
    """What is due when, for one rule set; rules that are switched off are never due.

    `after_lapses`: places of the rules that a lapse starts, which no date does.
    """

    def __init__(self, rule_set: CheckedRuleSet) -> None:
        self._calendar = calendar_of(rule_set.time_zone)
        together: dict[tuple[int, int, int], list[int]] = {}
        for place, rule in enumerate(rule_set.rules):
            if rule.enabled and rule.timer is not None:
                slot = (Rank[rule.trigger], rule.timer.minute, rule.timer.days)
                together.setdefault(slot, []).append(place)
        self._slots = tuple(sorted(Slot(*slot, tuple(of)) for slot, of in together.items()))
        self.after_lapses = tuple(
            place
            for place, rule in enumerate(rule_set.rules)
            if rule.enabled and rule.trigger == Rank.BONUS_EXPIRED.name
        )
        self._next = (0, 0, 0)
        self._together: tuple[tuple[int, int], tuple[FactDue, ...]] = ((0, 0), ())

    @property
    def calendar(self) -> ZoneCalendar:
        """The organization's: due times and lapse days are by it."""
        return self._calendar

    def dues(self, after_us: int, until_us: int) -> Iterator[FactDue]:
        """Everything with `after_us < at <= until_us`, by instant, then rank. Lazy: costs what is
        asked for, however far the end is."""
        for at, day, slot in self._instants(after_us, until_us):
            yield self._due(at, day, slot)

    def next_at(self, after_us: int) -> int | None:
        """The first instant after this one at which something may be due."""
        since, until, at = self._next
        if since <= after_us < until:
            return at
        found = next(self._instants(after_us, LAST_US), None)
        if found is None:
            return None
        self._next = (after_us, found[0], found[0])
        return found[0]

    def together(self, at: int, rank: int) -> tuple[FactDue, ...]:
        """What is due at one instant in one rank."""
        if self._together[0] != (at, rank):
            found = tuple(each for each in self.dues(at - 1, at) if each.rank == rank)
            self._together = ((at, rank), found)
        return self._together[1]

    def _instants(self, after_us: int, until_us: int) -> Iterator[tuple[int, int, Slot]]:
        """Day after day. Where a zone leaves out hours, or a whole day, what is due in them comes
        among the instants of the next day: so a day waits until the next one is known."""
        if not self._slots:
            return
        until_us = min(until_us, LAST_US)
        waiting: list[tuple[int, int, Slot]] = []
        first, last = self._calendar.local_day(after_us) - 1, self._calendar.local_day(until_us)
        for day in range(first, last + 2):
            of_day = list(self._of_day(day))
            begins = min(of_day)[0]
            yield from _between([each for each in waiting if each[0] < begins], after_us, until_us)
            waiting = [*(each for each in waiting if each[0] >= begins), *of_day]
        yield from _between(waiting, after_us, until_us)

    def _of_day(self, day: int) -> Iterator[tuple[int, int, Slot]]:
        minutes = {slot.minute for slot in self._slots}
        instants = {minute: self._calendar.instant(day, minute) for minute in minutes}
        for slot in self._slots:
            yield instants[slot.minute], day, slot

    def _due(self, at: int, day: int, slot: Slot) -> FactDue:
        fact, side = _FACTS[Rank(slot.rank)]
        fact_day = day + side * slot.days
        if fact is Fact.BIRTHDAY:
            first, last = _birthdays(day)
        else:
            calendar = self._calendar
            first = calendar.instant(fact_day, 0) // DAY_US
            last = (calendar.instant(fact_day, _MIDNIGHT, again=True) - 1) // DAY_US
        return FactDue(at, slot.rank, day, fact_day, slot.rules, fact, first, last)


def _between(
    found: Iterable[tuple[int, int, Slot]], after_us: int, until_us: int
) -> list[tuple[int, int, Slot]]:
    inside = [each for each in found if after_us < each[0] <= until_us]
    return sorted(inside, key=lambda each: (each[0], each[2].rank, each[1], each[2]))


def _birthdays(day: int) -> tuple[int, int]:
    """Month × 100 + day of all who have their birthday on this local day: on 28 February, but in a
    leap year, also those of the 29th."""
    on = date_of(day)
    written = on.month * 100 + on.day
    return written, 229 if written == 228 and not is_leap(on.year) else written
