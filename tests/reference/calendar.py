"""Local dates, windows, quiet hours and periods."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.rules import clock_time

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone))


def since_midnight(moment: datetime) -> timedelta:
    """What the local clock shows."""
    return moment.replace(tzinfo=None) - datetime(moment.year, moment.month, moment.day)


def in_window(moment: datetime, window: dict[str, Any]) -> bool:
    """By the local clock; a window over midnight belongs to the day it began."""
    start, end = clock_time(window.get("from", "00:00")), clock_time(window.get("to", "24:00"))
    now = since_midnight(moment)
    days = window.get("days", DAYS)
    today = DAYS[moment.weekday()] in days
    yesterday = DAYS[moment.weekday() - 1] in days
    if start < end:
        return today and start <= now < end
    return (today and now >= start) or (yesterday and now < end)


def quiet_until(moment: datetime, quiet: dict[str, str]) -> datetime | None:
    """The end of the quiet hours that the local moment is in, in UTC.

    Of an end that comes twice the first that is still to come.
    """
    start, end = clock_time(quiet["from"]), clock_time(quiet["to"])
    now = since_midnight(moment)
    inside = start <= now < end if start < end else now >= start or now < end
    if not inside:
        return None
    day = moment.date() if now < end else moment.date() + timedelta(days=1)
    over = (datetime(day.year, day.month, day.day) + end).replace(tzinfo=moment.tzinfo)
    first = over.astimezone(UTC)
    return first if first > moment.astimezone(UTC) else over.replace(fold=1).astimezone(UTC)


def period(day: date, per: str) -> date:
    """The first day of the local period."""
    if per == "DAY":
        return day
    if per == "WEEK":
        return day - timedelta(days=day.weekday())
    if per == "MONTH":
        return day.replace(day=1)
    return date.min


def is_birthday(day: date, birthday: date | None) -> bool:
    """29 February is kept on 28 February in years without one."""
    if birthday is None:
        return False
    wanted = (birthday.month, birthday.day)
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    if wanted == (2, 29) and not leap:
        wanted = (2, 28)
    return (day.month, day.day) == wanted


def local_instant(day: date, text: str, zone: str) -> datetime:
    """A local time of day in UTC: a skipped one by the offset before, a doubled one the first."""
    there = datetime(day.year, day.month, day.day) + clock_time(text)
    return there.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
