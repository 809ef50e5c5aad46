"""What is asked of the account at every event, and of the payment ids at every payment."""

from rules_engine.account.payments import Payment
from rules_engine.books.around import Around
from rules_engine.books.books import Books
from rules_engine.books.opening import book_balance, book_lapses
from rules_engine.books.own import remembered
from rules_engine.checked import RefundPolicy
from rules_engine.client import ClientState
from rules_engine.payment_ids import is_taken
from schemas.decoded import Event, PaymentMade
from schemas.digests import event_digest


def asks_books(client: ClientState, event: Event, around: Around, clock: int) -> bool:
    """Does the account have to be opened before the rules look at the event?"""
    if event.snapshot is not None and event.snapshot.bonus_balance_major is not None:
        return True
    lapses_at = client.lapses_at
    return lapses_at is not None and lapses_at <= clock - around.lapse_grace_us


def book_before(books: Books) -> ClientState:
    """Lapses that are due, then the CRM's balance."""
    book_lapses(books)
    snapshot = books.event.snapshot
    if snapshot is not None and snapshot.bonus_balance_major is not None:
        book_balance(books, snapshot.bonus_balance_major)
    return books.close()


def payment_digest(
    client: ClientState, event: PaymentMade, digest: bytes, around: Around, clock: int
) -> bytes | None:
    """The digest of its `paymentId`; None where the id is another event's.

    `digest`: of its own event id, which is not remembered.
    """
    payment = event_digest(event.payment_id)
    if payment in client.payments and is_taken(
        client.payments, payment, client.memory, client.latest_at
    ):
        return None
    known = remembered(event, client.life, around, clock)
    return payment if known is None or known.event == digest else None


def unbooked_payment(event: Event, life: int) -> Payment | None:
    """A payment while the organization has no rule set: its id is remembered, nothing is spent."""
    if type(event) is not PaymentMade or not event.bonus_amount_major:
        return None
    digest, policy = event_digest(event.event_id), RefundPolicy.RETURN
    return Payment(digest, event.occurred_at, event.total_amount_major, policy, (), life)
