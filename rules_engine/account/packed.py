"""Accounts and payments as bytes: what a client's state and the payments' own keys hold.

An account is the length of its header (2, big endian), the header (balance, counters, sources of
batches; msgpack) and its batches behind one another (`records.py`), so that the balance is read,
and a batch added, without a look at the others. No bytes: no operation yet.
"""

import struct
from collections.abc import Sequence
from decimal import Decimal

from msgspec import DecodeError, Struct, msgpack

from rules_engine.account.payments import Payment
from rules_engine.account.records import Sources, batches, record, source_of
from rules_engine.account.spending import Draw
from rules_engine.account.values import NOTHING, UNUSED, Account, Batch, Earned, Opened
from rules_engine.checked import RefundPolicy
from rules_engine.units import Number, fitting, from_number, sum_of_numbers, to_number


class Header(Struct, frozen=True, gc=False, array_like=True):
    """`count`: how many batches there are; the n-th of them has the number `opened - count + n`
    where its record says nothing else."""

    balance: Number
    opened: int
    count: int
    commanded_at: int | None
    sources: Sources


class PackedPayment(Struct, frozen=True, gc=False, array_like=True):
    """`draws`: (amount, settled) of each; `records`: the batches that they are of."""

    event: bytes
    paid_at: int
    total: Number
    policy: RefundPolicy
    draws: tuple[tuple[Number, Number], ...]
    sources: Sources
    first: int
    records: bytes
    life: int


_encode = msgpack.Encoder().encode
_header = msgpack.Decoder(Header).decode
_payment = msgpack.Decoder(PackedPayment).decode


def pack_account(account: Account) -> bytes:
    """The account's one form in bytes. Raises ValueError for more than four decimals."""
    if not account.is_used:
        return b""
    count = len(account.batches)
    sources, body = _records(account.batches, account.opened - count)
    balance = fitting(to_number(account.balance))
    return _joined(Header(balance, account.opened, count, account.commanded_at, sources), body)


def unpack_account(packed: bytes) -> Account:
    """Raises msgspec.DecodeError for damaged bytes."""
    if not packed:
        return UNUSED
    header, body = _split(packed)
    held = _batches(body, header.sources, header.opened - header.count)
    return Account(held, header.opened, header.commanded_at, True)


def balance_of(packed: bytes) -> Decimal:
    """The account's balance, zero before its first operation."""
    return from_number(_split(packed)[0].balance) if packed else NOTHING


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
    latest, number, sources = header.commanded_at, header.opened, header.sources
    if latest is None or latest < commanded_at:
        latest = commanded_at
    types, ids = restriction
    batch = Batch(number, batch_id, amount, expires_at, types, ids, Opened.RULE, rule_id, earned)
    source = source_of(batch)
    if source not in sources:
        sources = (*sources, source)
    left = to_number(amount)
    total = sum_of_numbers(header.balance, left)
    head = _encode((fitting(total), number + 1, header.count + 1, latest, sources))
    made = record(batch, left, sources.index(source), number)
    return len(head).to_bytes(2, "big") + head + body + made, from_number(total)


def added_batches(before: bytes, after: bytes) -> tuple[Batch, ...] | None:
    """What `after` has behind the batches of `before`, their numbers left open; None where one of
    these changed or went. Raises msgspec.DecodeError for damaged bytes."""
    old = before[2 + (before[0] << 8 | before[1]) :] if before else b""
    header, body = _split(after) if after else (_EMPTY, b"")
    if not body.startswith(old):
        return None
    return _batches(body[len(old) :], header.sources, 0)


def pack_payment(payment: Payment) -> bytes:
    """The payment's one form in bytes. Raises ValueError for more than four decimals."""
    draws = payment.draws
    first = draws[0].batch.number if draws else 0
    sources, body = _records([each.batch for each in draws], first)
    amounts = tuple(
        (fitting(to_number(each.amount)), fitting(to_number(each.settled))) for each in draws
    )
    total = fitting(to_number(payment.total))
    return _encode(
        PackedPayment(
            payment.event,
            payment.paid_at,
            total,
            payment.policy,
            amounts,
            sources,
            first,
            body,
            payment.life,
        )
    )


def unpack_payment(packed: bytes) -> Payment:
    """Raises msgspec.DecodeError for damaged bytes."""
    read = _payment(packed)
    held = _batches(read.records, read.sources, read.first)
    draws = tuple(
        Draw(batch, from_number(amount), from_number(settled))
        for batch, (amount, settled) in zip(held, read.draws, strict=True)
    )
    return Payment(read.event, read.paid_at, from_number(read.total), read.policy, draws, read.life)


_EMPTY = Header(0, 0, 0, None, ())


def _records(held: Sequence[Batch], first: int) -> tuple[Sources, bytes]:
    """The sources of some batches, and their records; `first`: what the first one's place says."""
    named = [source_of(each) for each in held]
    sources = tuple(dict.fromkeys(named))
    return sources, b"".join(
        record(each, to_number(each.left), sources.index(source), number)
        for number, (each, source) in enumerate(zip(held, named, strict=True), first)
    )


def _batches(body: bytes, sources: Sources, first: int) -> tuple[Batch, ...]:
    try:
        return batches(body, sources, first)
    except (struct.error, IndexError) as fault:
        raise DecodeError(f"batches end too soon: {fault}") from fault


def _joined(header: Header, body: bytes) -> bytes:
    head = _encode(header)
    return len(head).to_bytes(2, "big") + head + body


def _split(packed: bytes) -> tuple[Header, bytes]:
    end = 2 + (packed[0] << 8 | packed[1])
    return _header(packed[2:end]), packed[end:]
