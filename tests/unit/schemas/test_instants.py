"""Instants and dates against numbers worked by hand and against the standard library."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Unreadable
from schemas.instants import DAY_US, HOUR_US, instant_text, parse_date, parse_instant

NOON = 1_795_348_800_000_000
"""2026-11-22T12:00:00Z."""


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.5Z", -500_000),
        ("2026-11-22T12:00:00Z", NOON),
        ("2026-11-22t12:00:00z", NOON),
        ("2026-11-22 12:00:00Z", NOON),
        ("2026-11-22T12:00:00+00:00", NOON),
        ("2026-11-22T12:00:00-00:00", NOON),
        ("2026-11-22T15:00:00+03:00", NOON),
        ("2026-11-22T06:30:00-05:30", NOON),
        ("2026-11-23T11:59:00+23:59", NOON),
        ("2026-11-22T12:00:00.1Z", NOON + 100_000),
        ("2026-11-22T12:00:00.000001Z", NOON + 1),
        ("2026-11-22T12:00:00.1234569+00:00", NOON + 123_456),
        ("2026-11-22T12:00:00." + "9" * 400 + "Z", NOON + 999_999),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("0001-01-01T03:00:00+03:00", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ],
)
def test_an_instant_is_read(text: str, instant: int) -> None:
    assert parse_instant(text) == instant
    assert parse_instant(text) == instant  # from what is remembered


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T12:00:00",  # no offset
        "2026-11-22T12:00:00.5",
        "2026-11-22T12:00Z",
        "2026-11-22T12:00:00+03",
        "2026-11-22T12:00:00+0300",
        "2026-11-22T12:00:00+24:00",
        "2026-11-22T12:00:00+03:60",
        "2026-11-22T12:00:00.Z",
        "2026-11-22T12:00:00.+03:00",
        "2026-11-22T12:00:00,5Z",
        "2026-11-22T12:00:00.5 Z",
        "2026-11-22T12:00:00.-5Z",
        "2026-11-22_12:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T12:60:00Z",
        "2026-11-22T12:00:60Z",
        "2026-13-01T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-11-31T12:00:00Z",
        "0000-01-01T12:00:00Z",
        "20261122T120000Z",
        "2026-W47-7T12:00:00Z",
        "+2026-11-22T12:00:00Z",
        " 2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00Z ",
        "2026-11-22T12:00:00Z\n",
        "２026-11-22T12:00:00Z",
        "2026-11-22T12:00:0０Z",
        "2026-11-22T12:00:00.５Z",
        "2026-11-22T12:00:00.1٣Z",
        "0001-01-01T00:00:00+00:01",  # before the year 1 in UTC
        "9999-12-31T23:59:59-00:01",  # after the year 9999 in UTC
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    for _ in range(2):
        with pytest.raises(Unreadable):
            parse_instant(text)


def test_halves_that_were_read_before_do_not_reach_over_the_end_of_time() -> None:
    parse_instant("2026-11-22T23:59:59-00:01")
    parse_instant("9999-12-31T23:59:00Z")
    with pytest.raises(Unreadable, match="years 1 to 9999"):
        parse_instant("9999-12-31T23:59:59-00:01")


@given(
    st.datetimes(
        timezones=st.just(UTC), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)
    ),
    st.integers(-1439, 1439),
)
def test_the_standard_library_agrees(moment: datetime, minutes: int) -> None:
    instant = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_instant(local.isoformat()) == instant
    assert instant_text(instant) == moment.isoformat()


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (NOON, "2026-11-22T12:00:00+00:00"),
        (NOON + 1, "2026-11-22T12:00:00.000001+00:00"),
        (NOON + 59_500_000, "2026-11-22T12:00:59.500000+00:00"),
        (-1, "1969-12-31T23:59:59.999999+00:00"),
    ],
)
def test_text_has_microseconds_only_where_there_are_any(instant: int, text: str) -> None:
    assert instant_text(instant) == text


def test_no_text_beyond_the_calendar() -> None:
    with pytest.raises(OverflowError):
        instant_text(253_402_300_800_000_000)


def test_a_date_is_read() -> None:
    assert parse_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-02-29",
        "2024-2-29",
        "20240229",
        "2024-02-29T",
        "2024-W09-4",
        "0000-01-01",
        "２024-02-29",
    ],
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="YYYY-MM-DD"):
        parse_date(text)


def test_units() -> None:
    assert DAY_US == 24 * HOUR_US == 86_400_000_000
