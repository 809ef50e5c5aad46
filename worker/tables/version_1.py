"""States and payments as version 1 of the codec wrote them: read only, never changed.

All was msgpack, amounts as text. The duplicate memory had 20 bytes an entry: digest of the id (8),
of the content (4), instant (8); payment ids had 12: digest of the id (8), of the event (4). What is
read here must be, byte for byte, what this release would have worked out itself from the same
events: shorter digests are beginnings of the longer ones.
"""

from decimal import Decimal
from struct import Struct as StructFormat

from msgspec import DecodeError, Struct, msgpack

from rules_engine.account.packed import pack_account
from rules_engine.account.payments import Payment
from rules_engine.account.spending import Draw
from rules_engine.account.values import Account, Batch, Earned, Opened
from rules_engine.checked import RefundPolicy
from rules_engine.client import ClientState, GroupChange, GroupEnd
from rules_engine.counters import Counters, PeriodAmounts, PeriodCounts, pack_counters
from rules_engine.memory import DIGEST, packed_memory
from rules_engine.units import to_units

_NOTHING = Decimal(0)


class _Client(Struct, frozen=True, array_like=True):
    topup_total: Decimal
    topup_count: int
    spent_total: Decimal
    visit_count: int
    first_visit_at: int | None
    last_visit_at: int | None
    registered_at: int | None
    birthday: str | None
    groups: tuple[str, ...]
    group_changes: tuple[GroupChange, ...]
    latest_at: int | None
    memory: bytes
    firings: dict[str, int]
    limit_counts: dict[str, PeriodCounts]
    credited: dict[str, PeriodAmounts]
    pushed: dict[str, PeriodCounts]
    last_club: str
    payments: bytes
    account: bytes
    lapses_at: int | None
    ends: tuple[GroupEnd, ...] = ()
    lapsed: tuple[tuple[int, Decimal], ...] = ()
    life: int = 0


class _Earned(Struct, frozen=True, array_like=True):
    credited: Decimal
    topup: Decimal
    day: int
    siblings: int = 1
    charged: str = ""
    refunded: Decimal = _NOTHING
    revoked: Decimal = _NOTHING


class _AccountHeader(Struct, frozen=True, array_like=True):
    balance: Decimal
    opened: int
    count: int
    commanded_at: int | None
    rules: tuple[str, ...]


class _AccountBatch(Struct, frozen=True, array_like=True):
    """`rule`: its place in the header's names."""

    number: int
    id: bytes
    left: Decimal
    expires_at: int | None = None
    rule: int | None = None
    earned: _Earned | None = None
    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    opened_by: Opened = Opened.RULE
    emptied_at: int | None = None


class _PaymentBatch(Struct, frozen=True, array_like=True):
    number: int
    id: bytes
    left: Decimal
    expires_at: int | None = None
    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    opened_by: Opened = Opened.RULE
    rule_id: str = ""
    earned: _Earned | None = None
    emptied_at: int | None = None


class _Draw(Struct, frozen=True, array_like=True):
    batch: _PaymentBatch
    amount: Decimal
    settled: Decimal = _NOTHING


class _Payment(Struct, frozen=True, array_like=True):
    event: bytes
    paid_at: int
    total: Decimal
    policy: RefundPolicy
    draws: tuple[_Draw, ...]
    life: int = 0


_client = msgpack.Decoder(_Client).decode
_header = msgpack.Decoder(_AccountHeader).decode
_batches = msgpack.Decoder(tuple[_AccountBatch, ...]).decode
_payment = msgpack.Decoder(_Payment).decode

_entry = StructFormat(">8s4sq")
_payment_id = StructFormat(">8s4s")


def unpack_client(packed: bytes) -> ClientState:
    """Raises msgspec.DecodeError for damaged bytes."""
    read = _client(packed)
    return ClientState(
        topup_units=to_units(read.topup_total),
        topup_count=read.topup_count,
        spent_units=to_units(read.spent_total),
        visit_count=read.visit_count,
        first_visit_at=read.first_visit_at,
        last_visit_at=read.last_visit_at,
        registered_at=read.registered_at,
        birthday=read.birthday,
        groups=read.groups,
        group_changes=read.group_changes,
        latest_at=read.latest_at,
        memory=_memory(read.memory, read.latest_at),
        counted=pack_counters(
            Counters(read.firings, read.limit_counts, read.credited, read.pushed)
        ),
        last_club=read.last_club,
        payments=_payments(read.payments),
        account=_account(read.account),
        lapses_at=read.lapses_at,
        ends=read.ends,
        lapsed=read.lapsed,
        life=read.life,
    )


def unpack_payment(packed: bytes) -> Payment:
    """Raises msgspec.DecodeError for damaged bytes."""
    read = _payment(packed)
    return Payment(
        read.event[:DIGEST],
        read.paid_at,
        read.total,
        read.policy,
        tuple(Draw(_drawn(each.batch), each.amount, each.settled) for each in read.draws),
        read.life,
    )


def _memory(packed: bytes, latest_at: int | None) -> bytes:
    if not packed or latest_at is None:
        return b""
    if len(packed) % _entry.size:
        raise DecodeError("the duplicate memory ends inside an entry")
    return packed_memory(list(_entry.iter_unpack(packed)), latest_at)


def _payments(packed: bytes) -> bytes:
    if len(packed) % _payment_id.size:
        raise DecodeError("the payment ids end inside an entry")
    return b"".join(each[:DIGEST] + event for each, event in _payment_id.iter_unpack(packed))


def _account(packed: bytes) -> bytes:
    if not packed:
        return b""
    end = 2 + int.from_bytes(packed[:2], "big")
    header = _header(packed[2:end])
    many = b"\xdd" + header.count.to_bytes(4, "big")  # msgpack's array of so many items
    batches = tuple(
        Batch(
            each.number,
            each.id,
            each.left,
            each.expires_at,
            each.product_types,
            each.product_ids,
            each.opened_by,
            "" if each.rule is None else header.rules[each.rule],
            _earned(each.earned),
            each.emptied_at,
        )
        for each in _batches(many + packed[end:])
    )
    return pack_account(Account(batches, header.opened, header.commanded_at, True))


def _drawn(batch: _PaymentBatch) -> Batch:
    return Batch(
        batch.number,
        batch.id,
        batch.left,
        batch.expires_at,
        batch.product_types,
        batch.product_ids,
        batch.opened_by,
        batch.rule_id,
        _earned(batch.earned),
        batch.emptied_at,
    )


def _earned(read: _Earned | None) -> Earned | None:
    if read is None:
        return None
    return Earned(
        read.credited,
        read.topup,
        read.day,
        read.siblings,
        read.charged,
        read.refunded,
        read.revoked,
    )
