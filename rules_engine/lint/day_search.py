"""The search for a day on which one client is credited most: courses of events, each run through
the product's own evaluation, so that what a course gets is what is truly paid.

From every past courses grow, by one event or by an event again and again; of those that get the
same and leave the client in the same groups the shortest goes on, and of all those the few that get
most. At the end comes an event of just such an amount that what is left of a limit is used up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rules_engine.compile.bounds import INDEXED
from rules_engine.lint.day_events import Candidate, Past
from rules_engine.lint.day_run import Credited, Days
from rules_engine.lint.sums import largest_sum
from rules_engine.lint.witness import amount_of
from schemas.instants import SECOND_US

MOST_EVENTS = 40
"""Events of one day."""
MOST_EVALUATED = 12_000
"""Events and timers that are evaluated for all days together."""
_EFFORT = 1_200
"""Of these for the first past of one day; for the second half as many, for the third a third."""
_AT_ONCE, _WIDTH, _DEPTH, _FITTED = 6, 6, 6, 3
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Course:
    """A day of one client: events with their instants, what they get, and the client's groups
    after them."""

    past: Past
    events: tuple[tuple[Candidate, int], ...] = ()
    total: Decimal = _ZERO
    groups: tuple[str, ...] = ()


class DaySearch:
    """On one local day, up to `goal`; `enough`: so many events cannot get more. `begin`: when the
    client is imported; `gaps`: how long after one event another may be tried (microseconds), beside
    right after it; `limit`: what the set leaves a client on a day."""

    def __init__(
        self,
        days: Days,
        day: int,
        begin: int,
        candidates: Sequence[Candidate],
        goal: Decimal,
        enough: Decimal,
        gaps: Sequence[int],
        limit: Decimal | None,
    ) -> None:
        self._days = days
        self._day = day
        self._candidates = candidates
        self._goal = goal
        self._enough = enough
        self._gaps = gaps
        self._limit = limit
        self._until = 0
        self._begin = begin

    def run(self, pasts: Sequence[Past]) -> Course:
        """The best course that was found. `pasts`: at least one; the likeliest first. What gets
        more than the goal is of a client who has grown beyond what is assumed of them."""
        best = Course(pasts[0])
        for number, past in enumerate(pasts, start=1):
            self._until = min(self._days.evaluated + _EFFORT // number, MOST_EVALUATED)
            for course in self._grown(Course(past)):
                if course.total > best.total:
                    total = self.credited(course).total  # as it is without what was cut off
                    if best.total < total <= self._goal:
                        best = replace(course, total=total)
                if best.total >= self._enough:
                    return best
                if self._is_spent:
                    break
        return best

    def lines(self, course: Course) -> list[bytes]:
        """As `loyalty simulate` takes them."""
        past = course.past
        lines = [past.line(self._days.organization_id, self._begin)] if past.facts else []
        lines += [
            each.line(past.client_id, number, at)
            for number, (each, at) in enumerate(course.events, start=1)
        ]
        return lines

    def credited(self, course: Course) -> Credited:
        return self._days.run(self.lines(course), self._day)

    @property
    def _is_spent(self) -> bool:
        return self._days.evaluated > self._until

    def _grown(self, start: Course) -> Iterator[Course]:
        """Courses from one past, round by round the best first."""
        start = replace(start, total=self.credited(start).total)
        yield start
        best, courses = [start], [start]
        for _ in range(_DEPTH):
            courses = self._next(courses)
            yield from courses
            best = sorted([*best, *courses], key=_promise)[:_FITTED]
            if not courses:
                break
        yield from self._summed(start)
        for course in best:
            yield from self._fitted(course)

    def _next(self, courses: Sequence[Course]) -> list[Course]:
        found: dict[tuple[Decimal, tuple[str, ...]], Course] = {}
        for course in courses:
            for candidate in self._candidates:
                for start, gap in self._paces(course, candidate):
                    if self._is_spent:
                        break
                    for longer in self._extended(course, candidate, start, gap, _AT_ONCE):
                        if longer.total > self._goal:
                            continue
                        key = longer.total, longer.groups
                        known = found.get(key)
                        if known is None or len(longer.events) < len(known.events):
                            found[key] = longer
        return sorted(found.values(), key=_promise)[:_WIDTH]

    def _paces(self, course: Course, candidate: Candidate) -> Iterator[tuple[int, int]]:
        """From when on an event may come, and how long after the one before it."""
        for gap in (candidate.apart, *self._gaps):
            yield candidate.earliest, gap
        rings_at = course.past.rings_at
        if rings_at is not None and candidate.earliest <= rings_at:
            yield rings_at + SECOND_US, candidate.apart

    def _extended(
        self, course: Course, candidate: Candidate, start: int, gap: int, times: int
    ) -> list[Course]:
        """With the event once, as often as it pays, and once less. Where it pays each time that it
        is tried, it is tried as often as a day may have events."""
        longest = self._with(course, candidate, start, gap, times)
        old, new = len(course.events), len(longest.events) - len(course.events)
        if not new:
            return []
        credited = self.credited(longest)
        paying = [number for number in range(1, new + 1) if credited.by_event[old + number - 1]]
        if 1 < times == len(paying) and len(longest.events) < MOST_EVENTS:
            return self._extended(course, candidate, start, gap, MOST_EVENTS)
        cuts = {1, *paying[:1], *paying[-2:]}
        return [self._cut(longest, old + cut, credited) for cut in sorted(cuts)]

    def _with(
        self, course: Course, candidate: Candidate, start: int, gap: int, times: int
    ) -> Course:
        """With the event so many times, as far as the day and the course go."""
        events = list(course.events)
        for _ in range(min(times, MOST_EVENTS - len(events))):
            at = max(events[-1][1] + gap, start) if events else start
            if at > candidate.latest:
                break
            events.append((candidate, at))
        return replace(course, events=tuple(events))

    def _cut(self, course: Course, length: int, credited: Credited) -> Course:
        """The first events, with the timers that ring after them all."""
        return replace(
            course,
            events=course.events[:length],
            total=sum(credited.by_event[:length], credited.rest),
            groups=credited.groups[length - 1],
        )

    def _summed(self, start: Course) -> Iterator[Course]:
        """Where a limit holds the day: the events that come closest to it together, if each gets
        the same every time."""
        if self._limit is None:
            return
        items, found = list[tuple[int, int]](), list[Candidate]()
        scale = self._days.minor_digits
        for candidate in self._candidates:
            if self._is_spent:
                return
            longest = self._with(start, candidate, candidate.earliest, candidate.apart, MOST_EVENTS)
            paid = [each for each in self.credited(longest).by_event if each]
            if paid and len(set(paid)) == 1:
                items.append((int(paid[0].scaleb(scale)), len(paid)))
                found.append(candidate)
        best = largest_sum(items, int((self._limit - start.total).scaleb(scale))) if items else None
        if best is None:
            return
        course = start
        for candidate, times in zip(found, best[1], strict=True):
            course = self._with(course, candidate, candidate.earliest, candidate.apart, times)
        yield replace(course, total=self.credited(course).total)

    def _fitted(self, course: Course) -> Iterator[Course]:
        """By halving: one more event, of the greatest amount that still gets a credit."""
        for candidate in self._candidates:
            name = INDEXED.get(candidate.trigger)
            if name is None or self._is_spent:
                continue
            line = candidate.line("", 0, candidate.earliest)
            low, high = 0, amount_of(line, name)
            while high - low > 1:
                middle = (low + high) // 2
                fitted = candidate.with_amount(name, middle)
                (longer,) = self._extended(course, fitted, fitted.earliest, fitted.apart, 1) or [
                    course
                ]
                if longer.total > course.total:
                    yield longer
                    low = middle
                else:
                    high = middle


def _promise(course: Course) -> tuple[Decimal, int]:
    return -course.total, len(course.events)
