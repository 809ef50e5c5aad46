"""One unit rings: a lapse, the end of assignments, or the rules of a trigger.

Pure: a function of its arguments alone. A timer is not remembered, and moves neither the client's
counters nor the date and the club of the latest event.
"""

from collections.abc import Iterator, Sequence
from decimal import localcontext

from msgspec.structs import replace

from rules_engine.books.around import Around
from rules_engine.books.credits import book_credits
from rules_engine.books.terms import BookTerms
from rules_engine.budgets.port import Budgets, BudgetShort
from rules_engine.client import ClientState, with_group_change
from rules_engine.compile import CompiledRuleSet
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.outcome import Outcome
from rules_engine.timers.due import Due, Rank, split_client_key
from rules_engine.timers.events import TimerEvent
from rules_engine.timers.firing import TimerRun, Together
from rules_engine.timers.judge import events_of, with_fact_days
from rules_engine.timers.over import end_by, lapse_by
from schemas.wire import JournalRecord


class Heard:
    """What the rules of one unit said: their run, and where in its commands and credits what each
    of their events caused ends."""

    def __init__(self) -> None:
        self.together = Together()
        self.ends: list[tuple[TimerEvent, int, int]] = []

    @property
    def run(self) -> TimerRun | None:
        return self.together.run

    def note(self, event: TimerEvent) -> None:
        run = self.run
        if run is not None:
            self.ends.append((event, len(run.commands), len(run.credits)))


def ring(
    rule_set: CompiledRuleSet, client: ClientState, due: Due, budgets: Budgets, around: Around
) -> Outcome:
    """What the unit comes to at its instant, for the client as it is then.

    Where a budget's answer is not known yet, nothing happens and the outcome is `short`.
    """
    client_id = split_client_key(due.key)[1]
    if due.rank == Rank.LAPSE:
        return lapse_by(rule_set.books, client_id, client, around, due.at, told=True)
    if due.rank == Rank.GROUP_EXPIRY:
        return end_by(rule_set.books, client_id, client, due.at)
    events = events_of(rule_set.checked, rule_set.agenda, client, due)
    try:
        heard = _listen(rule_set, client, events, budgets)
    except BudgetShort:
        return Outcome(client, short=True)
    outcome = _outcome(rule_set.books, told(client, due), heard)
    checked, agenda = rule_set.checked, rule_set.agenda
    after = with_fact_days(checked, agenda, outcome.client, outcome.fired, due)
    return replace(outcome, client=after)


def told(client: ClientState, due: Due) -> ClientState:
    """The client without the lapse that a BONUS_EXPIRED is about: it rings once."""
    if due.rank != Rank.BONUS_EXPIRED:
        return client
    return replace(client, lapsed=client.lapsed[1:])


def _listen(
    rule_set: CompiledRuleSet,
    client: ClientState,
    events: Sequence[tuple[int, TimerEvent]],
    budgets: Budgets,
) -> Heard:
    """The rules in matching order, all on the client as it was before the unit; of an exclusivity
    group the first that matches. Raises BudgetShort."""
    heard, held = Heard(), set()
    with localcontext(DECIMAL128):
        for place, event in events:
            group = rule_set.checked.rules[place].exclusive
            if group is not None and group in held:
                continue
            rule = rule_set.timers[place]
            decide = rule.by_club.get(event.club_id, rule.elsewhere)
            if heard.run is not None:
                heard.run.holds = False
            decide(event, client, heard.together, budgets)
            heard.note(event)
            if group is not None and heard.run is not None and heard.run.holds:
                held.add(group)
    return heard


def _outcome(terms: BookTerms, client: ClientState, heard: Heard) -> Outcome:
    run = heard.run
    if run is None:
        return Outcome(client)
    account, lapses_at = client.account, client.lapses_at
    journal: list[JournalRecord] = []
    for event, commands, credits_ in _parts(heard):
        account, lapses_at, records = book_credits(
            terms,
            account,
            lapses_at,
            event,
            None,
            run.commands[commands],
            run.credits[credits_],
            run.calendar,
        )
        journal += records
    after = replace(client, account=account, lapses_at=lapses_at)
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
        journal=tuple(journal),
    )


def _parts(heard: Heard) -> Iterator[tuple[TimerEvent, slice, slice]]:
    """Each event with its commands and credits."""
    commands = credits_ = 0
    for event, commands_end, credits_end in heard.ends:
        yield event, slice(commands, commands_end), slice(credits_, credits_end)
        commands, credits_ = commands_end, credits_end
