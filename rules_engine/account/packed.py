"""Accounts and payments as bytes: what a client's state and the payments' own keys hold.

An account is a short header (balance, counters, the names of its rules) and its batches behind one
another, so that the balance is read, and a batch added, without a look at the others. A batch
names its rule by number and leaves out what it has in common with most. No bytes: no operation yet.
"""

from decimal import Decimal
from typing import Any

from msgspec import Struct, msgpack
from msgspec.structs import astuple

from rules_engine.account.payments import Payment
from rules_engine.account.values import EXACT, NOTHING, UNUSED, Account, Batch, Earned, Opened


class Header(Struct, frozen=True, gc=False, array_like=True):
    balance: Decimal
    opened: int
    count: int
    commanded_at: int | None
    rules: tuple[str, ...]


class PackedBatch(Struct, frozen=True, gc=False, array_like=True):
    """`rule`: its place in the header's names."""

    number: int
    id: bytes
    left: Decimal
    expires_at: int | None = None
    rule: int | None = None
    earned: Earned | None = None
    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    opened_by: Opened = Opened.RULE
    emptied_at: int | None = None


_encode = msgpack.Encoder(decimal_format="string").encode
_header = msgpack.Decoder(Header).decode
_batches = msgpack.Decoder(tuple[PackedBatch, ...]).decode
_payment = msgpack.Decoder(Payment).decode


def pack_account(account: Account) -> bytes:
    """The account's one form in bytes."""
    if not account.is_used:
        return b""
    rules = tuple(dict.fromkeys(each.rule_id for each in account.batches if each.rule_id))
    count = len(account.batches)
    header = Header(account.balance, account.opened, count, account.commanded_at, rules)
    body = b"".join(_encode(_slim(each, rules)) for each in account.batches)
    return _joined(header, body)


def unpack_account(packed: bytes) -> Account:
    """Raises msgspec.DecodeError for damaged bytes."""
    if not packed:
        return UNUSED
    header, body = _split(packed)
    rules = header.rules
    batches = tuple(
        Batch(
            each.number,
            each.id,
            each.left,
            each.expires_at,
            each.product_types,
            each.product_ids,
            each.opened_by,
            "" if each.rule is None else rules[each.rule],
            each.earned,
            each.emptied_at,
        )
        for each in _batches(_array(header.count) + body)
    )
    return Account(batches, header.opened, header.commanded_at, True)


def balance_of(packed: bytes) -> Decimal:
    """The account's balance, zero before its first operation."""
    return _split(packed)[0].balance if packed else NOTHING


def with_credit(
    packed: bytes,
    commanded_at: int,
    batch_id: bytes,
    amount: Decimal,
    expires_at: int | None,
    restriction: tuple[tuple[str, ...], tuple[str, ...]],
    rule_id: str,
    earned: Earned | None,
) -> tuple[bytes, Decimal]:
    """The account with one more batch, which a command of `commanded_at` credits, and its balance:
    the same as `operations.credit`, at a fraction of its cost."""
    header, body = _split(packed) if packed else (_EMPTY, b"")
    balance, rules = EXACT.add(header.balance, amount), header.rules
    latest, number = header.commanded_at, header.opened
    if latest is None or latest < commanded_at:
        latest = commanded_at
    if rule_id not in rules:
        rules = (*rules, rule_id)
    slim = None if earned is None else _slim_earned(earned)
    batch: tuple[Any, ...] = (number, batch_id, amount, expires_at, rules.index(rule_id), slim)
    if restriction != _UNRESTRICTED:
        batch = (*batch, *restriction, Opened.RULE, None)
    head = _encode((balance, number + 1, header.count + 1, latest, rules))
    return len(head).to_bytes(2, "big") + head + body + _encode(batch), balance


def pack_payment(payment: Payment) -> bytes:
    return _encode(payment if payment.life else astuple(payment)[:-1])


def unpack_payment(packed: bytes) -> Payment:
    """Raises msgspec.DecodeError for damaged bytes."""
    return _payment(packed)


_EMPTY = Header(NOTHING, 0, 0, None, ())
_UNRESTRICTED = ((), ())


def _slim(batch: Batch, rules: tuple[str, ...]) -> tuple[Any, ...]:
    """A `PackedBatch` without the fields at its end that most batches have at their defaults."""
    rule = rules.index(batch.rule_id) if batch.rule_id else None
    earned = None if batch.earned is None else _slim_earned(batch.earned)
    usual = (batch.number, batch.id, batch.left, batch.expires_at, rule, earned)
    types, ids, emptied_at = batch.product_types, batch.product_ids, batch.emptied_at
    if not types and not ids and not batch.opened_by and emptied_at is None:
        return usual
    return (*usual, types, ids, batch.opened_by, emptied_at)


def _slim_earned(earned: Earned) -> tuple[Any, ...]:
    usual = (earned.credited, earned.topup, earned.day)
    if earned.siblings == 1 and not (earned.charged or earned.refunded):
        return usual
    return (*usual, earned.siblings, earned.charged, earned.refunded, earned.revoked)


def _joined(header: Header, body: bytes) -> bytes:
    head = _encode(header)
    return len(head).to_bytes(2, "big") + head + body


def _split(packed: bytes) -> tuple[Header, bytes]:
    end = 2 + (packed[0] << 8 | packed[1])
    return _header(packed[2:end]), packed[end:]


def _array(count: int) -> bytes:
    """The bytes with which msgpack begins an array of so many items."""
    return bytes((0x90 | count,)) if count < 16 else b"\xdd" + count.to_bytes(4, "big")
