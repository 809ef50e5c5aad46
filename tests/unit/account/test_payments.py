"""Payments as they happened, and what their refunds give back: numbers by hand."""

from decimal import Decimal

import pytest

from rules_engine.account.payments import (
    Payment,
    Purchase,
    Refund,
    give_back,
    give_unknown_back,
    payable,
)
from rules_engine.account.values import UNUSED, Account
from rules_engine.checked import RefundPolicy
from tests.unit.account.builders import (
    HOUR,
    KOPEK,
    account,
    batch,
    left_in,
    money,
    paid,
    plain,
    terms,
)


def refunded(
    held: Account, payment: Payment, asked: str, amount: str = "1000", *, at: int = 2
) -> tuple[Account, str, Payment]:
    """The account, what came back, the payment."""
    refund = Refund(money(amount), money(asked))
    after, entry, payment = give_back(held, payment, refund, at * HOUR, KOPEK)
    if entry is None:
        assert after is held
        return after, "0", payment
    assert entry.taken <= entry.amount <= refund.asked
    assert entry.balance_after == after.balance
    return after, str(entry.taken), payment


def test_soonest_expiry_pays_first_and_what_never_expires_last() -> None:
    held = account(batch("never", "50"), batch("late", "50", 90), batch("soon", "50", 10))
    after, entry, _ = paid(held, "120")
    assert left_in(after) == {"never": "30.00"}
    assert plain(entry.amount, entry.taken, entry.balance_after) == "120 120 30"
    assert entry.violations == ()


def test_of_equal_expiries_the_one_opened_first_pays_first() -> None:
    held = account(batch("first", "50", 10), batch("second", "50", 10))
    assert left_in(paid(held, "60")[0]) == {"second": "40.00"}


def test_a_batch_is_of_no_use_at_its_expiry_instant() -> None:
    held = account(batch("over", "50", 5), batch("never", "50"))
    assert left_in(paid(held, "10", at=4)[0]) == {"over": "40.00", "never": "50.00"}
    assert left_in(paid(held, "10", at=5)[0]) == {"over": "50.00", "never": "40.00"}


def test_eligible_batches_pay_before_restricted_ones() -> None:
    held = account(batch("bar", "50", 10, types=("BAR",)), batch("any", "30", 20))
    after, entry, _ = paid(held, "30")
    assert (left_in(after), entry.violations) == ({"bar": "50.00"}, ())
    after, entry, _ = paid(held, "40")
    assert left_in(after) == {"bar": "40.00"}
    assert entry.violations == ("RESTRICTED_BONUS_SPENT",)


def test_everything_that_a_restriction_names_must_hold() -> None:
    only = batch("b", "1", types=("TARIFF", "BAR"), products=("night-pack", "tea"))
    assert only.may_pay_for("TARIFF", "night-pack")
    assert only.may_pay_for("BAR", "night-pack")
    assert not only.may_pay_for("MULTIPASS", "night-pack")
    assert not only.may_pay_for("TARIFF", "day-pack")


def test_the_balance_stops_at_zero() -> None:
    after, entry, payment = paid(account(batch("b", "50")), "61")
    assert plain(entry.amount, entry.taken, entry.balance_after) == "61 50 0"
    assert entry.violations == ("OVER_BONUS_BALANCE",)
    assert plain(payment.spent, after.balance) == "50 0"


def test_an_account_without_batches_takes_nothing() -> None:
    after, entry, payment = paid(UNUSED, "10")
    assert plain(entry.taken, payment.spent) == "0 0"
    assert (entry.batch_id, after.is_used) == (None, True)


@pytest.mark.parametrize(("asked", "violations"), [("60", ()), ("61", ("OVER_MAX_BONUS_PERCENT",))])
def test_the_products_maximum(asked: str, violations: tuple[str, ...]) -> None:
    _, entry, _ = paid(account(batch("b", "218")), asked, "200", by=terms("30"))
    assert entry.violations == violations
    assert entry.taken == Decimal(asked)


def test_all_violations_at_once() -> None:
    held = account(batch("bar", "5", types=("BAR",)))
    _, entry, _ = paid(held, "61", "200", by=terms("30"))
    assert entry.violations == (
        "RESTRICTED_BONUS_SPENT",
        "OVER_BONUS_BALANCE",
        "OVER_MAX_BONUS_PERCENT",
    )


def test_a_refund_fills_the_batch_that_was_drawn_last_first() -> None:
    held, _, payment = paid(account(batch("soon", "10", 50), batch("late", "48", 60)), "50")
    assert left_in(held) == {"late": "8.00"}
    held, came, payment = refunded(held, payment, "45")
    assert (came, left_in(held)) == ("45.00", {"late": "48.00", "soon": "5.00"})
    held, came, payment = refunded(held, payment, "45")
    assert (came, left_in(held)) == ("5.00", {"late": "48.00", "soon": "10.00"})
    held, came, payment = refunded(held, payment, "45")
    assert (came, plain(payment.unsettled)) == ("0", "0")


def test_what_has_lapsed_meanwhile_does_not_come_back() -> None:
    held, _, payment = paid(account(batch("soon", "10", 50), batch("late", "48", 60)), "50")
    after, came, payment = refunded(held, payment, "50", at=50)
    assert (came, left_in(after)) == ("40.00", {"late": "48.00"})
    after, came, payment = refunded(after, payment, "50", at=51)
    assert came == "0"


def test_a_batch_that_was_forgotten_comes_back_with_its_restriction_and_its_place() -> None:
    opened = account(batch("bar", "10", 50, types=("BAR",)), batch("any", "48", 50))
    held, _, payment = paid(opened, "10", kind="BAR")
    assert left_in(held) == {"any": "48.00"}
    forgotten = Account(tuple(each for each in held.batches if each.left), 2, None, True)
    assert refunded(forgotten, payment, "10")[0].batches == opened.batches


@pytest.mark.parametrize(
    ("policy", "asked", "amount", "came"),
    [
        (RefundPolicy.RETURN, "60", "100", "60.00"),
        (RefundPolicy.FORFEIT, "60", "200", "0"),
        # 60 × 100 ÷ 200
        (RefundPolicy.KEEP_PARTIAL, "60", "100", "30.00"),
        (RefundPolicy.KEEP_PARTIAL, "20", "100", "20.00"),
        # 60 × 33.35 ÷ 200 = 10.005
        (RefundPolicy.KEEP_PARTIAL, "60", "33.35", "10.00"),
        (RefundPolicy.KEEP_PARTIAL, "60", "500", "60.00"),
    ],
)
def test_the_policy_of_the_payment(
    policy: RefundPolicy, asked: str, amount: str, came: str
) -> None:
    held, _, payment = paid(account(batch("b", "100")), "60", "200", by=terms(policy=policy))
    assert refunded(held, payment, asked, amount)[1] == came


def test_what_the_policy_kept_may_be_asked_for_again() -> None:
    by = terms(policy=RefundPolicy.KEEP_PARTIAL)
    held, _, payment = paid(account(batch("b", "60")), "60", "200", by=by)
    held, first, payment = refunded(held, payment, "60", "50")
    held, second, payment = refunded(held, payment, "60", "200")
    assert (first, second, plain(held.balance)) == ("15.00", "45.00", "60")


def test_only_what_was_really_spent_comes_back() -> None:
    held, _, payment = paid(account(batch("b", "50")), "61")
    assert refunded(held, payment, "61")[1] == "50.00"


def test_the_entry_tells_what_the_policy_gives_and_what_came_of_it() -> None:
    """80 asked, 50 spent, of which 40 went to a batch that is over when they come back."""
    held, _, payment = paid(account(batch("soon", "40", 50), batch("late", "48", 60)), "50")
    _, entry, _ = give_back(held, payment, Refund(money("80"), money("80")), 50 * HOUR, KOPEK)
    assert entry is not None
    assert plain(entry.amount, entry.taken) == "50 10"


def test_an_unknown_payment_opens_a_batch_without_expiry() -> None:
    refund = Refund(money("100"), money("60"))
    for policy in (RefundPolicy.RETURN, RefundPolicy.KEEP_PARTIAL):
        after, entry = give_unknown_back(UNUSED, refund, policy, b"new")
        assert entry is not None
        assert (left_in(after), after.batches[0].expires_at) == ({"new": "60.00"}, None)
        assert (plain(entry.taken), entry.batch_id) == ("60", b"new")
    assert give_unknown_back(UNUSED, refund, RefundPolicy.FORFEIT, b"new") == (UNUSED, None)


@pytest.mark.parametrize(
    ("total", "percent", "most"),
    [
        ("200", "30", "60.00"),
        ("200", "100", "150.00"),
        # 33.33 × 12.5 % = 4.16625
        ("33.33", "12.5", "4.16"),
    ],
)
def test_what_may_be_paid(total: str, percent: str, most: str) -> None:
    held = account(batch("any", "150"), batch("bar", "70", types=("BAR",)), batch("over", "70", 10))
    bought = Purchase("TARIFF", "night-pack", money(total), money("0"))
    assert str(payable(held, terms(percent), bought, 10 * HOUR, KOPEK)) == most
