"""Batches as bytes, one record behind the other.

A record begins with a byte: the place of its source in the upper half, flags in the lower half.
Then, big endian: id (16), what is left (4), and by the flags
    8  its number (4); without it the one that its place among the batches gives it
    2  expiry: microseconds since the beginning, in UTC, of the top-up's local day (6); of a batch
       that no top-up earned: since the epoch (8, signed); without it the batch never expires
    1  what a top-up earned: the top-up (4), its local day since the epoch (2)
    4  what was credited (4); without it as much as is left
With the flags 2 and 1 alone, the usual case, left and top-up are of 3 bytes and stand together;
larger ones say what was credited, too.
Amounts are numbers of `rules_engine.units`. What does not fit (large amounts, a 16th source, a
batch that was emptied or whose top-up was refunded) follows 0xf0 and its length (2) as msgpack
(`rare_records.py`).
"""

from struct import Struct as StructFormat
from typing import Any

from rules_engine.account.rare_records import RARE, RARE_HEAD, rare_record, read_rare
from rules_engine.account.sources import Source, Sources
from rules_engine.account.values import Batch, Earned
from rules_engine.units import frequent_amount, to_number
from schemas.instants import DAY_US

_NUMBERED, _CREDITED, _EXPIRES, _EARNED = 8, 4, 2, 1
_USUAL = _EXPIRES | _EARNED
"""What a rule credited for a top-up and nobody touched since."""
_SOURCES = 15
_ID = 16


def _format(flags: int) -> StructFormat:
    if flags == _USUAL:
        return StructFormat(">B16sHIHIH")
    expiry = "HI" if flags & _EARNED else "q"
    return StructFormat(
        ">B16sI"
        + "I" * bool(flags & _NUMBERED)
        + expiry * bool(flags & _EXPIRES)
        + "IH" * bool(flags & _EARNED)
        + "I" * bool(flags & _CREDITED)
    )


_FORMATS = tuple(map(_format, range(16)))
_PACK = tuple(each.pack for each in _FORMATS)
_READ = tuple((each.unpack_from, each.size) for each in _FORMATS)

_LOW = (1 << 32) - 1


def record(batch: Batch, left: int, source: int, number: int) -> bytes:
    """`left`: of the batch, as a number; `source`: its place among the sources; `number`: what the
    batch's place gives it.

    Raises ValueError for an amount with more than four decimals.
    """
    earned, made = batch.earned, None
    if batch.emptied_at is None and len(batch.id) == _ID:
        if batch.number == number and (earned is None or earned.credited == batch.left):
            made = new_record(batch.id, left, batch.expires_at, earned, source)
        made = made or _full_record(batch, left, source, number)
    return made or rare_record(batch, source)


def new_record(
    batch_id: bytes, left: int, expires_at: int | None, earned: Earned | None, source: int
) -> bytes | None:
    """Of a batch with the number that its place gives it, from which nothing was taken; None where
    it is not a usual one."""
    if source >= _SOURCES or left >> 24 or len(batch_id) != _ID:
        return None
    if earned is None:
        if expires_at is None:
            return _PACK[0](source << 4, batch_id, left)
        return _PACK[_EXPIRES](source << 4 | _EXPIRES, batch_id, left, expires_at)
    day, topup = earned.day, to_number(earned.topup)
    if topup >> 24 or day >> 16 or earned.refunded or earned.revoked:
        return None
    if expires_at is None:
        return _PACK[_EARNED](source << 4 | _EARNED, batch_id, left, topup, day)
    after = expires_at - day * DAY_US
    if after >> 48:
        return None
    both = left << 24 | topup
    return _PACK[_USUAL](
        source << 4 | _USUAL, batch_id, both >> 32, both & _LOW, after >> 32, after & _LOW, day
    )


def _full_record(batch: Batch, left: int, source: int, number: int) -> bytes | None:
    """Of a batch that is not empty; None where it does not fit."""
    flags, fields, earned, ends = 0, [left], batch.earned, batch.expires_at
    if batch.number != number:
        flags |= _NUMBERED
        fields.append(batch.number)
    if earned is None:
        if ends is not None:
            flags |= _EXPIRES
            fields.append(ends)
    else:
        flags |= _EARNED
        day, topup, credited = earned.day, to_number(earned.topup), to_number(earned.credited)
        if ends is not None:
            ends -= day * DAY_US
            if ends >> 48:
                return None
            flags |= _EXPIRES
            fields += ends >> 32, ends & _LOW
        fields += topup, day
        if credited != left or flags == _USUAL:
            flags |= _CREDITED
            fields.append(credited)
        if (topup | credited) >> 32 or day >> 16 or earned.refunded or earned.revoked:
            return None
    if source >= _SOURCES or left >> 32:
        return None
    return _PACK[flags](source << 4 | flags, batch.id, *fields)


def batches(records: bytes, sources: Sources, number: int) -> tuple[Batch, ...]:
    """The batches of records that stand behind one another. `number`: what the first has without
    one of its own. Raises struct.error, IndexError or msgspec.DecodeError for damaged bytes."""
    found: list[Batch] = []
    named = [Source(each) if isinstance(each, str) else each for each in sources]
    at, end = 0, len(records)
    while at < end:
        kind = records[at]
        if kind == RARE:
            begin = at + RARE_HEAD
            at = begin + (records[at + 1] << 8 | records[at + 2])
            found.append(read_rare(records[begin:at], named))
        else:
            read, size = _READ[kind & 15]
            found.append(_batch(kind & 15, read(records, at), named[kind >> 4], number))
            at += size
        number += 1
    return tuple(found)


def _batch(flags: int, fields: tuple[Any, ...], source: Source, number: int) -> Batch:
    ends, earned = None, None
    if flags == _USUAL:
        _, _, amounts, below, high, low, day = fields
        left = frequent_amount(amounts << 8 | below >> 24)
        topup = frequent_amount(below & 0xFFFFFF)
        ends = day * DAY_US + (high << 32 | low)
        earned = Earned(left, topup, day, source.siblings, source.charged)
    else:
        left, rest = frequent_amount(fields[2]), list(fields[3:])
        if flags & _NUMBERED:
            number = rest.pop(0)
        if flags & _EARNED:
            after = rest.pop(0) << 32 | rest.pop(0) if flags & _EXPIRES else None
            topup, day, *credited = rest
            ends = None if after is None else day * DAY_US + after
            amount = frequent_amount(credited[0]) if credited else left
            earned = Earned(amount, frequent_amount(topup), day, source.siblings, source.charged)
        elif flags & _EXPIRES:
            ends = rest[0]
    return Batch(
        number,
        fields[1],
        left,
        ends,
        source.product_types,
        source.product_ids,
        source.opened_by,
        source.rule_id,
        earned,
    )
