"""Accounts and payments as bytes."""

from msgspec.structs import replace

from rules_engine.account.operations import credit
from rules_engine.account.packed import (
    balance_of,
    pack_account,
    pack_payment,
    unpack_account,
    unpack_payment,
)
from rules_engine.account.values import UNUSED, Earned
from tests.unit.account.builders import account, batch, credited, money, paid, plain

EARNED = Earned(money("48"), money("400"), 20_000, 2, "M-D")


def test_an_account_survives_and_keeps_its_balance_at_hand() -> None:
    held = account(
        batch("a", "48", 90, types=("BAR",), products=("tea",), earned=EARNED), batch("b", "0.10")
    )
    packed = pack_account(held)
    assert unpack_account(packed) == held
    assert str(balance_of(packed)) == "48.10"


def test_no_operation_is_no_bytes() -> None:
    assert (pack_account(UNUSED), unpack_account(b"")) == (b"", UNUSED)
    assert plain(balance_of(b"")) == "0"


def test_an_account_that_was_emptied_is_not_a_new_one() -> None:
    held, _, _ = paid(UNUSED, "5")
    assert unpack_account(pack_account(held)).is_used


def test_one_more_batch_without_a_look_at_the_others() -> None:
    held, packed = UNUSED, b""
    for number in range(40):
        made = batch(f"b{number}", f"{number}.5", number + 1, types=("BAR",) * (number % 2))
        made = replace(made, rule_id=f"rule-{number % 3}", earned=EARNED if number % 4 else None)
        held, _ = credit(held, "BONUS_CREDIT", made)
        packed, balance = credited(packed, made, 7_000 - number)
        assert plain(balance, balance_of(packed)) == plain(held.balance, held.balance)
    unpacked = unpack_account(packed)
    assert (unpacked.batches, unpacked.opened, unpacked.commanded_at) == (held.batches, 40, 7_000)
    assert pack_account(unpacked) == packed


def test_a_payment_survives() -> None:
    held = account(batch("a", "48", 90, types=("BAR",), earned=EARNED), batch("b", "9"))
    payment = paid(held, "50")[2]
    assert unpack_payment(pack_payment(payment)) == payment
