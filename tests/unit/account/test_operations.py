"""Openings, write-offs, lapses, adjustments, revocations: numbers by hand."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from rules_engine.account.operations import (
    adjust,
    has_drifted,
    lapse,
    revoke,
    tidied,
    write_off,
)
from rules_engine.account.payments import Refund, give_back
from rules_engine.account.values import UNUSED, Account, Batch, Earned, Opened
from tests.unit.account.builders import HOUR, KOPEK, account, batch, left_in, money, paid, plain

MINUTE = 60_000_000


def test_a_write_off_takes_soonest_expiry_first_and_stops_at_zero() -> None:
    held = account(batch("never", "50"), batch("soon", "10", 9, types=("BAR",)))
    after, entry = write_off(held, money("15"), HOUR, HOUR)
    assert entry is not None
    assert left_in(after) == {"never": "45.00"}
    assert plain(entry.taken, entry.balance_after) == "15 45"
    after, entry = write_off(held, money("500"), HOUR, HOUR)
    assert entry is not None
    assert plain(entry.amount, entry.taken, after.balance) == "60 60 0"


def test_a_write_off_that_takes_nothing_is_no_operation() -> None:
    assert write_off(UNUSED, money("15"), HOUR, HOUR) == (UNUSED, None)
    over = account(batch("over", "50", 5))
    assert write_off(over, money("15"), 5 * HOUR, 5 * HOUR) == (over, None)


def test_batches_lapse_in_order_of_expiry_each_once() -> None:
    held = account(batch("c", "3", 7), batch("a", "1", 5), batch("never", "9"), batch("b", "2", 5))
    after, entries = lapse(held, 5 * HOUR)
    seen = [(each.id, plain(entry.taken, entry.balance_after)) for each, entry in entries]
    assert seen == [(b"a", "1 14"), (b"b", "2 12")]
    assert left_in(after) == {"c": "3.00", "never": "9.00"}
    assert lapse(after, 5 * HOUR) == (after, [])


def test_an_empty_batch_lapses_without_a_record() -> None:
    held, _, _ = paid(account(batch("b", "5", 9)), "5")
    after, entries = lapse(held, 9 * HOUR)
    assert (after.batches, entries) == ((), [])


def adjusted(held: Account, to: str) -> tuple[dict[str, str], tuple[str, str, bytes | None] | None]:
    excess = Batch(0, b"new", money("0"), opened_by=Opened.ADJUSTMENT)
    after, entry = adjust(held, money(to), HOUR, excess)
    said = None if entry is None else (str(entry.amount), str(entry.taken), entry.batch_id)
    return left_in(after), said


def test_a_resync_cuts_soonest_expiry_first_or_opens_a_batch() -> None:
    held = account(batch("never", "50"), batch("soon", "10", 9))
    assert adjusted(held, "45") == ({"never": "45.00"}, ("-15.00", "-15.00", None))
    assert adjusted(held, "55") == ({"never": "50.00", "soon": "5.00"}, ("-5.00", "-5.00", None))
    grown = {"never": "50.00", "soon": "10.00", "new": "1.50"}
    assert adjusted(held, "61.50") == (grown, ("1.50", "1.50", b"new"))
    assert adjusted(held, "60") == ({"never": "50.00", "soon": "10.00"}, None)
    assert adjusted(held, "0") == ({}, ("-60.00", "-60.00", None))


def test_drift_is_judged_when_no_command_can_be_on_its_way() -> None:
    held = replace(account(batch("b", "50")), commanded_at=0)
    assert not has_drifted(held, money("40"), 10 * MINUTE - 1)
    assert has_drifted(held, money("40"), 10 * MINUTE)
    assert not has_drifted(held, money("50"), 10 * MINUTE)


def test_a_batch_that_is_over_is_no_drift() -> None:
    held = account(batch("over", "5", 4), batch("b", "50"))
    assert not has_drifted(held, money("50"), 4 * HOUR)


@dataclass
class Refunded:
    """A top-up of 400 that earned 48 (12 %), given back bit by bit."""

    held: Account
    at: int = 2

    def back(self, part: str, takes: bool = True) -> str:
        (found,) = (each for each in self.held.batches if each.earned is not None)
        at = self.at * HOUR
        self.held, _, entry = revoke(self.held, found, money(part), at, at, KOPEK, takes)
        if entry is None:
            return "-"
        assert (entry.amount, entry.balance_after) == (entry.taken, self.held.balance)
        return str(entry.taken)


@pytest.fixture
def earned() -> Refunded:
    terms = Earned(money("48"), money("400"), 20_000)
    return Refunded(account(batch("earned", "48", 90, earned=terms), batch("other", "7")))


def test_partial_refunds_never_take_more_than_was_credited(earned: Refunded) -> None:
    # 48 × 100/400, then × 133.33/400 = 15.9996 → 15.99, at most all
    assert [earned.back("100"), earned.back("33.33"), earned.back("900")] == [
        "12.00",
        "3.99",
        "32.01",
    ]
    assert earned.back("1") == "-"
    assert left_in(earned.held) == {"other": "7.00"}
    terms = earned.held.batches[0].earned
    assert terms is not None
    assert terms.is_revoked_whole


def test_only_what_is_left_in_the_batch_is_taken(earned: Refunded) -> None:
    earned.held, _, payment = paid(earned.held, "40")
    assert earned.back("200") == "8.00"
    # half was due: 24, and 8 have been taken; the payment's refund brings 40 back
    earned.held, _, _ = give_back(
        earned.held, payment, Refund(money("1000"), money("40")), 2 * HOUR, KOPEK
    )
    assert earned.back("100") == "28.00"
    assert left_in(earned.held) == {"earned": "12.00", "other": "7.00"}


def test_a_revocation_is_a_command_that_drift_waits_for(earned: Refunded) -> None:
    """55 known to the CRM, 31 here, since 24 of 48 are being taken back."""
    earned.back("200")
    taken_at = earned.at * HOUR
    assert not has_drifted(earned.held, money("55"), taken_at + 10 * MINUTE - 1)
    assert has_drifted(earned.held, money("55"), taken_at + 10 * MINUTE)


def test_a_refund_while_bonuses_are_kept_is_only_noted(earned: Refunded) -> None:
    assert earned.back("200", takes=False) == "-"
    assert earned.back("100") == "36.00"


def test_nothing_is_taken_from_a_batch_that_is_over(earned: Refunded) -> None:
    earned.at = 90
    assert earned.back("400") == "-"


def test_empty_batches_stay_as_long_as_a_refund_may_fill_them(earned: Refunded) -> None:
    held, _, _ = paid(earned.held, "50")
    assert tidied(held, 9 * HOUR, 8 * HOUR, keeps_earned=True) == held
    assert list(left_in(tidied(held, 9 * HOUR, 7 * HOUR, keeps_earned=True))) == ["other"]
    without = tidied(held, 9 * HOUR, 8 * HOUR, keeps_earned=False)
    assert [each.id for each in without.batches] == [b"other"]
