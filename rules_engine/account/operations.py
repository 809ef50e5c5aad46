"""What moves an account beside payments: openings, credits, write-offs, lapses, revocations."""

from decimal import Decimal

from msgspec.structs import replace

from rules_engine.account.spending import draw, drawn, sum_of, usable
from rules_engine.account.values import (
    EXACT,
    NOTHING,
    Account,
    Batch,
    Earned,
    Entry,
    less,
    share_of,
)

OWN_COMMANDS_SETTLE_US = 10 * 60 * 1_000_000


def credit(account: Account, kind: str, batch: Batch) -> tuple[Account, Entry]:
    """Open a batch; its number is given here. `kind`: the journal's word for it."""
    batch = replace(batch, number=account.opened)
    after = replace(
        account, batches=(*account.batches, batch), opened=account.opened + 1, is_used=True
    )
    return after, Entry(kind, batch.left, batch.left, after.balance, batch.id)


def write_off(
    account: Account, amount: Decimal, at: int, as_of: int
) -> tuple[Account, Entry | None]:
    """By hand: soonest expiry first, never below zero. Nothing taken, no entry."""
    draws = draw(usable(account, as_of), amount)
    if not draws:
        return account, None
    taken = sum_of(draws)
    after = drawn(account, draws, at)
    return after, Entry("BONUS_WRITE_OFF", taken, taken, after.balance)


def lapse(account: Account, until: int) -> tuple[Account, list[tuple[Batch, Entry]]]:
    """Every batch that is over by `until` leaves the balance, in order of expiry, once."""
    over = sorted(
        (batch for batch in account.batches if batch.is_over(until)),
        key=lambda batch: (batch.expires_at, batch.number),
    )
    entries: list[tuple[Batch, Entry]] = []
    balance = account.balance
    for batch in over:
        if batch.left:
            balance = less(balance, batch.left)
            entry = Entry("BONUS_EXPIRY", batch.left, batch.left, balance, batch.id)
            entries.append((batch, entry))
    batches = tuple(batch for batch in account.batches if not batch.is_over(until))
    return replace(account, batches=batches), entries


def adjust(
    account: Account, balance: Decimal, at: int, excess: Batch
) -> tuple[Account, Entry | None]:
    """The CRM's balance decides: soonest expiring batches are cut first, what is missing opens the
    batch `excess`. Without a difference nothing happened. Amounts of the entry are signed."""
    difference = less(balance, account.balance)
    if not difference:
        return account, None
    if difference > NOTHING:
        after, entry = credit(account, "BONUS_ADJUSTMENT", replace(excess, left=difference))
        return after, entry
    draws = draw(usable(account, -1 << 62), -difference)
    after = drawn(account, draws, at)
    entry = Entry("BONUS_ADJUSTMENT", difference, difference, after.balance)
    return after, entry


def has_drifted(account: Account, balance: Decimal, at: int) -> bool:
    """Does the CRM know another balance, though no command of ours can still be on its way?"""
    commanded = account.commanded_at
    if commanded is not None and at - commanded < OWN_COMMANDS_SETTLE_US:
        return False
    return sum_of(draw(usable(account, at), account.balance)) != balance


def revoke(
    account: Account,
    batch: Batch,
    refunded: Decimal,
    at: int,
    as_of: int,
    unit: Decimal,
    takes: bool,
) -> tuple[Account, Batch, Entry | None]:
    """A part `refunded` of the top-up that earned the batch was given back.

    Takes min(left in the batch, credited × refunded share so far − revoked so far, rounded down);
    the share is at most 1. Where the rule keeps its bonuses (`takes` false) the refund is only
    noted. Gives the account, the batch after, and what was taken.
    """
    earned = batch.earned
    assert earned is not None
    so_far = min(EXACT.add(earned.refunded, refunded), earned.topup)
    due = less(share_of(earned.credited, so_far, earned.topup, unit), earned.revoked)
    left = NOTHING if batch.is_over(as_of) else batch.left
    taken = max(min(left, due), NOTHING) if takes else NOTHING
    left_after = less(batch.left, taken)
    after = replace(
        batch,
        left=left_after,
        earned=_noted(earned, so_far, taken),
        emptied_at=at if taken and not left_after else batch.emptied_at,
    )
    batches = tuple(after if each.number == after.number else each for each in account.batches)
    account = replace(account, batches=batches)
    if not taken:
        return account, after, None
    latest = at if account.commanded_at is None else max(account.commanded_at, at)
    account = replace(account, commanded_at=latest)
    return account, after, Entry("BONUS_REVOKED", taken, taken, account.balance, batch.id)


def _noted(earned: Earned, refunded: Decimal, taken: Decimal) -> Earned:
    return replace(earned, refunded=refunded, revoked=EXACT.add(earned.revoked, taken))


def tidied(account: Account, clock: int, remember_us: int, keeps_earned: bool) -> Account:
    """Without empty batches that nothing needs: one stays only where its top-up may be refunded
    (`keeps_earned`), until it is over, or no payment is remembered that could fill it again."""

    def is_needed(batch: Batch) -> bool:
        if batch.left:
            return True
        if batch.earned is None or not keeps_earned or batch.emptied_at is None:
            return False
        return clock - batch.emptied_at <= remember_us

    if all(batch.left for batch in account.batches):
        return account
    return replace(account, batches=tuple(filter(is_needed, account.batches)))
