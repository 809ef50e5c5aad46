"""Counters, dates, snapshots and the worker's own groups."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.client import ClientState, after_event, take_snapshot, with_group_change
from schemas import decoded
from schemas.decoded import Snapshot

MINUTE = 60_000_000
ENVELOPE: dict[str, Any] = {
    "event_id": "e-1",
    "organization_id": "izi",
    "club_id": "club-1",
    "client_id": "c-1",
}


def topup(amount: str, at: int = 0) -> decoded.Event:
    return decoded.BalanceToppedUp(
        **ENVELOPE, occurred_at=at, topup_amount_major=Decimal(amount), top_up_source="CASH"
    )


def topup_refund(amount: str, at: int = 0) -> decoded.Event:
    return decoded.TopupRefunded(
        **ENVELOPE, occurred_at=at, original_event_id="e-0", refund_amount_major=Decimal(amount)
    )


def started(at: int) -> decoded.Event:
    return decoded.VisitStarted(**ENVELOPE, occurred_at=at, visit_id="v", tariff_id="t")


def ended(at: int) -> decoded.Event:
    return decoded.VisitEnded(
        **ENVELOPE, occurred_at=at, visit_id="v", tariff_id="t", duration_minutes=5
    )


def payment(total: str, bonus: str = "0") -> decoded.Event:
    return decoded.PaymentMade(
        **ENVELOPE,
        occurred_at=0,
        payment_id="p",
        total_amount_major=Decimal(total),
        bonus_amount_major=Decimal(bonus),
        product_type="BAR",
        product_id="cola",
    )


def payment_refund(amount: str) -> decoded.Event:
    return decoded.PaymentRefunded(
        **ENVELOPE,
        occurred_at=0,
        payment_id="p",
        refund_amount_major=Decimal(amount),
        bonus_amount_major=Decimal(0),
    )


def after(*events: decoded.Event, state: ClientState | None = None) -> ClientState:
    state = ClientState() if state is None else state
    for event in events:
        state = after_event(state, event, b"")
    return state


@pytest.mark.parametrize(
    ("events", "total", "count"),
    [
        ([topup("100"), topup("50.25")], "150.25", 2),
        ([topup("100"), topup_refund("30")], "70", 1),
        ([topup("100"), topup_refund("130")], "0", 1),
        ([topup_refund("30"), topup("100")], "100", 1),
        ([topup("99999999999999999999.9999"), topup("0.0001")], "100000000000000000000", 2),
    ],
)
def test_topups(events: list[decoded.Event], total: str, count: int) -> None:
    state = after(*events)
    assert (state.topup_total, state.topup_count) == (Decimal(total), count)
    assert (state.spent_total, state.visit_count) == (Decimal(0), 0)


@pytest.mark.parametrize(
    ("events", "total"),
    [
        ([payment("200", "60"), payment("50.50")], "250.50"),
        ([payment("200"), payment_refund("50")], "150"),
        ([payment("200"), payment_refund("500"), payment("1")], "1"),
    ],
)
def test_payments(events: list[decoded.Event], total: str) -> None:
    state = after(*events)
    assert state.spent_total == Decimal(total)
    assert (state.topup_total, state.topup_count) == (Decimal(0), 0)


@pytest.mark.parametrize(
    ("events", "visits", "first", "last"),
    [
        ([started(5)], 1, 5, 5),
        ([started(5), ended(9)], 1, 5, 9),
        ([ended(9)], 0, None, 9),
        ([ended(9), started(5)], 1, 5, 9),
        ([started(9), started(5)], 2, 9, 9),  # the first that arrived; never back
        ([started(9), ended(5), topup("1", 50)], 1, 9, 9),
    ],
)
def test_visits(
    events: list[decoded.Event], visits: int, first: int | None, last: int | None
) -> None:
    state = after(*events)
    assert (state.visit_count, state.first_visit_at, state.last_visit_at) == (visits, first, last)


def test_every_event_moves_the_latest_instant_forward_and_sets_the_club() -> None:
    manual = decoded.BonusCredited(
        **{**ENVELOPE, "club_id": "club-2"},
        occurred_at=70,
        amount_major=Decimal(5),
        executor="Anna",
    )
    state = after(topup("1", 50), started(40), manual)
    assert (state.latest_at, state.last_club) == (70, "club-2")
    assert after(topup("1", -50)).latest_at == -50
    assert (state.topup_total, state.spent_total) == (Decimal(1), Decimal(0))


def test_the_memory_is_taken_over() -> None:
    assert after_event(ClientState(), started(0), b"packed").memory == b"packed"


def test_a_state_is_a_value() -> None:
    before = ClientState(groups=("vip",))
    after(topup("5"), started(5), payment("5"), state=before)
    take_snapshot(before, Snapshot(groups=("new",)), 0)
    with_group_change(before, "new", True, 0)
    assert before == ClientState(groups=("vip",))


def test_what_a_snapshot_is_silent_about_stays() -> None:
    full = Snapshot(("b", "a"), 7, date(1990, 2, 28), Decimal(5))
    state = take_snapshot(ClientState(), full, 100)
    assert state.registered_at == 7
    assert state.birthday == "1990-02-28"
    assert state.groups == ("a", "b")
    assert take_snapshot(state, Snapshot(), 200) == state
    assert take_snapshot(state, Snapshot(groups=()), 200).groups == ()
    assert take_snapshot(state, Snapshot(registered_at=9), 200).registered_at == 9


def assigned(*changes: tuple[str, bool, int]) -> ClientState:
    state = ClientState(groups=("old",))
    for group, is_assigned, minute in changes:
        state = with_group_change(state, group, is_assigned, minute * MINUTE)
    return state


def groups_after(state: ClientState, snapshot_at: int, *groups: str) -> tuple[str, ...]:
    return take_snapshot(state, Snapshot(groups=groups), snapshot_at).groups


def test_own_changes_are_seen_at_once() -> None:
    assert assigned(("vip", True, 0), ("old", False, 0), ("vip", True, 1)).groups == ("vip",)
    assert assigned(("vip", True, 5), ("vip", False, 0)).groups == ("old",)
    assert assigned(("gone", False, 5)).groups == ("old",)


@pytest.mark.parametrize(
    ("changes", "minute", "snapshot", "expected"),
    [
        # younger than ten minutes stays, at ten minutes the snapshot decides
        ([("vip", True, 0)], 9, (), ("vip",)),
        ([("vip", True, 0)], 10, (), ()),
        ([("old", False, 0)], 9, ("old",), ()),
        ([("old", False, 0)], 10, ("old",), ("old",)),
        # dated after the snapshot stays, however long after
        ([("vip", True, 5000)], 0, ("new",), ("new", "vip")),
        # the latest by arrival decides
        ([("vip", True, 0), ("vip", False, 1)], 5, ("vip",), ()),
        ([("vip", False, 1), ("vip", True, 0)], 5, (), ("vip",)),
        # one that no longer stays leaves the decision to one that does
        ([("vip", True, 20), ("vip", False, 0)], 25, (), ("vip",)),
        ([("vip", True, 20), ("vip", False, 0)], 9, ("vip",), ()),
        ([("vip", True, 20), ("vip", False, 0)], 30, ("vip",), ("vip",)),
    ],
)
def test_snapshots_and_own_changes(
    changes: list[tuple[str, bool, int]],
    minute: int,
    snapshot: tuple[str, ...],
    expected: tuple[str, ...],
) -> None:
    assert groups_after(assigned(*changes), minute * MINUTE, *snapshot) == expected


def test_a_snapshot_does_not_wear_own_changes_out() -> None:
    state = take_snapshot(assigned(("vip", True, 0)), Snapshot(groups=()), 60 * MINUTE)
    assert state.groups == ()
    assert groups_after(state, 5 * MINUTE) == ("vip",)  # it arrives late, dated before


changes = st.lists(
    st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(-30, 30)), max_size=12
)


@given(changes, st.integers(-40, 60), st.sets(st.sampled_from("abcd")))
def test_only_changes_that_can_decide_no_more_are_left_out(
    made: list[tuple[str, bool, int]], minute: int, snapshot: set[str]
) -> None:
    expected = set(snapshot)
    for group, is_assigned, at in made:
        if minute - at < 10:
            (expected.add if is_assigned else expected.discard)(group)
    assert groups_after(assigned(*made), minute * MINUTE, *sorted(snapshot)) == tuple(
        sorted(expected)
    )
