"""A client's state, and a remembered payment, as the bytes that the tables keep.

The first byte is the version of the shape, the rest msgpack: the fields in order, without names.
Equal states give equal bytes: dicts are sorted by key, amounts have four decimals.
"""

from decimal import Context, Decimal, Inexact

from msgspec import MsgspecError, msgpack
from msgspec.structs import astuple

from rules_engine.account import packed as account
from rules_engine.account.payments import Payment
from rules_engine.client import ClientState, PeriodAmounts
from worker.errors import LoudStop

CODEC_VERSION = 1

_VERSION = bytes([CODEC_VERSION])
_EXACT = Context(prec=60, traps=[Inexact])
_UNIT = Decimal("0.0001")
_ZERO = Decimal("0.0000")
_in_units = _UNIT.same_quantum

_encode = msgpack.Encoder(decimal_format="string", order="deterministic").encode
_decode = msgpack.Decoder(ClientState).decode

_TOPUP_TOTAL = ClientState.__struct_fields__.index("topup_total")
_SPENT_TOTAL = ClientState.__struct_fields__.index("spent_total")
_CREDITED = ClientState.__struct_fields__.index("credited")


def pack_client(state: ClientState) -> bytes:
    """The state's one form in bytes."""
    topups, spent = state.topup_total, state.spent_total
    signed = topups.is_signed() or spent.is_signed()
    if not signed and _in_units(topups) and _in_units(spent) and not state.credited:
        return _VERSION + _encode(state)
    fields = list(astuple(state))
    fields[_TOPUP_TOTAL] = _canonical(state.topup_total)
    fields[_SPENT_TOTAL] = _canonical(state.spent_total)
    if state.credited:
        fields[_CREDITED] = {name: _amounts(held) for name, held in state.credited.items()}
    return _VERSION + _encode(fields)


def unpack_client(packed: bytes) -> ClientState:
    """The state in `packed`. Raises LoudStop for another version and for damaged bytes."""
    try:
        return _decode(_content(packed))
    except MsgspecError as fault:
        raise _damaged(fault) from fault


def pack_payment(payment: Payment) -> bytes:
    """A remembered payment, a value of its own."""
    return _VERSION + account.pack_payment(payment)


def unpack_payment(packed: bytes) -> Payment:
    """The payment in `packed`. Raises as `unpack_client`."""
    try:
        return account.unpack_payment(_content(packed))
    except MsgspecError as fault:
        raise _damaged(fault) from fault


def _content(packed: bytes) -> bytes:
    if packed[:1] != _VERSION:
        raise LoudStop(
            f"A client's state has version {packed[0] if packed else 'none'} of its shape, "
            f"this release reads version {CODEC_VERSION}.",
            "Run the release that wrote the state, or rebuild it (docs/runbooks/bad-log.md).",
        )
    return packed[1:]


def _damaged(fault: MsgspecError) -> LoudStop:
    return LoudStop(
        f"A client's state cannot be read: {fault}.",
        "Restore Redis from a backup, or rebuild it (docs/runbooks/bad-log.md).",
    )


def _canonical(amount: Decimal) -> Decimal:
    """With four decimals exactly and no negative zero; no currency has more."""
    if _in_units(amount) and not amount.is_signed():
        return amount
    return _EXACT.add(amount.quantize(_UNIT, context=_EXACT), _ZERO)


def _amounts(held: PeriodAmounts) -> list[tuple[int, Decimal]]:
    return [(ordinal, _canonical(amount)) for ordinal, amount in held]
