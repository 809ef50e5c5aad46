"""The record of a batch that has no usual form (`records.py`): a head of a byte and the length (2),
then msgpack."""

from collections.abc import Sequence

from msgspec import Struct, msgpack

from rules_engine.account.sources import Source
from rules_engine.account.values import Batch, Earned
from rules_engine.units import Number, fitting, frequent_amount, to_number

RARE, RARE_HEAD = 0xF0, 3


class _Earned(Struct, frozen=True, gc=False, array_like=True):
    credited: Number
    topup: Number
    day: int
    refunded: Number
    revoked: Number


class _Rare(Struct, frozen=True, gc=False, array_like=True):
    number: int
    id: bytes
    left: Number
    source: int
    expires_at: int | None
    emptied_at: int | None
    earned: _Earned | None


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(_Rare).decode


def rare_record(batch: Batch, source: int) -> bytes:
    """`source`: its place among the sources."""
    earned = batch.earned
    packed = _encode(
        _Rare(
            batch.number,
            batch.id,
            fitting(to_number(batch.left)),
            source,
            batch.expires_at,
            batch.emptied_at,
            None
            if earned is None
            else _Earned(
                fitting(to_number(earned.credited)),
                fitting(to_number(earned.topup)),
                earned.day,
                fitting(to_number(earned.refunded)),
                fitting(to_number(earned.revoked)),
            ),
        )
    )
    return bytes((RARE,)) + len(packed).to_bytes(2, "big") + packed


def read_rare(record: bytes, sources: Sequence[Source]) -> Batch:
    """`record`: what stands behind the head. Raises IndexError or msgspec.DecodeError for damaged
    bytes."""
    read = _decode(record)
    source, held, earned = sources[read.source], read.earned, None
    if held is not None:
        earned = Earned(
            frequent_amount(held.credited),
            frequent_amount(held.topup),
            held.day,
            source.siblings,
            source.charged,
            frequent_amount(held.refunded),
            frequent_amount(held.revoked),
        )
    return Batch(
        read.number,
        read.id,
        frequent_amount(read.left),
        read.expires_at,
        source.product_types,
        source.product_ids,
        source.opened_by,
        source.rule_id,
        earned,
        read.emptied_at,
    )
