"""Why each rule did or did not fire for one event: the interpreter over the checked rule set.

Slow and obvious, and the guard of the generated code: a property test proves that both come to
the same outcome on generated rule sets and events.
"""

from decimal import localcontext

from msgspec.structs import replace

from rules_engine.books.around import ALONE, Around
from rules_engine.books.booking import asks_books, book_before, payment_digest
from rules_engine.books.books import Books
from rules_engine.books.credits import book_credits
from rules_engine.books.own import book_own, is_booked
from rules_engine.books.terms import BookTerms
from rules_engine.budgets.port import Budgets
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState, take_snapshot
from rules_engine.evaluate import (
    NO_BUDGETS,
    Digests,
    event_taken,
    forget,
    payment_reused,
    reused,
)
from rules_engine.explain.decided import (
    Explanation,
    credits_of,
    decide,
    explained,
    ledger_of,
    outcome_of,
    values_of,
)
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lives import begun, refused_import
from rules_engine.memory import recall
from rules_engine.outcome import Origin, Outcome
from rules_engine.timers.over import end_at_once
from schemas.decoded import ClientForgotten, ClientImported, Event, PaymentMade
from schemas.digests import content_digest, event_digest
from schemas.wire import JournalRecord


def explain_event(
    rule_set: CheckedRuleSet,
    client: ClientState,
    event: Event,
    origin: Origin,
    budgets: Budgets = NO_BUDGETS,
    around: Around = ALONE,
    clock: int | None = None,
    *,
    changes: bool = True,
) -> Explanation:
    """The outcome of an event and, for every rule of its trigger, why; the steps are those of
    `apply_event`.

    1. What looks at no rule: a duplicate, a rejected event, an erasure.
    2. Batches that are due lapse; the snapshot that the event carries is read.
    3. The rules of the event's trigger decide. `changes`: look for the smallest change with which
       a rule would have fired.
    4. The event is booked, then what the rules credit. What is over by the clock ends at once.
    """
    # 1.
    clock = event.occurred_at if clock is None else clock
    terms = BookTerms(rule_set)
    unasked = _unasked(terms, client, event, origin, around, clock)
    if unasked is not None:
        return Explanation(unasked, ())
    digests = _remembered(client, event, around, clock)
    # 2.
    books = Books(terms, _seen(client, event), event, origin, around, clock, budgets)
    asks = asks_books(books.client, event, around, clock)
    before = book_before(books) if asks else books.client
    # 3.
    rules = [rule for rule in rule_set.rules if rule.trigger == event.type]
    with localcontext(DECIMAL128):
        values = values_of(rule_set, event, before)
        ledger = ledger_of(values)
        decided = list(decide([(rule, values) for rule in rules], origin, ledger, budgets))
        told = tuple(explained(each, rules, origin, changes=changes) for each in decided)
    # 4.
    if is_booked(event):
        before = book_own(books)
    commands = tuple(command for each in decided for command in each.carried.commands)
    account, lapses_at, credited = book_credits(
        terms,
        before.account,
        before.lapses_at,
        event,
        origin,
        commands,
        credits_of(commands),
        values.calendar,
    )
    after = ledger.charged(event_taken(before, event, digests, account, lapses_at))
    outcome = _booked(outcome_of(decided, after, event.occurred_at), books, credited)
    return Explanation(end_at_once(outcome, terms, event.client_id, around, clock), told)


def _unasked(
    terms: BookTerms,
    client: ClientState,
    event: Event,
    origin: Origin,
    around: Around,
    clock: int,
) -> Outcome | None:
    """What an event comes to that looks at no rule; None: the rules are asked."""
    digest = event_digest(event.event_id)
    known = recall(client.memory, digest, client.latest_at)
    if known is not None:
        same = known.content == content_digest(event)
        return Outcome(client, duplicate=same, rejected=None if same else reused(event))
    if isinstance(event, PaymentMade):
        is_free = payment_digest(client, event, digest, around, clock) is not None
        return None if is_free else Outcome(client, rejected=payment_reused(event))
    if isinstance(event, ClientForgotten):
        return forget(terms, client, event, origin, around, clock)
    if isinstance(event, ClientImported):
        refused = refused_import(client, event, has_rules=True)
        return None if refused is None else Outcome(client, rejected=refused)
    return None


def _seen(client: ClientState, event: Event) -> ClientState:
    """The client that the event begins with, where it begins one, and with its snapshot read."""
    if isinstance(event, ClientImported):
        client = begun(client, event)
    if event.snapshot is None:
        return client
    return take_snapshot(client, event.snapshot, event.occurred_at)


def _remembered(client: ClientState, event: Event, around: Around, clock: int) -> Digests:
    digest, content = event_digest(event.event_id), content_digest(event)
    if not isinstance(event, PaymentMade):
        return Digests(digest, content)
    return Digests(digest, content, payment_digest(client, event, digest, around, clock))


def _booked(outcome: Outcome, books: Books, credited: tuple[JournalRecord, ...]) -> Outcome:
    """The event's own records come before those of the rules' credits."""
    return replace(
        outcome,
        commands=(*outcome.commands, *books.commands),
        journal=(*books.records, *credited),
        payment=books.payment,
        has_drifted=books.has_drifted,
    )
