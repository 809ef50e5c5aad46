"""(compiled rule set, client state, event) → Outcome. Pure: a function of its arguments alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import getcontext, setcontext

from msgspec import Struct

from rules_engine.books.around import ALONE, Around
from rules_engine.books.booking import (
    asks_books,
    book_before,
    payment_digest,
    unbooked_payment,
)
from rules_engine.books.books import Books
from rules_engine.books.credits import book_credits
from rules_engine.books.opening import book_erasure, book_lapses
from rules_engine.books.own import book_own, is_booked
from rules_engine.books.terms import BookTerms
from rules_engine.budgets.port import Budgets, BudgetShort, NoBudgets
from rules_engine.client import ClientState, after_event, take_snapshot, with_group_change
from rules_engine.compile import CompiledRuleSet
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lives import begun, forgotten, refused_import
from rules_engine.memory import recall, remember
from rules_engine.outcome import Origin, Outcome
from rules_engine.payment_ids import with_payment
from rules_engine.run import Run
from rules_engine.timers.over import end_at_once
from schemas.dead_letters import Code
from schemas.decoded import ClientForgotten, ClientImported, Event, PaymentMade, Rejected
from schemas.digests import content_digest, event_digest
from schemas.wire import Command, JournalRecord

NO_BUDGETS = NoBudgets()
_DECIMAL = DECIMAL128.copy()


class Digests(Struct, frozen=True, gc=False):
    """What is remembered of an event: digests of its id, of its content and, where it is a payment,
    of the payment's id."""

    event: bytes
    content: bytes
    payment: bytes | None = None


@contextmanager
def evaluating() -> Iterator[None]:
    """Optional, around many calls of `apply_event`: the decimal context is then set only once."""
    before = getcontext()
    setcontext(_DECIMAL)
    try:
        yield
    finally:
        setcontext(before)


def apply_event(
    rule_set: CompiledRuleSet | None,
    client: ClientState,
    event: Event,
    origin: Origin,
    budgets: Budgets = NO_BUDGETS,
    around: Around = ALONE,
    clock: int | None = None,
) -> Outcome:
    """What an event comes to. `rule_set` is that of its organization, None while it has none:
    then nothing fires, nothing is booked. `clock`: the lane's with this event; None: the event's.

    1. A remembered id is a duplicate, with other content a dead letter, as is the payment id of
       another event; neither has any effect. An import begins a client who has no history, an
       erasure ends one: neither looks at a rule.
    2. Batches that are due lapse; the snapshot that the event carries is read: what the CRM knew
       just before it.
    3. The rules of the event's trigger decide on the client as it was before the event. Refunds,
       manual operations and CLIENT_UPDATED trigger none.
       Where a budget's answer is not known yet, nothing happens and the outcome is `short`.
    4. The event is booked, then what the rules credit; it moves the counters and is remembered;
       what the rules did is added. What is over by the clock already ends at once.
    """
    # 1.
    digest, content = event_digest(event.event_id), content_digest(event)
    memory = client.memory
    if digest in memory and (known := recall(memory, digest, client.latest_at)) is not None:
        if known.content == content:
            return Outcome(client, duplicate=True)
        return Outcome(client, rejected=reused(event))
    if clock is None:
        clock = event.occurred_at
    payment = None
    if type(event) is PaymentMade:
        payment = payment_digest(client, event, digest, around, clock)
        if payment is None:
            return Outcome(client, rejected=payment_reused(event))
    elif type(event) is ClientImported:
        refused = refused_import(client, event, rule_set is not None)
        if refused is not None:
            return Outcome(client, rejected=refused)
        client = begun(client, event)
    elif type(event) is ClientForgotten:
        terms_now = None if rule_set is None else rule_set.books
        return forget(terms_now, client, event, origin, around, clock)
    digests = Digests(digest, content, payment)
    return _take(rule_set, client, event, digests, origin, budgets, around, clock)


def _take(
    rule_set: CompiledRuleSet | None,
    client: ClientState,
    event: Event,
    digests: Digests,
    origin: Origin,
    budgets: Budgets,
    around: Around,
    clock: int,
) -> Outcome:
    """Steps 2 to 4 of `apply_event`."""
    # 2.
    before = client
    if event.snapshot is not None:
        before = take_snapshot(client, event.snapshot, event.occurred_at)
    if rule_set is None:
        after = event_taken(before, event, digests, before.account, before.lapses_at)
        return Outcome(after, payment=unbooked_payment(event, client.life))
    terms, books = rule_set.books, None
    if asks_books(before, event, around, clock):
        books = Books(terms, before, event, origin, around, clock, budgets)
        before = book_before(books)
    # 3.
    try:
        run = _decide(rule_set, before, event, origin, budgets)
    except BudgetShort:
        return Outcome(client, short=True)
    # 4.
    if is_booked(event):
        books = books or Books(terms, before, event, origin, around, clock, budgets)
        before = book_own(books)
    account, lapses_at = before.account, before.lapses_at
    credited: tuple[JournalRecord, ...] = ()
    if run is not None and run.credits:
        account, lapses_at, credited = book_credits(
            terms, account, lapses_at, event, origin, run.commands, run.credits, run.calendar
        )
    after = event_taken(before, event, digests, account, lapses_at)
    outcome = _outcome(after, run, books, credited)
    if (run is not None and run.group_changes) or (
        lapses_at is not None and lapses_at <= clock - around.lapse_grace_us
    ):
        return end_at_once(outcome, terms, event.client_id, around, clock)
    return outcome


def refusal(
    rule_set: CompiledRuleSet | None,
    client: ClientState,
    event: Event,
    around: Around = ALONE,
    clock: int | None = None,
) -> Rejected | None:
    """Step 1 of `apply_event` alone: why the event is no good, if so. What is refused moves no
    clock, so this is asked before timers are taken for it; they change nothing that it asks but the
    account of a client who is about to be imported."""
    digest = event_digest(event.event_id)
    known = recall(client.memory, digest, client.latest_at)
    if known is not None:
        return None if known.content == content_digest(event) else reused(event)
    if isinstance(event, PaymentMade):
        clock = event.occurred_at if clock is None else clock
        is_free = payment_digest(client, event, digest, around, clock) is not None
        return None if is_free else payment_reused(event)
    if isinstance(event, ClientImported):
        return refused_import(client, event, rule_set is not None)
    return None


def event_taken(
    before: ClientState,
    event: Event,
    digests: Digests,
    account: bytes,
    lapses_at: int | None,
) -> ClientState:
    """The state that counts and remembers the event, with its account as it was booked."""
    at, latest = event.occurred_at, before.latest_at
    if latest is None or latest < at:
        latest = at
    memory = remember(before.memory, digests.event, digests.content, at, latest)
    payments = before.payments
    if digests.payment is not None:
        payments = with_payment(payments, digests.payment, digests.event, memory, latest)
    return after_event(before, event, memory, account, lapses_at, payments)


def forget(
    terms: BookTerms | None,
    client: ClientState,
    event: ClientForgotten,
    origin: Origin,
    around: Around,
    clock: int,
) -> Outcome:
    """What is due lapses, what is left of the account is written down and goes, and with it
    everything that is known of the client. `terms` None: nothing was ever booked."""
    journal: tuple[JournalRecord, ...] = ()
    if terms is not None and client.account:
        books = Books(terms, client, event, origin, around, clock, NO_BUDGETS)
        book_lapses(books)
        book_erasure(books)
        journal = tuple(books.records)
    digests = Digests(event_digest(event.event_id), content_digest(event))
    after = event_taken(client, event, digests, b"", None)
    return Outcome(forgotten(after), journal=journal)


def _decide(
    rule_set: CompiledRuleSet,
    client: ClientState,
    event: Event,
    origin: Origin,
    budgets: Budgets,
) -> Run | None:
    rules = rule_set.triggers.get(event.type)
    if rules is None:
        return None
    decide = rules.by_club.get(event.club_id, rules.elsewhere)
    before = getcontext()
    if before is _DECIMAL:  # inside `evaluating`
        return decide(event, client, origin, budgets)
    setcontext(_DECIMAL)
    try:
        return decide(event, client, origin, budgets)
    finally:
        setcontext(before)


def _outcome(
    after: ClientState, run: Run | None, books: Books | None, journal: tuple[JournalRecord, ...]
) -> Outcome:
    """`journal`: the records of what the rules credited; the event's own come before them."""
    if run is None and books is None:
        return Outcome(after)
    commands: tuple[Command, ...] = ()
    payment, has_drifted = None, False
    if books is not None:
        commands, journal = tuple(books.commands), (*books.records, *journal)
        payment, has_drifted = books.payment, books.has_drifted
    if run is None:
        return Outcome(after, commands, journal=journal, payment=payment, has_drifted=has_drifted)
    for group_id, assigned, end in run.group_changes:
        after = with_group_change(after, group_id, assigned, run.event.occurred_at, end)
    if run.ledger is not None:
        after = run.ledger.charged(after)
    return Outcome(
        after,
        run.commands,
        run.fired,
        run.rejections,
        run.truncated_pushes,
        journal=journal,
        payment=payment,
        has_drifted=has_drifted,
    )


def reused(event: Event) -> Rejected:
    """Why an event whose id was taken with other content is not taken."""
    return Rejected(
        Code.EVENT_ID_REUSED,
        f"The client's event {event.event_id!r} was taken before with other content: "
        "send a changed event under an id of its own.",
    )


def payment_reused(event: PaymentMade) -> Rejected:
    """Why a payment whose id is another event's is not taken."""
    return Rejected(
        Code.PAYMENT_ID_REUSED,
        f"The client's payment {event.payment_id!r} was taken before with another event: "
        "send every payment once, under an id of its own.",
    )
