"""Amounts on their way out: the one rounding of a credit, and numbers in push texts."""

from decimal import Decimal


def settled(
    value: Decimal, least: Decimal | None, most: Decimal | None, minor_unit: Decimal, rounding: str
) -> Decimal:
    """`min` and `max`, then the one rounding to the currency's minor unit.

    `min` lifts a zero too; where `min` is above `max`, `max` holds. Raises
    `decimal.InvalidOperation` for a credit that 34 digits cannot hold.
    """
    if least is not None and value < least:
        value = least
    if most is not None and value > most:
        value = most
    return value.quantize(minor_unit, rounding)


def text_of_money(value: Decimal, minor_unit: Decimal, rounding: str) -> str:
    """No decimals when whole, else the currency's minor digits."""
    rounded = value.quantize(minor_unit, rounding)
    whole = rounded.to_integral_value()
    return format(whole if whole == rounded else rounded, "f")


def text_of(value: Decimal | str | bool) -> str:
    """A value that is not money: texts as they are, flags as `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(value, "f")


def cut(text: str, limit: int) -> str:
    """At most `limit` code points; what does not fit gives way to `…`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
