"""Records to events on the hot path.

The quick path may only say yes. Whatever it is not sure of goes to `schemas.contract`, which
alone refuses, so the two cannot drift apart (a property test holds them against each other).
"""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

from msgspec import MsgspecError
from msgspec.json import Decoder

from schemas.contract import MAX_VALUE_BYTES, MinorDigits, judge
from schemas.decoded import Event, Rejected
from schemas.json_text import MAX_DEPTH
from schemas.money import MAX_MINOR_DIGITS
from schemas.quick import QUICK_TYPES, QuickEvent
from schemas.topics import EVENT_TYPES, Channel

_SHALLOW_BYTES = 2 * MAX_DEPTH
"""A value of this length cannot be nested too deep: each level needs two brackets."""
_BACKSLASH = ord("\\")


def _decoder(names: Iterable[str]) -> Callable[[bytes], QuickEvent]:
    types: Any = reduce(or_, [QUICK_TYPES[name] for name in names if name in QUICK_TYPES])
    decoder: Decoder[QuickEvent] = Decoder(types)
    return decoder.decode


_quick: dict[str | None, Callable[[bytes], QuickEvent]] = {
    None: _decoder(QUICK_TYPES),
    Channel.TOPUPS: _decoder(EVENT_TYPES[Channel.TOPUPS]),
    Channel.VISITS: _decoder(EVENT_TYPES[Channel.VISITS]),
    Channel.PAYMENTS: _decoder(EVENT_TYPES[Channel.PAYMENTS]),
}


def decode(
    value: bytes | None,
    key: bytes | None,
    channel: str | None,
    minor_digits: MinorDigits,
    check_key: bool = True,
) -> Event | Rejected:
    """The event in a record, or its dead letter's code and message (see `contract.judge`).

    `channel` is the input channel of the record's topic; None where there is no topic (files).
    `minor_digits` gives the decimals of an organization's currency, None while it has no rule set.
    """
    quick = _quick.get(channel)
    if value is not None and quick is not None and _plain(value):
        try:
            read = quick(value)
            digits = minor_digits(read.organization_id)
            event = read.event(MAX_MINOR_DIGITS if digits is None else digits)
        except (MsgspecError, ValueError):
            return judge(value, key, channel, minor_digits, check_key)
        if not check_key or key == event.client_id.encode():
            return event
    return judge(value, key, channel, minor_digits, check_key)


def _plain(value: bytes) -> bool:
    """Nothing in it that the quick path would read otherwise than the contract: bytes that are
    not UTF-8 in unknown fields, deep nesting, the separator U+001F (written `\\u001f`)."""
    if len(value) > _SHALLOW_BYTES and (
        len(value) > MAX_VALUE_BYTES or value.count(b"[") + value.count(b"{") > MAX_DEPTH
    ):
        return False
    if _BACKSLASH in value and b"\\u001" in value:
        return False
    return value.isascii() or _is_utf8(value)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
