"""What is booked before the rules look at an event: lapses that are due, the CRM's balance."""

from decimal import Decimal

from rules_engine.account.operations import adjust, credit, has_drifted, lapse
from rules_engine.account.values import Batch, Opened
from rules_engine.books.books import Books
from schemas.decoded import ClientUpdated

_OPENING, _ADJUSTMENT = "BONUS_OPENING", "BONUS_ADJUSTMENT"


def book_lapses(books: Books) -> None:
    """Every batch whose instant and grace have passed by the clock, dated at the instant."""
    books.account, entries = lapse(books.account, books.lapsed_until)
    for batch, entry in entries:
        books.write_expiry(batch, entry)


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
