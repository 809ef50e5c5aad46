"""Numbers in push texts."""

from decimal import Decimal


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
