"""Money and numbers: exact decimals, read from the source text and never through a float."""

import re
from decimal import Context, Decimal, Inexact, InvalidOperation

from schemas.errors import NotAllowed, Unreadable, shown

MAX_INTEGER_DIGITS = 20
MAX_MINOR_DIGITS = 4
"""ISO 4217 knows no currency with more; the rule while an organization has no rule set."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE]([+-]?\d+))?", re.ASCII)
_FAR = "10000000"
_FAR_DIGITS = 7
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_QUANTA = tuple(Decimal((0, (1,), -digits)) for digits in range(MAX_MINOR_DIGITS + 1))
_ZERO = Decimal(0)


def read_number(text: str) -> Decimal:
    """The number that `text` writes in JSON's grammar, with its decimals as written.

    An exponent beyond ±10,000,000 is cut to that: the value is then far outside every range that
    is asked of numbers here, on the side where it was. Raises Unreadable for every other text:
    `1_000`, `+5`, `.5`, `05`, spaces, digits that are not ASCII, `Infinity`, `NaN`.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise Unreadable(f"must be a number as 100 or 100.50, not {shown(text)}")
    exponent = match[1]
    if exponent is None or len(exponent) <= _FAR_DIGITS:
        return Decimal(text)
    sign = "-" if exponent[0] == "-" else ""
    magnitude = exponent.lstrip("+-").lstrip("0") or "0"
    if len(magnitude) > _FAR_DIGITS:
        magnitude = _FAR
    return Decimal(f"{text[: match.start(1)]}{sign}{magnitude}")


def allowed_money(amount: Decimal, digits: int, *, zero: bool = False) -> Decimal:
    """`amount` as money of a currency with `digits` decimals, without trailing zeros after the
    point (so equal amounts are written alike). Trailing zeros are not decimals.

    Raises NotAllowed for less than zero, zero unless `zero`, more than 20 integer digits, more
    decimals than the currency has.
    """
    if not amount:
        if zero:
            return _ZERO
        raise NotAllowed("must be greater than 0")
    if amount.is_signed():
        raise NotAllowed("must not be negative" if zero else "must be greater than 0")
    if amount.adjusted() >= MAX_INTEGER_DIGITS:
        raise NotAllowed(f"has more than {MAX_INTEGER_DIGITS} digits before the decimal point")
    decimals = _decimals(amount)
    if decimals > digits:
        raise NotAllowed(f"has more decimals than the {digits} that the currency allows")
    return amount.quantize(_QUANTA[decimals], context=_EXACT)


def parse_money(text: str, digits: int, *, zero: bool = False) -> Decimal:
    """Money from the text inside a JSON string, or of a JSON number.

    Raises Unreadable (not a number) or NotAllowed (see `allowed_money`).
    """
    return allowed_money(read_number(text), digits, zero=zero)


def money_text(amount: Decimal, digits: int) -> str:
    """`amount` with exactly `digits` decimals, as it goes on the wire.

    The amount was rounded to the currency before: decimal.Inexact is raised where it was not.
    """
    if amount.same_quantum(_QUANTA[digits]) and not amount.is_signed():
        return str(amount)
    return str(_EXACT.add(amount.quantize(_QUANTA[digits], context=_EXACT), _ZERO))


def _decimals(amount: Decimal) -> int:
    _, figures, exponent = amount.as_tuple()
    assert isinstance(exponent, int)
    decimals = -exponent
    for figure in reversed(figures):
        if decimals <= 0 or figure:
            break
        decimals -= 1
    return max(decimals, 0)
