"""The local calendar: zones with and without changes of the clock, windows, periods, birthdays.

Berlin in 2026: on 29 March 02:00 becomes 03:00 (01:00 UTC); on 25 October 03:00 becomes 02:00
(01:00 UTC). Moscow is three hours ahead all year. 2 March 2026 is a Monday.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules_engine.calendar import (
    HOUR_US,
    ZoneCalendar,
    date_of,
    date_text,
    hour_of,
    in_windows,
    is_birthday,
    minute_of,
    period_ordinal,
    quiet_until,
    weekday_of,
)
from rules_engine.checked import Period, Window
from schemas.instants import instant_text
from tests.unit.engine.builders import at

MOSCOW = ZoneCalendar(ZoneInfo("Europe/Moscow"))
BERLIN = ZoneCalendar(ZoneInfo("Europe/Berlin"))
LORD_HOWE = ZoneCalendar(ZoneInfo("Australia/Lord_Howe"))
"""Half an hour of daylight saving: on 5 April 2026 02:00 (15:00 UTC the day before) is 01:30."""
NIGHT = Window(frozenset({5, 6}), 22 * 60, 6 * 60)
DAY = Window(frozenset({1, 2, 3, 4, 5}), 10 * 60, 17 * 60)


def local(calendar: ZoneCalendar, instant: str) -> str:
    shown = calendar.local_us(at(instant))
    return f"{date_text(shown // (24 * HOUR_US))} {hour_of(shown):02}:{minute_of(shown) % 60:02}"


@pytest.mark.parametrize(
    ("calendar", "instant", "shown"),
    [
        (MOSCOW, "2026-03-28T23:59:59Z", "2026-03-29 02:59"),
        (MOSCOW, "2026-10-25T01:30:00Z", "2026-10-25 04:30"),
        (BERLIN, "2026-03-29T00:59:59Z", "2026-03-29 01:59"),
        (BERLIN, "2026-03-29T01:00:00Z", "2026-03-29 03:00"),
        (BERLIN, "2026-10-25T00:30:00Z", "2026-10-25 02:30"),
        (BERLIN, "2026-10-25T01:30:00Z", "2026-10-25 02:30"),
        (BERLIN, "2026-10-25T02:00:00Z", "2026-10-25 03:00"),
        (LORD_HOWE, "2026-04-04T14:45:00Z", "2026-04-05 01:45"),
        (LORD_HOWE, "2026-04-04T15:15:00Z", "2026-04-05 01:45"),
        (MOSCOW, "1969-12-31T20:59:59.999999Z", "1969-12-31 23:59"),
        (MOSCOW, "9999-12-31T20:59:59Z", "9999-12-31 23:59"),
    ],
)
def test_local_time(calendar: ZoneCalendar, instant: str, shown: str) -> None:
    assert local(calendar, instant) == shown


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "Africa/Casablanca"])
def test_offsets_are_those_of_zoneinfo(zone: str) -> None:
    calendar = ZoneCalendar(ZoneInfo(zone))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for step in range(0, 366 * 24 * 4, 7):
        instant = start + timedelta(minutes=15 * step)
        offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
        microseconds = round(instant.timestamp() * 1_000_000)
        assert timedelta(microseconds=calendar.offset_us(microseconds)) == offset


def test_first_and_last_instants_have_a_calendar() -> None:
    for instant in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        day = ZoneCalendar(ZoneInfo("Pacific/Kiritimati")).local_day(at(instant))
        assert date_of(day).year in (1, 9999)
        assert date_of(ZoneCalendar(ZoneInfo("Pacific/Niue")).local_day(at(instant)))


@pytest.mark.parametrize(
    ("local_time", "inside"),
    [
        ("2026-03-06 09:59:59", False),  # Friday
        ("2026-03-06 10:00:00", True),
        ("2026-03-06 16:59:59", True),
        ("2026-03-06 17:00:00", False),
        ("2026-03-07 12:00:00", False),  # Saturday
    ],
)
def test_window_within_a_day(local_time: str, inside: bool) -> None:
    assert in_windows((DAY,), MOSCOW.local_us(at(f"Europe/Moscow {local_time}"))) is inside


@pytest.mark.parametrize(
    ("local_time", "inside"),
    [
        ("2026-03-06 21:59:59", False),  # Friday
        ("2026-03-06 22:00:00", True),
        ("2026-03-07 00:00:00", True),
        ("2026-03-07 05:59:59", True),
        ("2026-03-07 06:00:00", False),
        ("2026-03-07 22:00:00", True),
        ("2026-03-08 05:59:59", True),  # Sunday morning belongs to Saturday's night
        ("2026-03-08 22:00:00", False),
        ("2026-03-06 05:00:00", False),  # Friday morning belongs to Thursday's
        ("2026-03-09 05:00:00", False),
    ],
)
def test_window_over_midnight_belongs_to_the_day_it_began(local_time: str, inside: bool) -> None:
    assert in_windows((NIGHT,), MOSCOW.local_us(at(f"Europe/Moscow {local_time}"))) is inside


@pytest.mark.parametrize(
    ("since", "until", "instant", "inside"),
    [
        (120, 180, "2026-03-29T00:59:59Z", False),  # 01:59; 02:00 to 03:00 does not exist
        (120, 180, "2026-03-29T01:00:00Z", False),  # 03:00
        (120, 180, "2026-10-25T00:00:00Z", True),  # 02:00, the first time
        (120, 180, "2026-10-25T01:59:59Z", True),  # 02:59, the second time
        (120, 180, "2026-10-25T02:00:00Z", False),
        (0, 0, "2026-10-25T01:00:00Z", True),  # the whole day
        (0, 1440, "2026-10-25T22:59:59Z", True),
    ],
)
def test_windows_go_by_the_wall_clock(since: int, until: int, instant: str, inside: bool) -> None:
    windows = (Window(frozenset({7}), since, until),)
    assert in_windows(windows, BERLIN.local_us(at(instant))) is inside


def test_any_window_will_do_and_none_asks_nothing() -> None:
    friday = MOSCOW.local_us(at("Europe/Moscow 2026-03-06 23:00:00"))
    assert in_windows((DAY, NIGHT), friday)
    assert not in_windows((DAY,), friday)
    assert in_windows((), friday)


@pytest.mark.parametrize(
    ("per", "first", "second", "same"),
    [
        (Period.DAY, "2026-03-02", "2026-03-03", False),
        (Period.WEEK, "2026-03-02", "2026-03-08", True),  # Monday to Sunday
        (Period.WEEK, "2026-03-01", "2026-03-02", False),
        (Period.WEEK, "2025-12-29", "2026-01-04", True),  # over the new year
        (Period.MONTH, "2026-03-01", "2026-03-31", True),
        (Period.MONTH, "2026-02-28", "2026-03-01", False),
        (Period.MONTH, "2025-03-01", "2026-03-01", False),
        (Period.LIFETIME, "1969-01-01", "2026-03-01", True),
    ],
)
def test_periods(per: Period, first: str, second: str, same: bool) -> None:
    early, late = (
        period_ordinal(per, date.fromisoformat(each).toordinal() - 719_163)
        for each in (first, second)
    )
    assert (early == late) is same
    assert early <= late


def test_weekdays() -> None:
    monday = MOSCOW.local_day(at("2026-03-02T12:00:00+03:00"))
    assert [weekday_of(monday + each) for each in range(8)] == [1, 2, 3, 4, 5, 6, 7, 1]
    assert weekday_of(MOSCOW.local_day(0)) == 4  # the first of January 1970, a Thursday


def test_days_between_are_calendar_days() -> None:
    late, early = at("2026-03-02T00:01:00+03:00"), at("2026-03-01T23:59:00+03:00")
    assert MOSCOW.days_between(early, late) == 1
    assert MOSCOW.days_between(late, early) == -1
    assert MOSCOW.days_between(early, early) == 0
    assert BERLIN.days_between(early, late) == 0  # 21:59 and 22:01 of one day there


@pytest.mark.parametrize(
    ("calendar", "instant", "since", "until", "end"),
    [
        (MOSCOW, "2026-03-02T21:59:59+03:00", 1320, 540, None),
        (MOSCOW, "2026-03-02T22:00:00+03:00", 1320, 540, "2026-03-03T06:00:00+00:00"),
        (MOSCOW, "2026-03-03T08:59:59+03:00", 1320, 540, "2026-03-03T06:00:00+00:00"),
        (MOSCOW, "2026-03-03T09:00:00+03:00", 1320, 540, None),
        (MOSCOW, "2026-03-03T13:00:00+03:00", 780, 840, "2026-03-03T11:00:00+00:00"),
        (MOSCOW, "2026-03-03T14:00:00+03:00", 780, 840, None),
        (MOSCOW, "2026-03-03T23:30:00+03:00", 1380, 1440, "2026-03-03T21:00:00+00:00"),
        # 02:30 does not exist on 29 March: the offset before the change, 02:30+01:00
        (BERLIN, "2026-03-28T23:30:00Z", 1320, 150, "2026-03-29T01:30:00+00:00"),
        # 02:30 exists twice on 25 October: the first, 02:30+02:00
        (BERLIN, "2026-10-24T21:30:00Z", 1320, 150, "2026-10-25T00:30:00+00:00"),
        # and once that is over, at the second 02:00, the second 02:30
        (BERLIN, "2026-10-25T01:00:00Z", 120, 150, "2026-10-25T01:30:00+00:00"),
        (BERLIN, "2026-10-24T21:30:00Z", 1320, 540, "2026-10-25T08:00:00+00:00"),
        (BERLIN, "2026-03-28T21:30:00Z", 1320, 540, "2026-03-29T07:00:00+00:00"),
    ],
)
def test_end_of_quiet_hours(
    calendar: ZoneCalendar, instant: str, since: int, until: int, end: str | None
) -> None:
    found = quiet_until(calendar, at(instant), since, until)
    assert (None if found is None else instant_text(found)) == end


@pytest.mark.parametrize(
    ("born", "today", "is_it"),
    [
        ("1990-03-02", "2026-03-02", True),
        ("1990-03-02", "2026-03-03", False),
        ("2026-03-02", "2026-03-02", True),
        ("1992-02-29", "2026-02-28", True),
        ("1992-02-29", "2026-03-01", False),
        ("1992-02-29", "2028-02-28", False),
        ("1992-02-29", "2028-02-29", True),
        ("1992-02-29", "2100-02-28", True),  # no leap year
        ("1992-02-28", "2028-02-28", True),
        (None, "2026-03-02", False),
    ],
)
def test_birthdays(born: str | None, today: str, is_it: bool) -> None:
    day = date.fromisoformat(today).toordinal() - 719_163
    assert is_birthday(born, day) is is_it
