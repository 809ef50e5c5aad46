"""How an account begins and ends, and what is booked before the rules look at an event: lapses
that are due, the CRM's balance."""

from collections.abc import Sequence
from decimal import Decimal

from rules_engine.account.operations import adjust, credit, has_drifted
from rules_engine.account.values import NOTHING, UNUSED, Batch, Entry, Opened, less, total
from rules_engine.books.books import Books
from rules_engine.books.lapses import lapse_batches, with_lapsed
from schemas.decoded import ClientUpdated, OpeningBatch

_OPENING, _ADJUSTMENT = "BONUS_OPENING", "BONUS_ADJUSTMENT"


def book_lapses(books: Books) -> None:
    """Every batch whose instant and grace have passed by the clock, dated at the instant."""
    terms, client, client_id = books.terms, books.client, books.event.client_id
    lapsed = lapse_batches(terms, client_id, client.last_club, books.account, books.lapsed_until)
    books.account = lapsed.account
    books.records += lapsed.records
    books.client = with_lapsed(client, terms, lapsed.amounts)


def book_balance(books: Books, balance: Decimal) -> None:
    """The balance that the CRM knew just before the event.

    1. It opens an account that has had no operation; zero opens nothing.
    2. `resync` sets the account to it.
    3. Otherwise it is only compared.
    """
    event, balance = books.event, books.terms.exact(balance)
    # 1.
    if not books.account.is_used:
        if balance:
            opening = Batch(0, books.own_batch_id(_OPENING), balance, opened_by=Opened.OPENING)
            books.account, entry = credit(books.account, _OPENING, opening)
            books.write(entry)
    # 2.
    elif isinstance(event, ClientUpdated) and event.resync:
        excess = Batch(0, books.own_batch_id(_ADJUSTMENT), balance, opened_by=Opened.ADJUSTMENT)
        books.account, adjusted = adjust(books.account, balance, event.occurred_at, excess)
        if adjusted is not None:
            books.write(adjusted)
    # 3.
    else:
        books.has_drifted = has_drifted(books.account, balance, event.occurred_at)


def book_batches(books: Books, batches: Sequence[OpeningBatch]) -> None:
    """An unused account opens with the batches that a client brings along: one record of their sum.

    One batch has the record's `operationId`; of several, the n-th from 0 has the id that the record
    would have were n its batch, and the record names none.
    """
    made = [books.own_batch_id(_OPENING)]
    if len(batches) > 1:
        made = [books.own_batch_id(_OPENING, str(number)) for number in range(len(batches))]
    for batch_id, batch in zip(made, batches, strict=True):
        opened = Batch(
            0,
            batch_id,
            books.terms.exact(batch.amount_major),
            batch.expires_at,
            batch.product_types,
            batch.product_ids,
            Opened.OPENING,
        )
        books.account, _ = credit(books.account, _OPENING, opened)
    balance = books.account.balance
    books.write(Entry(_OPENING, balance, balance, balance, made[0] if len(made) == 1 else None))


def book_erasure(books: Books) -> None:
    """What a client who is forgotten leaves behind goes, so that the journal still adds up."""
    left = total(each.left for each in books.account.batches)
    books.account = UNUSED
    if left:
        gone = less(NOTHING, left)
        books.write(Entry(_ADJUSTMENT, gone, gone, NOTHING), club_id=books.client.last_club)
