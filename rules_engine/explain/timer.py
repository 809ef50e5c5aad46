"""Why each rule did or did not fire when a timer rang: the counterpart of `timers.ring`."""

from dataclasses import replace as with_fields
from decimal import localcontext

from msgspec.structs import replace

from rules_engine.books.around import ALONE, Around
from rules_engine.books.credits import book_credits
from rules_engine.books.terms import BookTerms
from rules_engine.budgets.port import Budgets
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.evaluate import NO_BUDGETS
from rules_engine.explain.decided import (
    Decided,
    Explanation,
    credits_of,
    decide,
    explained,
    ledger_of,
    outcome_of,
    values_of,
)
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.outcome import Outcome
from rules_engine.timers.agenda import Agenda
from rules_engine.timers.due import Due, Rank, split_client_key
from rules_engine.timers.judge import events_of, with_fact_days
from rules_engine.timers.over import end_by, lapse_by
from rules_engine.timers.ring import told
from schemas.wire import JournalRecord


def explain_timer(
    rule_set: CheckedRuleSet,
    client: ClientState,
    due: Due,
    budgets: Budgets = NO_BUDGETS,
    around: Around = ALONE,
) -> Explanation:
    """The outcome of a unit and, for every rule that is due in it, why; rules that are switched off
    are told of too. `client`: before it. No rule is asked about a lapse or an end.
    """
    terms, client_id = BookTerms(rule_set), split_client_key(due.key)[1]
    if due.rank == Rank.LAPSE:
        return Explanation(lapse_by(terms, client_id, client, around, due.at, told=True), ())
    if due.rank == Rank.GROUP_EXPIRY:
        return Explanation(end_by(terms, client_id, client, due.at), ())
    all_on = tuple(with_fields(rule, enabled=True) for rule in rule_set.rules)
    agenda = Agenda(with_fields(rule_set, rules=all_on))
    events = events_of(rule_set, agenda, client, due)
    before = told(client, due)
    if not events:
        return Explanation(Outcome(before), ())
    with localcontext(DECIMAL128):
        pairs = [
            (rule_set.rules[place], values_of(rule_set, event, client)) for place, event in events
        ]
        ledger = ledger_of(pairs[0][1])
        decided = list(decide(pairs, None, ledger, budgets))
        rules = tuple(
            explained(each, [each.rule], None, each.values.event.event_id) for each in decided
        )
    after, journal = _credited(terms, before, decided)
    outcome = outcome_of(decided, ledger.charged(after), pairs[0][1].event.occurred_at)
    after = with_fact_days(rule_set, agenda, outcome.client, outcome.fired, due)
    return Explanation(replace(outcome, client=after, journal=journal), rules)


def _credited(
    terms: BookTerms, client: ClientState, decided: list[Decided]
) -> tuple[ClientState, tuple[JournalRecord, ...]]:
    """Each rule's credits are of its own event."""
    account, lapses_at = client.account, client.lapses_at
    journal: tuple[JournalRecord, ...] = ()
    for each in decided:
        commands = tuple(each.carried.commands)
        account, lapses_at, records = book_credits(
            terms,
            account,
            lapses_at,
            each.values.event,
            None,
            commands,
            credits_of(commands),
            each.values.calendar,
        )
        journal += records
    return replace(client, account=account, lapses_at=lapses_at), journal
