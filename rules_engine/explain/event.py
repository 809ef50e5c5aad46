"""Why each rule did or did not fire for one event: the interpreter over the checked rule set.

Slow and obvious, and the guard of the generated code: a property test proves that both come to
the same outcome on generated rule sets and events.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext

from msgspec.structs import replace

from rules_engine.books.around import ALONE, Around
from rules_engine.books.booking import asks_books, book_before, payment_digest
from rules_engine.books.books import Books
from rules_engine.books.credits import book_credits
from rules_engine.books.own import book_own, is_booked
from rules_engine.books.terms import BookTerms
from rules_engine.budgets.port import Budgets, EndlessBudgets
from rules_engine.calendar import calendar_of
from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.client import ClientState, take_snapshot, with_group_change
from rules_engine.evaluate import NO_BUDGETS, event_taken, forget, payment_reused, reused
from rules_engine.explain.change import needed_change
from rules_engine.explain.conditions import Judgement, judge
from rules_engine.explain.firing import Carried, carry_out
from rules_engine.explain.seen import Seen
from rules_engine.explain.values import Values
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.ledger import Ledger
from rules_engine.lives import begun, refused_import
from rules_engine.memory import recall
from rules_engine.outcome import Origin, Outcome, Reason, Rejection
from rules_engine.timers.over import end_at_once
from schemas.decoded import ClientForgotten, ClientImported, Event, PaymentMade
from schemas.digests import content_digest, event_digest
from schemas.instants import parse_instant
from schemas.wire import AddBonus, Command, JournalRecord


@dataclass(frozen=True)
class RuleExplanation:
    """One rule of the event's trigger.

    `fired`: it emitted at least one command. `reason` is None when it did all that it says, else
    why not; `detail`: what was asked and seen, the winner of EXCLUDED_BY, the cause of
    FORMULA_FAILED. `condition` and `credits`: the formulas as far as they were looked at.
    `change`: the smallest change of one number of the event with which the rule would have fired,
    where there is one: "needs topupAmountMajor ≥ 400, was 380".
    """

    rule_id: str
    name: str
    fired: bool
    reason: Reason | None
    detail: str = ""
    condition: tuple[Seen, ...] = ()
    credits: tuple[Seen, ...] = ()
    change: str = ""


@dataclass(frozen=True)
class Explanation:
    """`outcome` is what `evaluate.apply_event` comes to; `rules` stand in matching order."""

    outcome: Outcome
    rules: tuple[RuleExplanation, ...]


@dataclass(frozen=True)
class _Decided:
    """What became of one rule. `winner`: the rule that held its exclusivity group before it."""

    rule: CheckedRule
    judgement: Judgement
    carried: Carried
    winner: str | None = None


def explain_event(
    rule_set: CheckedRuleSet,
    client: ClientState,
    event: Event,
    origin: Origin,
    budgets: Budgets = NO_BUDGETS,
    around: Around = ALONE,
    clock: int | None = None,
) -> Explanation:
    """The outcome of an event and, for every rule of its trigger, why.

    A duplicate or a rejected event looks at no rule.
    """
    digest, content = event_digest(event.event_id), content_digest(event)
    known = recall(client.memory, digest, client.latest_at)
    if known is not None:
        same = known.content == content
        return Explanation(
            Outcome(client, duplicate=same, rejected=None if same else reused(event)), ()
        )
    clock = event.occurred_at if clock is None else clock
    payment = None
    if isinstance(event, PaymentMade):
        payment = payment_digest(client, event, digest, around, clock)
        if payment is None:
            return Explanation(Outcome(client, rejected=payment_reused(event)), ())
    terms = BookTerms(rule_set)
    if isinstance(event, ClientForgotten):
        return Explanation(forget(terms, client, event, origin, around, clock), ())
    if isinstance(event, ClientImported):
        refused = refused_import(client, event, has_rules=True)
        if refused is not None:
            return Explanation(Outcome(client, rejected=refused), ())
        client = begun(client, event)
    before = client
    if event.snapshot is not None:
        before = take_snapshot(client, event.snapshot, event.occurred_at)
    books = Books(terms, before, event, origin, around, clock, budgets)
    if asks_books(before, event, around, clock):
        before = book_before(books)
    rules = [rule for rule in rule_set.rules if rule.trigger == event.type]
    with localcontext(DECIMAL128):
        values = _values(rule_set, event, before)
        ledger = _ledger(values)
        decided = list(_decide(rules, values, origin, ledger, budgets))
        explained = tuple(_explained(each, rules, values, origin) for each in decided)
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
        _credits(commands),
        values.calendar,
    )
    after = ledger.charged(event_taken(before, event, digest, content, payment, account, lapses_at))
    outcome = _booked(_outcome(decided, after, event), books, credited)
    return Explanation(end_at_once(outcome, terms, event.client_id, around, clock), explained)


def _values(rule_set: CheckedRuleSet, event: Event, client: ClientState) -> Values:
    zone = rule_set.club_zones.get(event.club_id, rule_set.time_zone)
    return Values(rule_set, event, client, calendar_of(zone))


def _ledger(values: Values) -> Ledger:
    limits, at = values.rule_set.limits, values.event.occurred_at
    return Ledger(values.client, limits, at, values.day)


def _decide(
    rules: Iterable[CheckedRule],
    values: Values,
    origin: Origin,
    ledger: Ledger,
    budgets: Budgets,
) -> Iterator[_Decided]:
    """The rules in matching order, each with what the ones before it have left."""
    holders: dict[str, str] = {}
    for rule in rules:
        judgement = judge(rule, values)
        winner = None if rule.exclusive is None else holders.get(rule.exclusive)
        if judgement.reason is not None or winner is not None:
            yield _Decided(rule, judgement, Carried(), winner)
            continue
        carried = carry_out(rule, values, origin, ledger, budgets)
        if carried.holds and rule.exclusive is not None:
            holders[rule.exclusive] = rule.id
        yield _Decided(rule, judgement, carried)


def _explained(
    decided: _Decided, rules: Iterable[CheckedRule], values: Values, origin: Origin
) -> RuleExplanation:
    rule, judgement, carried = decided.rule, decided.judgement, decided.carried
    reason, detail, change = judgement.reason, judgement.detail, ""
    if reason is None and decided.winner is not None:
        reason, detail = Reason.EXCLUDED_BY, decided.winner
    elif reason is None and carried.rejections:
        reason = carried.rejections[0].reason
        detail = carried.rejections[0].detail or carried.limit
    if reason is Reason.CONDITION:
        change = _change(rule, rules, values, origin)
    return RuleExplanation(
        rule.id,
        rule.name,
        bool(carried.commands),
        reason,
        detail,
        judgement.condition,
        tuple(carried.credits),
        change,
    )


def _change(rule: CheckedRule, rules: Iterable[CheckedRule], values: Values, origin: Origin) -> str:
    """Asked of the rule and its exclusivity group; credits of other rules and budgets are not
    looked at."""
    rivals = [
        each
        for each in rules
        if each is rule or (rule.exclusive is not None and each.exclusive == rule.exclusive)
    ]

    def fires(event: Event) -> bool:
        changed = _values(values.rule_set, event, values.client)
        decided = _decide(rivals, changed, origin, _ledger(changed), EndlessBudgets())
        return any(each.carried.commands for each in decided if each.rule is rule)

    unit = Decimal((0, (1,), -values.rule_set.minor_digits))
    change = needed_change(rule, values.event, unit, fires)
    return "" if change is None else str(change)


def _outcome(decided: Iterable[_Decided], after: ClientState, event: Event) -> Outcome:
    commands: list[Command] = []
    fired: list[str] = []
    rejections: list[Rejection] = []
    truncated = 0
    for each in decided:
        commands += each.carried.commands
        rejections += _counted(each)
        truncated += each.carried.truncated_pushes
        if each.carried.commands:
            fired.append(each.rule.id)
        for group_id, assigned, end in each.carried.group_changes:
            after = with_group_change(after, group_id, assigned, event.occurred_at, end)
    return Outcome(after, tuple(commands), tuple(fired), tuple(rejections), truncated)


def _credits(commands: Iterable[Command]) -> Iterator[tuple[Decimal, int | None]]:
    """Amount and expiry of every ADD_BONUS, as the command tells them."""
    for command in commands:
        if isinstance(command, AddBonus):
            ends = command.expires_at
            amount = Decimal(command.amount_major)
            yield amount, None if ends is None else parse_instant(ends)


def _booked(outcome: Outcome, books: Books, credited: tuple[JournalRecord, ...]) -> Outcome:
    """The event's own records come before those of the rules' credits."""
    return replace(
        outcome,
        commands=(*outcome.commands, *books.commands),
        journal=(*books.records, *credited),
        payment=books.payment,
        has_drifted=books.has_drifted,
    )


def _counted(decided: _Decided) -> list[Rejection]:
    """A rule whose group is held is passed over without a look at its conditions: EXCLUDED_BY is
    for explanations. Of the others, only what passed `when`, or failed in it, is counted."""
    if decided.winner is not None:
        return []
    if decided.judgement.reason is Reason.FORMULA_FAILED:
        return [Rejection(decided.rule.id, Reason.FORMULA_FAILED, decided.judgement.detail)]
    return decided.carried.rejections
