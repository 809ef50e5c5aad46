"""One value of each name of a box, and the client and the instant that have them."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from rules_engine.calendar import ZoneCalendar, date_of, date_text, minute_of, weekday_of
from rules_engine.formula.runtime import bucket_of
from rules_engine.lint.boxes import Box
from rules_engine.lint.domains import BUCKET, GROUP, MINUTE, OCCURRED_AT, WEEKDAY
from rules_engine.lint.values import Flags, Numbers, Result, Texts
from schemas.instants import instant_text

ELSEWHERE = "club-1"
"""The club of an event for which any will do."""
_DAYS_AHEAD = 800
"""Days that are tried for an event: a weekday, a date of the year, a leap day's neighbour."""
_CLIENTS_TRIED = 4_000
_NOON = 12 * 60
_BACK = frozenset({"daysSinceFirstVisit", "daysSinceLastVisit", "daysSinceRegistration"})


class Point:
    """One value of each name of a box: the greatest number, of the names in `low` the least."""

    def __init__(self, box: Box, low: frozenset[str]) -> None:
        self._box = box
        self._low = low

    def has(self, name: str) -> bool:
        return name in self._box.spans

    def named(self, prefix: str) -> list[str]:
        return sorted(name for name in self._box.spans if name.startswith(prefix))

    def held(self, name: str) -> Result:
        return self._box.held(name)

    def range(self, name: str) -> Numbers:
        return self._box.numbers(name)

    def number(self, name: str) -> Decimal | None:
        """None where it is missing, no number, or not asked for."""
        value = self._box.held(name).value if self.has(name) else None
        if not isinstance(value, Numbers):
            return None
        if name not in self._low:
            return value.most
        # Of days back from the event none lies ahead, where any other will do.
        return min(max(value.least, Decimal(0)), value.most) if name in _BACK else value.least

    def flag(self, name: str) -> bool:
        """False where either will do: the client is in no group that nobody asks for."""
        value = self._box.held(name).value
        return isinstance(value, Flags) and value.surely

    def text(self, name: str) -> str | None:
        value = self._box.held(name).value if self.has(name) else None
        if not isinstance(value, Texts):
            return None
        if value.words is not None:
            return min(value.words)
        tried = (ELSEWHERE, "other", *(f"{value.above or ''}{end}" for end in ("!", "0", "a")))
        more = (f"other-{number}" for number in range(1_000))
        return next((each for each in (*tried, *more) if value.may_be(each)), None)


def instant_of(
    point: Point, since: int, calendar: ZoneCalendar, rung: tuple[ZoneCalendar, int] | None = None
) -> int | None:
    """The first instant from `since` on that the calendar of the box allows. `rung`: a timer's own
    calendar, and the minute of the day at which it rings; None: any minute."""
    when = point.range(OCCURRED_AT)
    start = max(since, int(when.least))
    for at in _instants(point, start, calendar, rung):
        if start <= at <= when.most and _is_local(point, calendar, at):
            return at
    return None


def _instants(
    point: Point, start: int, calendar: ZoneCalendar, rung: tuple[ZoneCalendar, int] | None
) -> Iterator[int]:
    minutes = point.range(MINUTE)
    minute = _NOON if minutes.least <= _NOON <= minutes.most else int(minutes.least)
    own, at = (calendar, minute) if rung is None else rung
    first_day = own.local_day(start)
    for day in range(first_day, first_day + _DAYS_AHEAD):
        yield own.instant(day, at)


def _is_local(point: Point, calendar: ZoneCalendar, at: int) -> bool:
    day, dates = calendar.local_day(at), point.held("localDate").value
    minutes, days = point.range(MINUTE), point.range(WEEKDAY)
    return (
        days.least <= weekday_of(day) <= days.most
        and minutes.least <= minute_of(calendar.local_us(at)) <= minutes.most
        and (not isinstance(dates, Texts) or dates.may_be(date_text(day)))
    )


def client_of(point: Point, organization_id: str) -> str | None:
    """A client whose buckets lie in the box."""
    asked = {name.removeprefix(BUCKET): point.range(name) for name in point.named(BUCKET)}
    for number in range(1, _CLIENTS_TRIED if asked else 2):
        client_id = f"client-{number}"
        drawn = (
            (bucket_of(organization_id, client_id, salt), allowed)
            for salt, allowed in asked.items()
        )
        if all(allowed.least <= bucket <= allowed.most for bucket, allowed in drawn):
            return client_id
    return None


def past_of(point: Point, unit: Decimal, calendar: ZoneCalendar, at: int) -> dict[str, Any]:
    """What the client has been before, as CLIENT_IMPORTED says it; nothing of a newcomer."""
    day, past = calendar.local_day(at), dict[str, Any]()
    groups = [name.removeprefix(GROUP) for name in point.named(GROUP) if point.flag(name)]
    if groups:
        past["groups"] = groups
    if point.has("isBirthday") and point.flag("isBirthday"):
        past["birthday"] = birthday_text(date_of(day))
    registered = point.number("daysSinceRegistration")
    if registered is not None:
        past["registeredAt"] = instant_text(calendar.instant(day - int(registered), 0))
    return past | _amounts(point, unit) | _visits(point, calendar, day)


def birthday_text(day: date) -> str:
    """A birthday on this day of the year, the 29th of February included."""
    return f"2000-{day.month:02}-{day.day:02}"


def money(amount: Decimal, unit: Decimal) -> str:
    """An amount as it stands in an event."""
    return f"{amount.quantize(unit, ROUND_DOWN):f}"


def _amounts(point: Point, unit: Decimal) -> dict[str, Any]:
    amounts: dict[str, Any] = {}
    for name in ("bonusBalanceMajor", "totalSpentMajor"):
        amount = point.number(name)
        if amount:
            amounts[name] = money(amount, unit)
    count = point.number("topupCount") or Decimal(0)
    total, average = point.number("totalTopupMajor"), point.number("averageTopupMajor")
    if count and average is not None:
        total = average * count
    if total and not count:
        count = Decimal(1)
    if count:
        amounts["topupCount"] = int(count)
        amounts["totalTopupMajor"] = money(total or Decimal(0), unit)
    return amounts


def _visits(point: Point, calendar: ZoneCalendar, day: int) -> dict[str, Any]:
    """Visits on the days that are asked for; a day without a count is one visit."""
    first, last = point.number("daysSinceFirstVisit"), point.number("daysSinceLastVisit")
    count = point.number("visitCount")
    if count is None:
        count = Decimal(int(first is not None or last is not None))
    if not count:
        return {}
    latest = last if last is not None else first if first is not None else Decimal(0)
    earliest = first if first is not None else latest
    return {
        "visitCount": int(count),
        "firstVisitAt": instant_text(calendar.instant(day - int(earliest), 0)),
        "lastVisitAt": instant_text(calendar.instant(day - int(latest), 0)),
    }
