"""What the worker knows of one client: counters, groups, remembered events, limit counters.

A value: nobody changes one in place; `after_event` and its like return a new one.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from rules_engine.counters import Counters, unpack_counters
from rules_engine.units import from_units, to_units
from schemas.decoded import (
    BalanceToppedUp,
    Event,
    PaymentMade,
    PaymentRefunded,
    Snapshot,
    TopupRefunded,
    VisitEnded,
    VisitStarted,
)

OWN_CHANGES_STAY_US = 10 * 60 * 1_000_000


class GroupChange(Struct, frozen=True, gc=False, array_like=True):
    """One of the worker's own assignments; `at` is the `occurredAt` of the event behind it."""

    group_id: str
    assigned: bool
    at: int

    def stays(self, snapshot_at: int) -> bool:
        """A snapshot does not undo what is younger than 10 minutes or dated after it."""
        return snapshot_at - self.at < OWN_CHANGES_STAY_US


class GroupEnd(Struct, frozen=True, gc=False, array_like=True):
    """An assignment that ends at `at`: all that its UNASSIGN_GROUP will say of it.

    `command`: the 16 bytes of the assignment's `commandId`; rule, index and tags are its own.
    """

    at: int
    group_id: str
    command: bytes
    rule_id: str
    action_index: int
    tags: tuple[str, ...] = ()


class ClientState(Struct, frozen=True, gc=False, array_like=True):
    """Counters as of before the next event. Instants: microseconds since the epoch, UTC.

    `topup_units`, `spent_units`: totals in ten-thousandths of a major unit.
    `groups`: sorted, each once.
    `group_changes`: the worker's own, in order of arrival, without those that can decide no more.
    `memory`: remembered events, packed, in order of arrival (see `memory.py`).
    `counted`: what limits count, packed (see `counters.py`); most events need not open it.
    `last_club`: club of the latest event (timers).
    `payments`: which remembered events are which payments, packed (see `payment_ids.py`).
    `account`: the bonus account, packed (see `account/packed.py`); empty: no operation yet.
    `lapses_at`: the earliest expiry among its batches, so that most events need not open it.
    `ends`: ends of the worker's own assignments, in order of assignment, one per group.
    `lapsed`: (instant, amount in major units) of lapses that no BONUS_EXPIRED has rung for yet,
    ascending, one per instant.
    `life`: how often the client was forgotten; payments of an earlier life are known no more.
    """

    topup_units: int = 0
    topup_count: int = 0
    spent_units: int = 0
    visit_count: int = 0
    first_visit_at: int | None = None
    last_visit_at: int | None = None
    registered_at: int | None = None
    birthday: str | None = None
    groups: tuple[str, ...] = ()
    group_changes: tuple[GroupChange, ...] = ()
    latest_at: int | None = None
    memory: bytes = b""
    counted: bytes = b""
    last_club: str = ""
    payments: bytes = b""
    account: bytes = b""
    lapses_at: int | None = None
    ends: tuple[GroupEnd, ...] = ()
    lapsed: tuple[tuple[int, Decimal], ...] = ()
    life: int = 0

    @property
    def topup_total(self) -> Decimal:
        """In major units, with four decimals."""
        return from_units(self.topup_units)

    @property
    def spent_total(self) -> Decimal:
        """In major units, with four decimals."""
        return from_units(self.spent_units)

    @property
    def counters(self) -> Counters:
        """What limits count, opened at every call."""
        return unpack_counters(self.counted)


def take_snapshot(state: ClientState, snapshot: Snapshot, occurred_at: int) -> ClientState:
    """The state with what the CRM knew just before the event of `occurred_at`.

    What the snapshot is silent about stays. Its groups replace the set, except for the worker's
    own changes that stay (`GroupChange.stays`); of those the latest by arrival decides.
    """
    birthday = snapshot.birthday
    return replace(
        state,
        registered_at=state.registered_at
        if snapshot.registered_at is None
        else snapshot.registered_at,
        birthday=state.birthday if birthday is None else birthday.isoformat(),
        groups=state.groups
        if snapshot.groups is None
        else _groups_after(snapshot.groups, state.group_changes, occurred_at),
    )


def after_event(
    state: ClientState,
    event: Event,
    memory: bytes,
    account: bytes = b"",
    lapses_at: int | None = None,
    payments: bytes = b"",
) -> ClientState:
    """The state after an event that was taken, with `memory` as its duplicate memory, `payments`
    as those of the events in it, and the account as it was booked.

    Only counters and dates move here: groups and limit counters are the rules' doing.
    """
    at, latest, club = event.occurred_at, state.latest_at, event.club_id
    if latest is None or latest < at:
        latest = at
    # `type(event) is`: an isinstance that says no costs four times as much for these classes.
    if type(event) is BalanceToppedUp:
        return replace(
            state,
            topup_units=state.topup_units + to_units(event.topup_amount_major),
            topup_count=state.topup_count + 1,
            latest_at=latest,
            memory=memory,
            last_club=club,
            account=account,
            lapses_at=lapses_at,
        )
    if type(event) is VisitStarted:
        first = state.first_visit_at
        return replace(
            state,
            visit_count=state.visit_count + 1,
            first_visit_at=at if first is None else first,
            last_visit_at=_later(state.last_visit_at, at),
            latest_at=latest,
            memory=memory,
            last_club=club,
            account=account,
            lapses_at=lapses_at,
        )
    if type(event) is VisitEnded:
        return replace(
            state,
            last_visit_at=_later(state.last_visit_at, at),
            latest_at=latest,
            memory=memory,
            last_club=club,
            account=account,
            lapses_at=lapses_at,
        )
    spent, topups = state.spent_units, state.topup_units
    if type(event) is PaymentMade:
        spent += to_units(event.total_amount_major)
    elif type(event) is PaymentRefunded:
        spent = _less(spent, event.refund_amount_major)
    elif type(event) is TopupRefunded:
        topups = _less(topups, event.refund_amount_major)
    return replace(
        state,
        topup_units=topups,
        spent_units=spent,
        latest_at=latest,
        memory=memory,
        last_club=club,
        payments=payments,
        account=account,
        lapses_at=lapses_at,
    )


def with_group_change(
    state: ClientState, group_id: str, assigned: bool, at: int, end: GroupEnd | None = None
) -> ClientState:
    """The state after the worker's own `ASSIGN_GROUP` or `UNASSIGN_GROUP`, caused at `at`.

    `end`: of an assignment that ends. There is one per group: a later change moves it or, where it
    has none, removes it.
    """
    groups = set(state.groups)
    if assigned:
        groups.add(group_id)
    else:
        groups.discard(group_id)
    # An earlier arrival with an earlier date can decide no more: wherever it stays, this one does.
    live = (
        change for change in state.group_changes if change.group_id != group_id or change.at > at
    )
    ends = state.ends
    if ends:
        ends = tuple(each for each in ends if each.group_id != group_id)
    return replace(
        state,
        groups=tuple(sorted(groups)),
        group_changes=(*live, GroupChange(group_id, assigned, at)),
        ends=ends if end is None else (*ends, end),
    )


def _groups_after(
    groups: tuple[str, ...], changes: tuple[GroupChange, ...], snapshot_at: int
) -> tuple[str, ...]:
    kept = set(groups)
    for change in changes:
        if change.stays(snapshot_at):
            if change.assigned:
                kept.add(change.group_id)
            else:
                kept.discard(change.group_id)
    return tuple(sorted(kept))


def _later(known: int | None, at: int) -> int:
    return at if known is None or known < at else known


def _less(total: int, amount: Decimal) -> int:
    """A total never goes below zero."""
    return max(total - to_units(amount), 0)
