"""What an event itself does to the account: payments, refunds, manual operations, promo codes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec.structs import replace

from rules_engine.account.operations import credit, write_off
from rules_engine.account.payments import (
    Payment,
    Purchase,
    Refund,
    give_back,
    give_unknown_back,
    pay,
)
from rules_engine.account.values import Batch, Opened
from rules_engine.books.around import Around
from rules_engine.books.books import Books
from rules_engine.books.opening import book_batches
from rules_engine.books.revocations import book_topup_refund
from rules_engine.client import ClientState
from schemas.decoded import (
    BonusCredited,
    BonusWrittenOff,
    ClientImported,
    Event,
    PaymentMade,
    PaymentRefunded,
    PromoCodeRedeemed,
    TopupRefunded,
)
from schemas.digests import event_digest
from schemas.instants import DAY_US

Operation = Callable[[Books], None]

_CREDIT, _PROMO, _REFUND = "BONUS_CREDIT", "PROMO_CREDIT", "BONUS_REFUND"


def is_booked(event: Event) -> bool:
    """Is the event itself an operation? A payment only with a bonus part, an import with batches
    (its balance is the CRM's word, as that of any snapshot)."""
    if event.type not in _BOOKED:
        return False
    if isinstance(event, ClientImported):
        return bool(event.batches)
    return not isinstance(event, PaymentMade | PaymentRefunded) or bool(event.bonus_amount_major)


def book_own(books: Books) -> ClientState:
    """What an event that `is_booked` does."""
    _OPERATIONS[books.event.type](books)
    return books.close()


def remembered(
    event: PaymentMade | PaymentRefunded, life: int, around: Around, clock: int
) -> Payment | None:
    """The payment with the event's id: of the client's present `life`, and within the time that a
    setting gives it, by the clock."""
    payment = around.payments.known(event)
    if payment is None or payment.life != life:
        return None
    return payment if clock - payment.paid_at <= around.remember_payments_us else None


def _pay(books: Books) -> None:
    event = books.event
    assert isinstance(event, PaymentMade)
    bought = Purchase(
        event.product_type,
        event.product_id,
        event.total_amount_major,
        books.terms.exact(event.bonus_amount_major),
    )
    terms = books.terms.products.terms_of(event.product_id, event.club_id)
    digest = event_digest(event.event_id)
    books.account, entry, payment = pay(
        books.account, bought, terms, digest, event.occurred_at, books.as_of
    )
    life = books.client.life
    books.payment = replace(payment, life=life) if life else payment
    books.write(entry)


def _refund(books: Books) -> None:
    event, terms = books.event, books.terms
    assert isinstance(event, PaymentRefunded)
    refund = Refund(event.refund_amount_major, terms.exact(event.bonus_amount_major))
    payment = remembered(event, books.client.life, books.around, books.clock)
    if payment is None:
        policy = terms.products.default.refund_policy
        books.account, entry = give_unknown_back(
            books.account, refund, policy, books.own_batch_id(_REFUND)
        )
    else:
        books.account, entry, books.payment = give_back(
            books.account, payment, refund, books.as_of, terms.unit
        )
    if entry is not None:
        books.write(entry)


def _credit(books: Books) -> None:
    event = books.event
    assert isinstance(event, BonusCredited)
    _open(books, _CREDIT, event.amount_major, None, Opened.MANUAL, event.executor, event.reason)


def _redeem(books: Books) -> None:
    event = books.event
    assert isinstance(event, PromoCodeRedeemed)
    days = event.expires_in_days
    ends = None if days is None else event.occurred_at + days * DAY_US
    _open(books, _PROMO, event.amount_major, ends, Opened.PROMO, "SYSTEM", event.code)


def _open(
    books: Books,
    kind: str,
    amount: Decimal,
    ends: int | None,
    opened_by: Opened,
    executor: str,
    reason: str | None,
) -> None:
    made = books.own_batch_id(kind)
    batch = Batch(0, made, books.terms.exact(amount), ends, opened_by=opened_by)
    books.account, entry = credit(books.account, kind, batch)
    books.write(entry, executor, reason)


def _import(books: Books) -> None:
    event = books.event
    assert isinstance(event, ClientImported)
    book_batches(books, event.batches)


def _write_off(books: Books) -> None:
    event = books.event
    assert isinstance(event, BonusWrittenOff)
    amount = books.terms.exact(event.amount_major)
    books.account, entry = write_off(books.account, amount, event.occurred_at, books.as_of)
    if entry is not None:
        books.write(entry, event.executor, event.reason)


_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        PaymentMade.type: _pay,
        PaymentRefunded.type: _refund,
        BonusCredited.type: _credit,
        BonusWrittenOff.type: _write_off,
        PromoCodeRedeemed.type: _redeem,
        ClientImported.type: _import,
        TopupRefunded.type: book_topup_refund,
    }
)
_BOOKED = frozenset(_OPERATIONS)
