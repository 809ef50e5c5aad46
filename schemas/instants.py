"""Instants: microseconds since the Unix epoch in UTC, and their text (RFC 3339).

An instant is an int everywhere inside; text exists on the wire only.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from schemas.errors import Unreadable, shown

Key = TypeVar("Key")
Value = TypeVar("Value")

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_US = (date(1, 1, 1).toordinal() - _EPOCH_DAY) * DAY_US
LAST_US = (date(9999, 12, 31).toordinal() - _EPOCH_DAY + 1) * DAY_US - 1
"""The end of the year 9999: text knows no later instant."""

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ]", re.ASCII)
_SECOND = re.compile(r"([0-5]\d)(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII)

# An instant is the sum of three parts that repeat from event to event, so each is read once and
# remembered: "2026-11-22T", "12:00:" and "05+03:00" (a fraction is taken out in between). Days at
# the ends of time are not, so that a remembered one needs no check with any offset.
_days: dict[str, int] = {}
_MINUTE_TEXTS = [f"{minute // 60:02}:{minute % 60:02}:" for minute in range(24 * 60)]
_MINUTES = {text: minute * MINUTE_US for minute, text in enumerate(_MINUTE_TEXTS)}
_seconds: dict[str, int] = {}
_day_texts: dict[int, str] = {}
_TAILS = {second * SECOND_US: f"{second:02}+00:00" for second in range(60)}
_REMEMBERED = 8192


def parse_instant(text: str) -> int:
    """Microseconds of an RFC 3339 text: `2026-11-22T12:00:00.5+03:00`.

    The offset is required; the separator is `T`, `t` or a space; `z` is `Z`; a fraction of any
    length is cut to microseconds. Raises Unreadable for anything else: dates that do not exist,
    second 60, digits that are not ASCII, instants outside the years 1 to 9999 in UTC.
    """
    try:
        return _days[text[:11]] + _MINUTES[text[11:17]] + _seconds[text[17:]]
    except KeyError:
        return _read_instant(text)


def instant_text(instant: int) -> str:
    """`2026-11-22T12:00:00+00:00`: UTC, microseconds only where there are any.

    Raises OverflowError outside the years 1 to 9999.
    """
    day, within = divmod(instant, DAY_US)
    minute, micros = divmod(within, MINUTE_US)
    head, tail = _day_texts.get(day), _TAILS.get(micros)
    if head is None:
        head = (_EPOCH + timedelta(days=day)).isoformat()[:11]
        _remember(_day_texts, day, head)
    if tail is not None:
        return head + _MINUTE_TEXTS[minute] + tail
    second, micros = divmod(micros, SECOND_US)
    return f"{head}{_MINUTE_TEXTS[minute]}{second:02}.{micros:06}+00:00"


def later_text(instant: int) -> str:
    """The text of an instant that was reckoned from another: one that no text can name becomes the
    last."""
    return instant_text(min(instant, LAST_US))


def parse_date(text: str) -> date:
    """A calendar date `YYYY-MM-DD`. Raises Unreadable for any other text or no such day."""
    if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Unreadable(f"must be a date that exists, as YYYY-MM-DD, not {shown(text)}")


def _read_instant(text: str) -> int:
    head, rest = text[:11], text[17:]
    fraction = 0
    if rest[2:3] == ".":
        zone = 1 if rest[-1] in "Zz" else 6
        fraction = _fraction(rest[3:-zone], text)
        rest = rest[:2] + rest[-zone:]
    minute = _MINUTES.get(text[11:17])
    if minute is None:
        raise _unreadable(text)
    day = _days.get(head)
    if day is None:
        day = _read_day(head, text)
        if _FIRST_US + 2 * DAY_US <= day <= LAST_US - 2 * DAY_US:
            _remember(_days, head, day)
    second = _seconds.get(rest)
    if second is None:
        second = _read_second(rest, text)
        _remember(_seconds, rest, second)
    instant = day + minute + second + fraction
    if not _FIRST_US <= instant <= LAST_US:
        raise Unreadable(f"lies outside the years 1 to 9999 in UTC ({shown(text)})")
    return instant


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


def _read_day(head: str, text: str) -> int:
    match = _DAY.fullmatch(head)
    if match is None:
        raise _unreadable(text)
    try:
        day = parse_date(match[1])
    except Unreadable:
        raise Unreadable(f"names a day that does not exist ({shown(text)})") from None
    return (day.toordinal() - _EPOCH_DAY) * DAY_US


def _read_second(rest: str, text: str) -> int:
    match = _SECOND.fullmatch(rest)
    if match is None:
        raise _unreadable(text)
    second, sign, hours, minutes = match.groups()
    offset = int(hours or 0) * HOUR_US + int(minutes or 0) * MINUTE_US
    return int(second) * SECOND_US - (-offset if sign == "-" else offset)


def _fraction(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise _unreadable(text)
    return int(digits[:6].ljust(6, "0"))


def _unreadable(text: str) -> Unreadable:
    return Unreadable(
        "must be a time with date, seconds and offset as 2026-11-22T12:00:00+03:00, "
        f"not {shown(text)}"
    )
