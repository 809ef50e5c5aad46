"""A client's state, and a remembered payment, as the bytes that the tables keep.

The first byte is the version of the form, the rest msgpack: fields in order, without names, those
that few clients have behind the others. Amounts are whole numbers, a birthday is days since 1970,
the latest instant is counted from that of the last remembered event, and a changed group that is
one of `groups` is named by its place there. Equal states give equal bytes.

Every earlier version is read (`version_1.py`) and written on in this one. Another form needs
another version, and its values frozen beside the others (`tests/data/state`).
"""

from datetime import date
from functools import lru_cache

from msgspec import MsgspecError, Struct, msgpack
from msgspec.structs import replace

from rules_engine.account import packed as account
from rules_engine.account.payments import Payment
from rules_engine.client import ClientState, GroupChange, GroupEnd
from rules_engine.memory import last_instant
from rules_engine.units import Number, fitting, from_units, to_units
from worker.errors import LoudStop
from worker.tables import version_1

CODEC_VERSION = 2

_VERSION = bytes([CODEC_VERSION])
_VERSION_1 = b"\x01"


class _Rare(Struct, frozen=True, gc=False, array_like=True):
    """What most clients have nothing of. A change: (group or its place, assigned?, instant)."""

    group_changes: tuple[tuple[int | str, bool, int], ...] = ()
    ends: tuple[GroupEnd, ...] = ()
    lapsed: tuple[tuple[int, Number], ...] = ()
    life: int = 0


class _Stored(Struct, frozen=True, gc=False, array_like=True):
    topup_units: Number
    spent_units: Number
    topup_count: int
    visit_count: int
    first_visit_at: int | None
    last_visit_at: int | None
    registered_at: int | None
    birthday: int | None
    groups: tuple[str, ...]
    latest_at: int | None
    memory: bytes
    counted: bytes
    last_club: str
    account: bytes = b""
    lapses_at: int | None = None
    payments: bytes = b""
    rare: _Rare | None = None


_WITHOUT_ACCOUNT = 13
_LARGEST = 1 << 63
_EPOCH = date(1970, 1, 1).toordinal()
_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(_Stored).decode


def pack_client(state: ClientState) -> bytes:
    """The state's one form in bytes. Raises ValueError for more than four decimals."""
    topups, spent = state.topup_units, state.spent_units
    memory, latest, birthday = state.memory, state.latest_at, state.birthday
    if latest is not None and (last := last_instant(memory)) is not None:
        latest -= last
    fields = (
        topups if topups < _LARGEST else str(topups),
        spent if spent < _LARGEST else str(spent),
        state.topup_count,
        state.visit_count,
        state.first_visit_at,
        state.last_visit_at,
        state.registered_at,
        None if birthday is None else _birthday_number(birthday),
        state.groups,
        latest,
        memory,
        state.counted,
        state.last_club,
        state.account,
        state.lapses_at,
        state.payments,
    )
    if state.group_changes or state.ends or state.lapsed or state.life:
        return _VERSION + _encode((*fields, _rare(state)))
    if state.payments:
        return _VERSION + _encode(fields)
    has_account = state.account or state.lapses_at is not None
    return _VERSION + _encode(fields[:-1] if has_account else fields[:_WITHOUT_ACCOUNT])


def unpack_client(packed: bytes) -> ClientState:
    """The state in `packed`. Raises LoudStop for an unknown version and for damaged bytes."""
    try:
        if packed[:1] != _VERSION:
            return version_1.unpack_client(_older(packed))
        read = _decode(packed[1:])
    except (MsgspecError, ValueError) as fault:
        raise _damaged(fault) from fault
    topups, spent, rare = read.topup_units, read.spent_units, read.rare
    latest, memory, birthday = read.latest_at, read.memory, read.birthday
    if latest is not None and (last := last_instant(memory)) is not None:
        latest += last
    state = ClientState(
        topups if type(topups) is int else int(topups),
        read.topup_count,
        spent if type(spent) is int else int(spent),
        read.visit_count,
        read.first_visit_at,
        read.last_visit_at,
        read.registered_at,
        None if birthday is None else _birthday_text(birthday),
        read.groups,
        (),
        latest,
        memory,
        read.counted,
        read.last_club,
        read.payments,
        read.account,
        read.lapses_at,
    )
    return state if rare is None else _with_rare(state, rare)


def pack_payment(payment: Payment) -> bytes:
    """A remembered payment, a value of its own."""
    return _VERSION + account.pack_payment(payment)


def unpack_payment(packed: bytes) -> Payment:
    """The payment in `packed`. Raises as `unpack_client`."""
    try:
        if packed[:1] == _VERSION:
            return account.unpack_payment(packed[1:])
        return version_1.unpack_payment(_older(packed))
    except (MsgspecError, ValueError) as fault:
        raise _damaged(fault) from fault


def _with_rare(state: ClientState, rare: _Rare) -> ClientState:
    groups = state.groups
    return replace(
        state,
        group_changes=tuple(
            GroupChange(groups[group] if isinstance(group, int) else group, assigned, at)
            for group, assigned, at in rare.group_changes
        ),
        ends=rare.ends,
        lapsed=tuple((at, from_units(units)) for at, units in rare.lapsed),
        life=rare.life,
    )


@lru_cache(maxsize=40_000)
def _birthday_number(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH


@lru_cache(maxsize=40_000)
def _birthday_text(number: int) -> str:
    """There are no more birthdays than days in a century."""
    return date.fromordinal(number + _EPOCH).isoformat()


def _rare(state: ClientState) -> _Rare:
    groups = state.groups
    return _Rare(
        tuple(
            (
                groups.index(each.group_id) if each.group_id in groups else each.group_id,
                each.assigned,
                each.at,
            )
            for each in state.group_changes
        ),
        state.ends,
        tuple((at, fitting(to_units(amount))) for at, amount in state.lapsed),
        state.life,
    )


def _older(packed: bytes) -> bytes:
    """What follows the version's byte of a value that another release wrote."""
    if packed[:1] != _VERSION_1:
        raise LoudStop(
            f"A client's state has version {packed[0] if packed else 'none'} of its form, "
            f"this release reads versions 1 to {CODEC_VERSION}.",
            "Run the release that wrote the state, or rebuild it (docs/runbooks/bad-log.md).",
        )
    return packed[1:]


def _damaged(fault: Exception) -> LoudStop:
    return LoudStop(
        f"A client's state cannot be read: {fault}.",
        "Restore Redis from a backup, or rebuild it (docs/runbooks/bad-log.md).",
    )
