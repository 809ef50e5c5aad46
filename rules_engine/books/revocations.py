"""A refunded top-up takes its bonuses back."""

from decimal import Decimal

from msgspec.structs import replace

from rules_engine.account.operations import revoke
from rules_engine.account.values import Batch, Earned, Entry
from rules_engine.books.books import Books
from rules_engine.books.terms import CreditTerms
from rules_engine.budgets.port import budget_key
from rules_engine.calendar import period_ordinal
from rules_engine.commands import EXECUTOR
from rules_engine.counters import Counters, pack_counters
from rules_engine.limits import without_amount, without_count
from schemas.decoded import TopupRefunded
from schemas.ids import command_id, uuid_bytes
from schemas.instants import instant_text
from schemas.wire import CausedBy, RevokeBonus


def book_topup_refund(books: Books) -> None:
    """1. The credits that the original event caused, by their recomputed ids: rules in matching
    order, then actions; the rule set in force decides.
    2. What is due of each is taken from its batch, with a command and a record.
    3. Budgets and the limit per client get it back in the period where it was charged.
    4. A firing is given back once all credits of the rule for that event are revoked whole.
    """
    event = books.event
    assert isinstance(event, TopupRefunded)
    refunded = books.terms.exact(event.refund_amount_major)
    # 1.
    by_id = {each.id: each for each in books.account.batches if each.earned is not None}
    rules = {each.rule_id for each in by_id.values()}
    for terms in [each for each in books.terms.credits.values() if each.rule_id in rules]:
        after: list[Earned] = []
        took = False
        for index, tags in terms.actions:
            made = _credit_id(books, event.original_event_id, terms, index)
            batch = by_id.get(uuid_bytes(made))
            if batch is None:
                continue
            # 2.
            entry, earned = _take(books, batch, refunded, terms.takes)
            after.append(earned)
            if entry is None:
                continue
            took = True
            _command(books, terms, index, tags, made, entry)
            # 3.
            _give_back(books, terms, earned, entry.taken)
        # 4.
        if took and len(after) == after[0].siblings and all(e.is_revoked_whole for e in after):
            _give_firing_back(books, terms, after[0].day)


def _credit_id(books: Books, event_id: str, terms: CreditTerms, index: int) -> str:
    client_id = books.event.client_id
    return command_id(books.terms.organization_id, client_id, event_id, terms.rule_id, index)


def _take(
    books: Books, batch: Batch, refunded: Decimal, takes: bool
) -> tuple[Entry | None, Earned]:
    at = books.event.occurred_at
    books.account, after, entry = revoke(
        books.account, batch, refunded, at, books.as_of, books.terms.unit, takes
    )
    assert after.earned is not None
    return entry, after.earned


def _command(
    books: Books,
    terms: CreditTerms,
    index: int,
    tags: tuple[str, ...],
    batch_id: str,
    entry: Entry,
) -> None:
    """Its id is of the refund's event, and of the rule and the index of the credit."""
    event, by = books.event, books.caused_by
    made = _credit_id(books, event.event_id, terms, index)
    books.commands.append(
        RevokeBonus(
            made,
            "REVOKE_BONUS",
            books.terms.organization_id,
            event.club_id,
            event.client_id,
            terms.rule_id,
            books.terms.version,
            tags,
            EXECUTOR,
            CausedBy(by.event_id, by.type, by.topic, by.partition, by.offset),
            instant_text(event.occurred_at),
            books.terms.text(entry.taken),
            books.terms.currency,
            batch_id,
        )
    )
    books.write_revocation(made, terms.rule_id, tags, entry)


def _give_back(books: Books, terms: CreditTerms, earned: Earned, taken: Decimal) -> None:
    """Only where a limit of the same period was charged then and is in force now."""
    own, whole, client = tuple(earned.charged.ljust(3, "-"))
    for budget in terms.budgets:
        if budget.per.value[0] == (own if budget.rule_id else whole):
            ordinal = period_ordinal(budget.per, earned.day)
            organization_id = books.terms.organization_id
            key = budget_key(organization_id, budget.rule_id, budget.per.value, ordinal)
            books.budgets.give_back(key, taken)
    most = books.terms.per_client_credit
    if most is not None and most.per.value[0] == client:
        ordinal, counters = period_ordinal(most.per, earned.day), books.client.counters
        credited = counters.credited
        amounts = without_amount(credited.get(most.per.value, ()), ordinal, taken)
        _count(books, replace(counters, credited={**credited, most.per.value: amounts}))


def _give_firing_back(books: Books, terms: CreditTerms, day: int) -> None:
    """Counters only: cooldowns and pushes are not given back."""
    if terms.limits is None:
        return
    counters = books.client.counters
    counts = counters.limit_counts
    given = {
        key: without_count(counts[key], period_ordinal(per, day))
        for key, per, _ in terms.limits.counters
        if key in counts
    }
    _count(books, replace(counters, limit_counts={**counts, **given}))


def _count(books: Books, counters: Counters) -> None:
    books.client = replace(books.client, counted=pack_counters(counters))
