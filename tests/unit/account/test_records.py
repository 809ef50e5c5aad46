"""Batches as records: each comes back, equal ones are equal bytes, the usual one is small."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import DecodeError
from msgspec.structs import replace

from rules_engine.account.packed import pack_account, unpack_account, with_credit
from rules_engine.account.records import record
from rules_engine.account.values import UNUSED, Account, Batch, Earned, Opened
from rules_engine.units import to_number
from schemas.instants import DAY_US

DAY = 20_778
USUAL = Batch(
    0,
    bytes(16),
    Decimal("48.00"),
    (DAY + 45) * DAY_US + 1,
    rule_id="r",
    earned=Earned(Decimal("48.00"), Decimal(400), DAY),
)

borders = [0, 1, 2**23 - 1, 2**23, 2**24, 2**31 - 1, 2**31, 2**63, 10**22]
cents = st.sampled_from(borders) | st.integers(0, 10**7)
amounts = st.builds(lambda number: Decimal(number) / 100, cents) | st.decimals(0, 10**6, places=4)
instants = st.sampled_from([-1, 0, 2**48, 2**48 + DAY * DAY_US]) | st.integers(-(2**62), 2**62)
words = st.lists(st.sampled_from(["BAR", "TARIFF", "tea"]), max_size=2).map(tuple)
nothing = st.just(Decimal(0))
earned = st.builds(
    Earned,
    amounts,
    amounts,
    st.sampled_from([-1, 0, DAY, 2**16 - 1, 2**16]),
    st.integers(1, 2),
    st.sampled_from(["", "M-D"]),
    nothing | amounts,
    nothing | amounts,
)
batches = st.builds(
    Batch,
    st.integers(0, 2**31),
    st.binary(min_size=16, max_size=16) | st.binary(max_size=20),
    amounts,
    st.none() | instants,
    words,
    words,
    st.sampled_from(Opened),
    st.sampled_from([f"rule-{number}" for number in range(20)]),
    st.none() | earned,
    st.none() | instants,
)
accounts = st.builds(
    Account,
    st.lists(batches, max_size=18).map(tuple),
    st.integers(0, 2**31),
    st.none() | instants,
    st.just(True),
)


@given(accounts)
def test_every_account_comes_back(account: Account) -> None:
    packed = pack_account(account)
    assert unpack_account(packed) == account
    assert pack_account(unpack_account(packed)) == packed


@given(batches)
def test_equal_batches_are_equal_bytes(batch: Batch) -> None:
    other = replace(batch, left=batch.left.normalize())
    if batch.earned is not None:
        credited, topup = batch.earned.credited.normalize(), batch.earned.topup.normalize()
        other = replace(other, earned=replace(batch.earned, credited=credited, topup=topup))
    assert other == batch
    assert pack_account(account(other)) == pack_account(account(batch))


def account(*held: Batch, opened: int | None = None) -> Account:
    return Account(held, len(held) if opened is None else opened, 0, True)


@pytest.mark.parametrize(
    ("batch", "size"),
    [
        (USUAL, 31),
        (replace(USUAL, left=Decimal(0)), 37),  # what was credited stands beside it
        (replace(USUAL, number=1), 37),
        (replace(USUAL, earned=None), 29),
        (replace(USUAL, earned=None, expires_at=None), 21),
        (replace(USUAL, expires_at=None), 27),
    ],
)
def test_how_small_a_batch_is(batch: Batch, size: int) -> None:
    assert len(record(batch, to_number(batch.left), 0, 0)) == size


@pytest.mark.parametrize(
    "change",
    [
        {"left": Decimal("83886.07"), "expires_at": None},
        {"left": Decimal("83886.08")},
        {"left": Decimal("21474836.48")},
        {"left": Decimal("0.0001")},
        {"expires_at": DAY * DAY_US - 1},
        {"expires_at": DAY * DAY_US + 2**48},
        {"id": b"short"},
        {"product_ids": ("tea",)},
    ],
)
def test_what_is_not_usual_is_credited_as_well(change: dict[str, object]) -> None:
    batch = replace(USUAL, **change)
    batch = replace(batch, earned=Earned(batch.left, Decimal(400), DAY))
    packed, balance = with_credit(
        pack_account(UNUSED),
        0,
        batch.id,
        batch.left,
        batch.expires_at,
        (batch.product_types, batch.product_ids),
        batch.rule_id,
        batch.earned,
    )
    assert packed == pack_account(account(batch))
    assert balance == batch.left


def test_a_number_that_its_place_does_not_give_is_kept() -> None:
    held = account(USUAL, replace(USUAL, number=3), replace(USUAL, number=7), opened=9)
    assert [batch.number for batch in unpack_account(pack_account(held)).batches] == [0, 3, 7]


def test_a_16th_source_is_a_source() -> None:
    held = account(*(replace(USUAL, number=n, rule_id=f"rule-{n}") for n in range(17)))
    assert unpack_account(pack_account(held)) == held


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_damaged_bytes_are_told(cut: int) -> None:
    with pytest.raises(DecodeError):
        unpack_account(pack_account(account(USUAL))[:-cut])


def test_records_that_end_too_soon_are_told() -> None:
    packed = pack_account(account(USUAL))
    short = packed[:-32] + bytes([packed[-32] - 1]) + packed[-31:-1]
    with pytest.raises(DecodeError, match="end too soon"):
        unpack_account(short)


def test_more_than_four_decimals_are_never_rounded() -> None:
    with pytest.raises(ValueError, match="four decimals"):
        pack_account(account(replace(USUAL, left=Decimal("0.00001"))))
