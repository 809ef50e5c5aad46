"""The local calendar of an instant: everything that a club's clock and wall calendar say of it.

Instants are microseconds since the Unix epoch in UTC (int). A local day is the number of days
since 1970-01-01 on the local calendar. A window whose end is not after its start
crosses midnight and belongs to the day on which it began; of a time of day that does not exist the
offset before the change is used, of one that exists twice the first.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rules_engine.checked import Period, Window

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
MINUTES_OF_DAY = 24 * 60

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_CACHED_HOURS = 50_000
_CACHED_INSTANTS = 50_000
# The first and the last year have no day before or after them to fall into: their offsets are
# those a day further in.
_FIRST_US = -719_161 * DAY_US
_LAST_US = 2_932_895 * DAY_US


class ZoneCalendar:
    """The calendar of one zone. Offsets are remembered per hour, for tz rules change seldom, and
    instants per day and minute, for what is due on a day is asked for again and again."""

    __slots__ = ("_instants", "_offsets", "zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._offsets: dict[int, int] = {}
        self._instants: dict[tuple[int, int, bool], int] = {}

    def offset_us(self, at: int) -> int:
        """How far local time is ahead of UTC at this instant, in microseconds."""
        hour = at // HOUR_US
        offset = self._offsets.get(hour)
        return self._find_offset(at, hour) if offset is None else offset

    def _find_offset(self, at: int, hour: int) -> int:
        start = self._exact_offset(hour * HOUR_US)
        if start != self._exact_offset((hour + 1) * HOUR_US - 1):
            return self._exact_offset(at)  # the offset changes within this hour
        if len(self._offsets) >= _CACHED_HOURS:
            self._offsets.clear()
        self._offsets[hour] = start
        return start

    def _exact_offset(self, at: int) -> int:
        inside = min(max(at, _FIRST_US), _LAST_US)
        local = (_EPOCH + timedelta(microseconds=inside)).astimezone(self.zone)
        offset = local.utcoffset()
        assert offset is not None
        return offset // timedelta(microseconds=1)

    def local_us(self, at: int) -> int:
        """Microseconds between 1970-01-01T00:00 and the local wall clock's reading."""
        offset = self._offsets.get(at // HOUR_US)
        return at + (self.offset_us(at) if offset is None else offset)

    def local_day(self, at: int) -> int:
        return self.local_us(at) // DAY_US

    def days_between(self, earlier: int, later: int) -> int:
        """Whole local calendar days from one instant to another; negative when turned round."""
        return self.local_day(later) - self.local_day(earlier)

    def instant(self, day: int, minute: int, *, again: bool = False) -> int:
        """The instant at which the local clock shows this minute of this day (0–1440): of two the
        first, or the second (`again`)."""
        asked = (day, minute, again)
        instant = self._instants.get(asked)
        if instant is None:
            if len(self._instants) >= _CACHED_INSTANTS:
                self._instants.clear()
            instant = self._instants[asked] = self._find_instant(*asked)
        return instant

    def _find_instant(self, day: int, minute: int, again: bool) -> int:
        day, minute = day + minute // MINUTES_OF_DAY, minute % MINUTES_OF_DAY
        wall = day * DAY_US + minute * MINUTE_US
        naive = datetime(1970, 1, 1) + timedelta(microseconds=min(max(wall, _FIRST_US), _LAST_US))
        offset = naive.replace(tzinfo=self.zone, fold=int(again)).utcoffset()
        assert offset is not None
        return wall - offset // timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def calendar_of(zone: ZoneInfo) -> ZoneCalendar:
    """One calendar per zone: rule sets that share a zone share its remembered offsets."""
    return ZoneCalendar(zone)


def weekday_of(day: int) -> int:
    """1 = Monday … 7 = Sunday."""
    return (day + 3) % 7 + 1


def hour_of(local_us: int) -> int:
    return local_us // HOUR_US % 24


def minute_of(local_us: int) -> int:
    """Minutes since local midnight, by the wall clock."""
    return local_us // MINUTE_US % MINUTES_OF_DAY


def date_of(day: int) -> date:
    return date.fromordinal(min(max(day + _EPOCH_ORDINAL, 1), date.max.toordinal()))


def date_text(day: int) -> str:
    """`localDate`: 2026-03-02."""
    return date_of(day).isoformat()


def local_text(at: int, zone: ZoneInfo) -> str:
    """An instant as the zone's clock shows it, with its offset: 2026-03-02T10:00:00+03:00. In the
    first and the last days of time, in which a zone has no dates, that of UTC."""
    instant = _EPOCH + timedelta(microseconds=at)
    return (instant.astimezone(zone) if _FIRST_US <= at <= _LAST_US else instant).isoformat()


def period_ordinal(per: Period, day: int) -> int:
    """The number of the calendar period that holds this local day; a later period's is greater."""
    if per is Period.DAY:
        return day
    if per is Period.WEEK:
        return (day + 3) // 7
    if per is Period.MONTH:
        on = date_of(day)
        return on.year * 12 + on.month - 1
    return 0


def in_window(window: Window, weekday: int, minute: int) -> bool:
    """Does this reading of the local clock lie in the window?"""
    if window.since < window.until:
        return weekday in window.days and window.since <= minute < window.until
    day_before = 7 if weekday == 1 else weekday - 1
    return (weekday in window.days and minute >= window.since) or (
        day_before in window.days and minute < window.until
    )


def in_windows(windows: tuple[Window, ...], local_us: int) -> bool:
    """Does any of the windows hold? None at all asks nothing."""
    if not windows:
        return True
    weekday, minute = weekday_of(local_us // DAY_US), minute_of(local_us)
    return any(in_window(window, weekday, minute) for window in windows)


def quiet_until(calendar: ZoneCalendar, at: int, since: int, until: int) -> int | None:
    """When the quiet hours that hold at this instant end; None outside them.

    `since`, `until`: minutes of the local day; `until <= since` crosses midnight. Where the clock
    shows their end twice, the first that is still to come.
    """
    local = calendar.local_us(at)
    day, minute = local // DAY_US, minute_of(local)
    if since < until:
        if not since <= minute < until:
            return None
    elif minute >= since:
        day += 1
    elif minute >= until:
        return None
    first = calendar.instant(day, until)
    return first if first > at else calendar.instant(day, until, again=True)


def is_birthday(birthday: str | None, day: int) -> bool:
    """Is the local day the client's? 29 February falls on 28 February in other years.

    `birthday`: an ISO date, None when unknown.
    """
    if birthday is None:
        return False
    born, today = date.fromisoformat(birthday), date_of(day)
    if (born.month, born.day) == (2, 29) and not is_leap(today.year):
        return (today.month, today.day) == (2, 28)
    return (born.month, born.day) == (today.month, today.day)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
