"""Accounts and payments as bytes: what a client's state and the payments' own keys hold.

An account is msgpack: balance, counters, sources of batches, and the batches as records behind one
another (`records.py`), so that the balance is read, and a batch added, without a look at the
others. No bytes: no operation yet.
"""

import struct
from collections.abc import Sequence
from decimal import Decimal

from msgspec import DecodeError, Struct, msgpack

from rules_engine.account.payments import Payment
from rules_engine.account.records import batches, new_record, record
from rules_engine.account.sources import Source, Sources, source, source_of
from rules_engine.account.spending import Draw
from rules_engine.account.values import NOTHING, UNUSED, Account, Batch, Earned, Opened
from rules_engine.checked import RefundPolicy
from rules_engine.units import Number, fitting, from_number, sum_of_numbers, to_number


class PackedAccount(Struct, frozen=True, gc=False, array_like=True):
    """`count`: how many batches there are; the n-th of them has the number `opened - count + n`
    where its record says nothing else."""

    balance: Number
    opened: int
    count: int
    commanded_at: int | None
    sources: Sources
    records: bytes


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
_account = msgpack.Decoder(PackedAccount).decode
_payment = msgpack.Decoder(PackedPayment).decode


def pack_account(account: Account) -> bytes:
    """The account's one form in bytes. Raises ValueError for more than four decimals."""
    if not account.is_used:
        return b""
    count = len(account.batches)
    sources, body, balance = _records(account.batches, account.opened - count)
    return _encode((fitting(balance), account.opened, count, account.commanded_at, sources, body))


def unpack_account(packed: bytes) -> Account:
    """Raises msgspec.DecodeError for damaged bytes."""
    if not packed:
        return UNUSED
    read = _account(packed)
    held = _batches(read.records, read.sources, read.opened - read.count)
    return Account(held, read.opened, read.commanded_at, True)


def balance_of(packed: bytes) -> Decimal:
    """The account's balance, zero before its first operation."""
    return from_number(_account(packed).balance) if packed else NOTHING


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
    held = _account(packed) if packed else _EMPTY
    latest, number, sources = held.commanded_at, held.opened, held.sources
    if latest is None or latest < commanded_at:
        latest = commanded_at
    named = source(rule_id, earned, restriction)
    if named not in sources:
        sources = (*sources, named)
    place, left = sources.index(named), to_number(amount)
    made = new_record(batch_id, left, expires_at, earned, place)
    if made is None:
        types, ids = restriction
        batch = Batch(
            number, batch_id, amount, expires_at, types, ids, Opened.RULE, rule_id, earned
        )
        made = record(batch, left, place, number)
    total = sum_of_numbers(held.balance, left)
    grown = (fitting(total), number + 1, held.count + 1, latest, sources, held.records + made)
    return _encode(grown), from_number(total)


def added_batches(before: bytes, after: bytes) -> tuple[Batch, ...] | None:
    """What `after` has behind the batches of `before`, their numbers left open; None where one of
    these changed or went. Raises msgspec.DecodeError for damaged bytes."""
    old = _account(before).records if before else b""
    read = _account(after) if after else _EMPTY
    if not read.records.startswith(old):
        return None
    return _batches(read.records[len(old) :], read.sources, 0)


def pack_payment(payment: Payment) -> bytes:
    """The payment's one form in bytes. Raises ValueError for more than four decimals."""
    draws = payment.draws
    first = draws[0].batch.number if draws else 0
    sources, body, _ = _records([each.batch for each in draws], first)
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


_EMPTY = PackedAccount(0, 0, 0, None, (), b"")


def _records(held: Sequence[Batch], first: int) -> tuple[Sources, bytes, int]:
    """The sources of some batches, their records, and the sum of what is left; `first`: the number
    that the first one's place gives it."""
    places: dict[str | Source, int] = {}
    made, balance = [], 0
    for number, batch in enumerate(held, first):
        left = to_number(batch.left)
        place = places.setdefault(source_of(batch), len(places))
        made.append(record(batch, left, place, number))
        balance = sum_of_numbers(balance, left)
    return tuple(places), b"".join(made), balance


def _batches(body: bytes, sources: Sources, first: int) -> tuple[Batch, ...]:
    try:
        return batches(body, sources, first)
    except (struct.error, IndexError) as fault:
        raise DecodeError(f"batches end too soon: {fault}") from fault
