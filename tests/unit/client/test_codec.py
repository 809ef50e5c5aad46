"""A client's state in bytes: one form per state, compact, and never read by the wrong release."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.client import ClientState, GroupChange
from rules_engine.memory import remember
from schemas.digests import event_digest
from schemas.instants import DAY_US
from worker.errors import LoudStop
from worker.tables.codec import CODEC_VERSION, pack_client, unpack_client

AT = 1_795_348_800_000_000

amounts = st.decimals(0, 10**15, places=4)
instants = st.integers(-(10**17), 10**17)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
counts = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 99)), max_size=2).map(tuple)
states = st.builds(
    ClientState,
    topup_total=amounts,
    topup_count=st.integers(0, 10**9),
    spent_total=amounts,
    visit_count=st.integers(0, 10**9),
    first_visit_at=st.none() | instants,
    last_visit_at=st.none() | instants,
    registered_at=st.none() | instants,
    birthday=st.none() | st.dates().map(str),
    groups=st.lists(names, max_size=3).map(tuple),
    group_changes=st.lists(st.builds(GroupChange, names, st.booleans(), instants), max_size=3).map(
        tuple
    ),
    latest_at=st.none() | instants,
    memory=st.binary(max_size=40),
    firings=st.dictionaries(names, instants, max_size=3),
    limit_counts=st.dictionaries(names, counts, max_size=3),
    credited=st.dictionaries(
        names, st.lists(st.tuples(st.integers(0, 9), amounts), max_size=2).map(tuple), max_size=2
    ),
    pushed=st.dictionaries(names, counts, max_size=2),
    last_club=names,
)


def rewritten(amount: Decimal) -> Decimal:
    """The same amount, written otherwise."""
    return amount.normalize()


@given(states)
def test_a_state_comes_back(state: ClientState) -> None:
    assert unpack_client(pack_client(state)) == state


@given(states)
def test_equal_states_have_equal_bytes(state: ClientState) -> None:
    other = ClientState(
        **{
            **{name: getattr(state, name) for name in state.__struct_fields__},
            "topup_total": rewritten(state.topup_total),
            "spent_total": rewritten(state.spent_total),
            "firings": dict(reversed(state.firings.items())),
            "limit_counts": dict(reversed(state.limit_counts.items())),
            "pushed": dict(reversed(state.pushed.items())),
            "credited": {
                name: tuple((ordinal, rewritten(amount)) for ordinal, amount in held)
                for name, held in reversed(state.credited.items())
            },
        }
    )
    assert other == state
    assert pack_client(other) == pack_client(state)
    assert pack_client(unpack_client(pack_client(state))) == pack_client(state)


def test_zero_has_one_form() -> None:
    assert pack_client(ClientState(topup_total=Decimal("-0.0000"))) == pack_client(ClientState())
    assert pack_client(ClientState(topup_total=Decimal(0))) == pack_client(ClientState())


def typical() -> ClientState:
    memory = b""
    for number in range(16):
        at = AT + number * 3 * DAY_US
        memory = remember(memory, event_digest(f"e-{number}"), b"abcd", at, at)
    return ClientState(
        topup_total=Decimal("12400.5000"),
        topup_count=31,
        spent_total=Decimal("9800.0000"),
        visit_count=40,
        first_visit_at=AT,
        last_visit_at=AT + DAY_US,
        registered_at=AT - DAY_US,
        birthday="1999-05-17",
        groups=("night-owls", "regulars", "vip"),
        group_changes=(GroupChange("regulars", True, AT),),
        latest_at=AT + 45 * DAY_US,
        memory=memory,
        firings={"daytime": AT},
        limit_counts={"daytime\x1fDAY": ((20_000, 1), (20_001, 1))},
        credited={"DAY": ((20_000, Decimal("48.0000")), (20_001, Decimal("160.0000")))},
        last_club="club-150",
    )


def test_sizes() -> None:
    assert len(pack_client(typical())) <= 550
    assert len(pack_client(ClientState())) <= 40


def test_the_first_byte_is_the_version() -> None:
    assert pack_client(ClientState())[0] == CODEC_VERSION == 1


@pytest.mark.parametrize("packed", [b"\x02" + pack_client(ClientState())[1:], b"\x00", b"{}"])
def test_another_version_is_refused_with_what_to_do(packed: bytes) -> None:
    with pytest.raises(LoudStop, match=f"has version {packed[0]} .* reads version 1.* release"):
        unpack_client(packed)


@pytest.mark.parametrize("packed", [b"", b"\x01", b"\x01\xff", pack_client(typical())[:-1]])
def test_damaged_bytes_are_refused_with_what_to_do(packed: bytes) -> None:
    with pytest.raises(LoudStop, match="rebuild"):
        unpack_client(packed)


def test_the_form_is_that_of_earlier_releases() -> None:
    """Bytes that version 1 wrote; a change here needs another version."""
    state = ClientState(topup_total=Decimal("1.5"), groups=("vip",), firings={"b": 1, "a": 2})
    assert pack_client(state).hex() == PACKED
    assert unpack_client(bytes.fromhex(PACKED)) == state


PACKED = (
    "01dc0014a6312e3530303000a6302e3030303000c0c0c0c091a376697090c0c40082a16102a16201"
    "808080a0c400c400c0"
)
