"""Accounts and payments as bytes: what a client's state and the payments' own keys hold.

An account is a short header (balance, counters) and its batches behind one another, so that the
balance is read, and a batch added, without a look at the others. No bytes: no operation yet.
"""

from decimal import Decimal

from msgspec import Struct, msgpack
from msgspec.structs import replace

from rules_engine.account.payments import Payment
from rules_engine.account.values import EXACT, UNUSED, Account, Batch


class Header(Struct, frozen=True, gc=False, array_like=True):
    balance: Decimal
    opened: int
    count: int
    commanded_at: int | None


_encode = msgpack.Encoder(decimal_format="string").encode
_header = msgpack.Decoder(Header).decode
_batches = msgpack.Decoder(tuple[Batch, ...]).decode
_payment = msgpack.Decoder(Payment).decode


def pack_account(account: Account) -> bytes:
    """The account's one form in bytes."""
    if not account.is_used:
        return b""
    header = Header(account.balance, account.opened, len(account.batches), account.commanded_at)
    return _joined(header, b"".join(map(_encode, account.batches)))


def unpack_account(packed: bytes) -> Account:
    """Raises msgspec.DecodeError for damaged bytes."""
    if not packed:
        return UNUSED
    header, body = _split(packed)
    return Account(_batches(_array(header.count) + body), header.opened, header.commanded_at, True)


def balance_of(packed: bytes) -> Decimal:
    """The account's balance, zero before its first operation."""
    return _header(packed[1 : 1 + packed[0]]).balance if packed else UNUSED.balance


def with_credit(packed: bytes, batch: Batch, commanded_at: int) -> tuple[bytes, Decimal]:
    """The account with one more batch, which a command of `commanded_at` credits, and its balance:
    the same as `operations.credit`, at a fraction of its cost. The batch's number is given here."""
    header, body = _split(packed) if packed else (_EMPTY, b"")
    balance = EXACT.add(header.balance, batch.left)
    latest = header.commanded_at
    if latest is None or latest < commanded_at:
        latest = commanded_at
    batch = replace(batch, number=header.opened)
    grown = Header(balance, header.opened + 1, header.count + 1, latest)
    return _joined(grown, body + _encode(batch)), balance


def pack_payment(payment: Payment) -> bytes:
    return _encode(payment)


def unpack_payment(packed: bytes) -> Payment:
    """Raises msgspec.DecodeError for damaged bytes."""
    return _payment(packed)


_EMPTY = Header(UNUSED.balance, 0, 0, None)


def _joined(header: Header, body: bytes) -> bytes:
    head = _encode(header)
    return bytes((len(head),)) + head + body


def _split(packed: bytes) -> tuple[Header, bytes]:
    end = 1 + packed[0]
    return _header(packed[1:end]), packed[end:]


def _array(count: int) -> bytes:
    """The bytes with which msgpack begins an array of so many items."""
    return bytes((0x90 | count,)) if count < 16 else b"\xdd" + count.to_bytes(4, "big")
