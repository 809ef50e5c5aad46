"""Payments with a bonus part: taken as they happened, remembered, and given back.

A payment is a value of its own beside the account: it knows which batches paid, with their expiry
and restriction, so that a refund can bring back what is not over yet.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from rules_engine.account.products import ProductTerms
from rules_engine.account.spending import Draw, draw, drawn, sum_of, usable
from rules_engine.account.values import (
    EXACT,
    NOTHING,
    Account,
    Batch,
    Entry,
    Opened,
    less,
    share_of,
    total,
)
from rules_engine.checked import RefundPolicy

OVER_MAX_BONUS_PERCENT = "OVER_MAX_BONUS_PERCENT"
RESTRICTED_BONUS_SPENT = "RESTRICTED_BONUS_SPENT"
OVER_BONUS_BALANCE = "OVER_BONUS_BALANCE"

_HUNDRED = Decimal(100)


class Purchase(Struct, frozen=True, gc=False):
    """What was bought: `asked` of `total` was paid with bonuses, above zero."""

    product_type: str
    product_id: str
    total: Decimal
    asked: Decimal


class Payment(Struct, frozen=True, gc=False, array_like=True):
    """A payment with a bonus part, remembered. `event`: digest of its event id.

    `draws` in the order in which the batches paid; `policy`: the one in force at the payment;
    `life`: of the client that paid (`ClientState.life`).
    """

    event: bytes
    paid_at: int
    total: Decimal
    policy: RefundPolicy
    draws: tuple[Draw, ...]
    life: int = 0

    @property
    def spent(self) -> Decimal:
        return sum_of(self.draws)

    @property
    def unsettled(self) -> Decimal:
        """What was spent and has not been given back."""
        return less(self.spent, total(each.settled for each in self.draws))


def pay(
    account: Account, purchase: Purchase, terms: ProductTerms, event: bytes, at: int, as_of: int
) -> tuple[Account, Entry, Payment]:
    """The money has moved already: nothing is refused, violations are flagged, always in one
    order.

    1. Batches that may pay for the product, then restricted ones, until the balance is at zero.
    2. What the batches paid is remembered. `as_of`: batches that are over by then cannot be used.
    """
    # 1.
    batches = usable(account, as_of)
    kinds = purchase.product_type, purchase.product_id
    eligible = [batch for batch in batches if batch.may_pay_for(*kinds)]
    draws = draw(eligible, purchase.asked)
    restricted = draw(
        (batch for batch in batches if not batch.may_pay_for(*kinds)),
        less(purchase.asked, sum_of(draws)),
    )
    draws += restricted
    taken = sum_of(draws)
    violations = []
    if restricted:
        violations.append(RESTRICTED_BONUS_SPENT)
    if taken < purchase.asked:
        violations.append(OVER_BONUS_BALANCE)
    if EXACT.multiply(purchase.asked, _HUNDRED) > EXACT.multiply(
        purchase.total, terms.max_bonus_percent
    ):
        violations.append(OVER_MAX_BONUS_PERCENT)
    # 2.
    after = drawn(account, draws, at)
    entry = Entry(
        "BONUS_PAYMENT", purchase.asked, taken, after.balance, violations=tuple(violations)
    )
    payment = Payment(event, at, purchase.total, terms.refund_policy, tuple(draws))
    return after, entry, payment


class Refund(Struct, frozen=True, gc=False):
    """What the CRM says that it gave back: `asked` in bonuses (above zero), `amount` in all."""

    amount: Decimal
    asked: Decimal


def give_back(
    account: Account, payment: Payment, refund: Refund, as_of: int, unit: Decimal
) -> tuple[Account, Entry | None, Payment]:
    """A refund of a remembered payment, by the policy in force at the payment.

    Back to the batches that paid, last drawn first; the part of one that is over by `as_of` does
    not come back. Several refunds never give more than was spent. The entry's amount is what the
    policy gives; where it gives nothing there was no operation, and no entry.
    """
    given = min(refund.asked, payment.unsettled)
    if payment.policy is RefundPolicy.FORFEIT:
        given = NOTHING
    elif payment.policy is RefundPolicy.KEEP_PARTIAL:
        given = min(given, share_of(payment.spent, refund.amount, payment.total, unit))
    if not given:
        return account, None, payment
    left = given
    back: list[Draw] = []
    draws: list[Draw] = []
    for each in reversed(payment.draws):
        part = min(left, less(each.amount, each.settled))
        left = less(left, part)
        draws.append(replace(each, settled=EXACT.add(each.settled, part)) if part else each)
        if part and not each.batch.is_over(as_of):
            back.append(Draw(each.batch, part))
    after = _filled(account, back)
    entry = Entry("BONUS_REFUND", given, sum_of(back), after.balance)
    return after, entry, replace(payment, draws=tuple(reversed(draws)))


def give_unknown_back(
    account: Account, refund: Refund, policy: RefundPolicy, batch_id: bytes
) -> tuple[Account, Entry | None]:
    """A refund of a payment that is not remembered, by the default policy: what is asked opens a
    batch without expiry, since nobody knows which batches paid. Nothing given, no entry."""
    if policy is RefundPolicy.FORFEIT:
        return account, None
    batch = Batch(account.opened, batch_id, refund.asked, opened_by=Opened.REFUND)
    after = replace(
        account, batches=(*account.batches, batch), opened=account.opened + 1, is_used=True
    )
    return after, Entry("BONUS_REFUND", refund.asked, refund.asked, after.balance, batch_id)


def _filled(account: Account, back: list[Draw]) -> Account:
    """A batch that is known no more is opened again as it was, in its place."""
    batches = {batch.number: batch for batch in account.batches}
    for each in back:
        batch = batches.get(each.batch.number) or replace(each.batch, left=NOTHING)
        left = EXACT.add(batch.left, each.amount)
        batches[batch.number] = replace(batch, left=left, emptied_at=None)
    in_order = tuple(batches[number] for number in sorted(batches))
    return replace(account, batches=in_order, is_used=True)


def payable(
    account: Account, terms: ProductTerms, purchase: Purchase, at: int, unit: Decimal
) -> Decimal:
    """How much of a total may be paid with bonuses now: 200 at 30 % gives at most 60.

    At most what the batches hold that may pay for the product; `purchase.asked` is not looked at.
    """
    eligible = (
        batch.left
        for batch in usable(account, at)
        if batch.may_pay_for(purchase.product_type, purchase.product_id)
    )
    return min(total(eligible), share_of(purchase.total, terms.max_bonus_percent, _HUNDRED, unit))
