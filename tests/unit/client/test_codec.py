"""A client's state in bytes: one form per state, compact, and never read by the wrong release."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules_engine.checked import Period
from rules_engine.client import ClientState, GroupChange, GroupEnd
from rules_engine.counters import Counters, pack_counters, unpack_counters
from rules_engine.memory import remember
from schemas.digests import event_digest
from tests.unit.client.stored_states import stored
from worker.errors import LoudStop
from worker.tables.codec import CODEC_VERSION, pack_client, unpack_client, unpack_payment

Kept = TypeVar("Kept")

amounts = st.decimals(0, 10**15, places=4)
instants = st.integers(-(10**17), 10**17)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
periods = st.sampled_from([each.value for each in Period])
limits = st.builds("{}\x1f{}".format, names, periods)
counts = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 99)), max_size=2).map(tuple)
counters = st.builds(
    Counters,
    firings=st.dictionaries(names, instants, max_size=3),
    fact_days=st.dictionaries(
        names, st.lists(st.integers(0, 40_000), min_size=1, max_size=3).map(tuple), max_size=3
    ),
    limit_counts=st.dictionaries(limits, counts, max_size=3),
    credited=st.dictionaries(
        periods, st.lists(st.tuples(st.integers(0, 9), amounts), max_size=2).map(tuple), max_size=2
    ),
    pushed=st.dictionaries(periods, counts, max_size=2),
)
ends = st.builds(
    GroupEnd,
    instants,
    names,
    st.binary(min_size=16, max_size=16),
    names,
    st.integers(0, 9),
    st.lists(names, max_size=2).map(tuple),
)


@st.composite
def memories(draw: st.DrawFn) -> tuple[int | None, bytes]:
    """The latest instant and the memory of some events."""
    latest, memory = None, b""
    for number, at in enumerate(draw(st.lists(instants, max_size=20))):
        latest = at if latest is None else max(latest, at)
        memory = remember(memory, event_digest(str(number)), b"abc", at, latest)
    return latest, memory


states = st.builds(
    lambda remembered, **fields: ClientState(
        latest_at=remembered[0], memory=remembered[1], **fields
    ),
    memories(),
    topup_units=st.integers(0, 10**24),
    topup_count=st.integers(0, 10**9),
    spent_units=st.integers(0, 10**24),
    visit_count=st.integers(0, 10**9),
    first_visit_at=st.none() | instants,
    last_visit_at=st.none() | instants,
    registered_at=st.none() | instants,
    birthday=st.none() | st.dates().map(str),
    groups=st.lists(names, max_size=3, unique=True).map(sorted).map(tuple),
    group_changes=st.lists(st.builds(GroupChange, names, st.booleans(), instants), max_size=3).map(
        tuple
    ),
    counted=counters.map(pack_counters),
    last_club=names,
    payments=st.binary(max_size=20),
    account=st.binary(max_size=20),
    lapses_at=st.none() | instants,
    ends=st.lists(ends, max_size=2).map(tuple),
    lapsed=st.lists(st.tuples(instants, amounts), max_size=2).map(tuple),
    life=st.integers(0, 3),
)


def rewritten(amount: Decimal) -> Decimal:
    """The same amount, written otherwise."""
    return amount.normalize()


def turned(held: Mapping[str, Kept]) -> dict[str, Kept]:
    """The same in another order."""
    return {name: held[name] for name in reversed(list(held))}


@given(states)
def test_a_state_comes_back(state: ClientState) -> None:
    assert unpack_client(pack_client(state)) == state


@given(counters)
def test_counters_come_back(held: Counters) -> None:
    assert unpack_counters(pack_counters(held)) == held


@given(states)
def test_equal_states_have_equal_bytes(state: ClientState) -> None:
    other = replace(
        state,
        lapsed=tuple((at, rewritten(amount)) for at, amount in state.lapsed),
    )
    assert other == state
    assert pack_client(other) == pack_client(state)
    assert pack_client(unpack_client(pack_client(state))) == pack_client(state)


@given(counters)
def test_equal_counters_have_equal_bytes(held: Counters) -> None:
    credited = {
        name: tuple((ordinal, rewritten(amount)) for ordinal, amount in amounts)
        for name, amounts in turned(held.credited).items()
    }
    other = Counters(
        turned(held.firings),
        turned(held.limit_counts),
        credited,
        turned(held.pushed),
        turned(held.fact_days),
    )
    assert other == held
    assert pack_counters(other) == pack_counters(held)


def test_every_field_is_kept() -> None:
    """A field that the codec does not know would be lost between two batches."""
    assert ClientState.__struct_fields__ == tuple(EXAMPLE)
    state = ClientState(**EXAMPLE)
    assert unpack_client(pack_client(state)) == state
    for name, value in EXAMPLE.items():
        assert value != getattr(ClientState(), name), name


EXAMPLE: dict[str, Any] = {
    "topup_units": 1_5000,
    "topup_count": 1,
    "spent_units": 2_0001,
    "visit_count": 3,
    "first_visit_at": 4,
    "last_visit_at": 5,
    "registered_at": 6,
    "birthday": "2000-02-29",
    "groups": ("vip",),
    "group_changes": (GroupChange("vip", True, 7), GroupChange("old", False, 8)),
    "latest_at": 9,
    "memory": remember(b"", event_digest("e-1"), b"abc", 9, 9),
    "counted": pack_counters(Counters(firings={"r": 10})),
    "last_club": "club-1",
    "payments": b"0123456789",
    "account": b"batches",
    "lapses_at": 11,
    "ends": (GroupEnd(12, "vip", b"0123456789abcdef", "r", 0, ("tag",)),),
    "lapsed": ((13, Decimal("4.0000")),),
    "life": 1,
}


def test_the_first_byte_is_the_version() -> None:
    assert pack_client(ClientState())[0] == CODEC_VERSION == 2


@pytest.mark.parametrize("packed", [b"\x03" + pack_client(ClientState())[1:], b"\x00", b"{}"])
def test_another_version_is_refused_with_what_to_do(packed: bytes) -> None:
    told = f"has version {packed[0]} .* reads versions 1 to 2.* release"
    with pytest.raises(LoudStop, match=told):
        unpack_client(packed)
    with pytest.raises(LoudStop, match=told):
        unpack_payment(packed)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\x01",
        b"\x02",
        b"\x01\xff",
        b"\x02\xff",
        pack_client(ClientState(**EXAMPLE))[:-1],
        stored(1)["clients"]["every counter"][:-1],
    ],
)
def test_damaged_bytes_are_refused_with_what_to_do(packed: bytes) -> None:
    with pytest.raises(LoudStop, match="rebuild"):
        unpack_client(packed)


def test_more_than_four_decimals_are_never_rounded() -> None:
    with pytest.raises(ValueError, match="four decimals"):
        pack_client(ClientState(lapsed=((0, Decimal("0.00001")),)))
