"""Money: the number grammar, ranges, and text with exactly the currency's decimals."""

from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import NotAllowed, Unreadable
from schemas.money import money_text, parse_money, read_number


@pytest.mark.parametrize(
    ("text", "digits", "plain"),
    [
        ("100", 2, "100"),
        ("100.0", 2, "100"),
        ("100.00", 2, "100"),
        ("100.000000", 2, "100"),
        ("100.0", 0, "100"),
        ("1e2", 0, "100"),
        ("1E+2", 0, "100"),
        ("0.1", 2, "0.1"),
        ("12.340", 2, "12.34"),
        ("1234e-2", 2, "12.34"),
        ("0.0001", 4, "0.0001"),
        ("99999999999999999999", 0, "99999999999999999999"),
        ("99999999999999999999.9999", 4, "99999999999999999999.9999"),
        ("1." + "0" * 5000, 2, "1"),
        ("1" + "0" * 5000 + "e-5000", 2, "1"),
        ("0." + "0" * 5000 + "1e5001", 2, "1"),
    ],
)
def test_money_is_exact_and_plain(text: str, digits: int, plain: str) -> None:
    assert str(parse_money(text, digits)) == plain


@pytest.mark.parametrize("text", ["0", "-0", "0.000", "-0.0e5", "0e999999999999999999999"])
def test_zero_is_money_only_where_it_may_be(text: str) -> None:
    assert str(parse_money(text, 2, zero=True)) == "0"
    with pytest.raises(NotAllowed, match="greater than 0"):
        parse_money(text, 2)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("-1", 2),
        ("-0.01", 2),
        ("0.001", 2),
        ("100.5", 0),
        ("1e-5", 4),
        ("100000000000000000000", 2),
        ("1e20", 2),
        ("1e400", 2),
        ("-1e400", 2),
        ("1e999999999999999999", 2),
        ("1e9999999999999999999999999", 2),
        ("1e-9999999999999999999999999", 2),
        ("-1e-9999999999999999999999999", 2),
        ("9" * 5000, 2),
        ("0." + "1" * 5000, 2),
    ],
)
@pytest.mark.parametrize("zero", [False, True])
def test_what_is_not_allowed(text: str, digits: int, zero: bool) -> None:
    with pytest.raises(NotAllowed):
        parse_money(text, digits, zero=zero)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "+5", ".5", "5.", "05", "00", "-01", "1_000", "1 000", " 5", "5 ", "5\n"),
        *("1e", "1e+", "e5", "1.e5", "0x10", "1,5", "٣", "５", "1٣", "½", "1e５"),
        *("NaN", "sNaN", "Infinity", "-Infinity", "inf", "null", "true", '"5"'),
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(Unreadable):
        read_number(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_number_is_its_text(number: Decimal) -> None:
    assert str(read_number(f"{number:f}")) == f"{number:f}"


@pytest.mark.parametrize(
    ("amount", "digits", "text"),
    [
        ("48", 2, "48.00"),
        ("48.5", 2, "48.50"),
        ("48.50", 2, "48.50"),
        ("48.500", 2, "48.50"),
        ("48.0", 0, "48"),
        ("1E+3", 0, "1000"),
        ("1E+3", 3, "1000.000"),
        ("0", 4, "0.0000"),
        ("-0.00", 2, "0.00"),
        ("-12.5", 2, "-12.50"),
        ("99999999999999999999.99", 2, "99999999999999999999.99"),
    ],
)
def test_text_has_exactly_the_minor_digits(amount: str, digits: int, text: str) -> None:
    assert money_text(Decimal(amount), digits) == text


def test_an_amount_that_was_not_rounded_is_never_cut_silently() -> None:
    with pytest.raises(Inexact):
        money_text(Decimal("48.005"), 2)
