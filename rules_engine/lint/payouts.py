"""The most that one event, or one timer, can credit, with the event or the client that gets it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from rules_engine.checked import CheckedRule, CheckedRuleSet, DailyTimer
from rules_engine.compile import compile_rule_set
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.lint.day_events import merged, past_of_line
from rules_engine.lint.payout import Assumed, Payout, credited_by, least_of, pays, rules_from
from rules_engine.lint.payout_search import Search
from rules_engine.lint.timers import may_ring_at_once, slots
from rules_engine.lint.witness import again, instant_of_line
from rules_engine.variables import EVENT_VARIABLES

_MOST_REPEATS = 5
_ZERO = Decimal(0)


def greatest_payouts(rule_set: CheckedRuleSet, assumed: Assumed) -> list[Payout]:
    """One for each trigger that has a credit, in the order of the triggers."""
    live = rules_from(rule_set, assumed.since)
    paying = {rule.trigger for rule in live if pays(rule)}
    if not paying:
        return []
    compiled = compile_rule_set(rule_set)
    return [
        _greatest(rule_set, compiled, [rule for rule in live if rule.trigger == trigger], assumed)
        for trigger in EVENT_VARIABLES
        if trigger in paying
    ]


def _greatest(
    rule_set: CheckedRuleSet,
    compiled: CompiledRuleSet,
    rules: Sequence[CheckedRule],
    assumed: Assumed,
) -> Payout:
    """Of one trigger. Timers that may ring at one instant are bounded by their sum; shown is a
    client for whom all ring that do so next, where that gets more than the best of them alone."""
    found = [
        (slot[0].timer, Search(rule_set, compiled, slot, assumed).run())
        for slot in slots(rules)
        if any(pays(rule) for rule in slot)
    ]
    at_most, meeting = max(
        (
            (sum((each.at_most for each in met), _ZERO), met)
            for timer, first in found
            for met in [[each for other, each in found if _at_once(rule_set, first, timer, other)]]
        ),
        key=lambda each: each[0],
    )
    best = max((payout for _, payout in found), key=lambda payout: payout.reached)
    for limit in (rule_set.limits.per_client_credit, rule_set.limits.budget):
        at_most = least_of(at_most, limit)
    others = list[Payout]()
    if len(meeting) > 1:
        others.append(_rung_together(compiled, meeting))
    if best.reached < at_most and best.lines and best.until is None:
        others += _after_others(compiled, best)
    for other in others:  # what gets more has grown beyond what is assumed of a client
        if best.reached < other.reached <= at_most:
            best = other
    why = best.why or "what timers credit that may ring at one instant is added up"
    return replace(best, at_most=at_most, why=why if best.reached < at_most else "")


def _after_others(compiled: CompiledRuleSet, best: Payout) -> Iterator[Payout]:
    """The event again: where limits refuse rules that credit less, those below may get more."""
    lines = list(best.lines)
    for number in range(1, _MOST_REPEATS + 1):
        lines.append(again(best.lines[-1], number))
        reached, rules = credited_by(compiled, lines)
        yield replace(best, reached=reached, rules=rules, lines=tuple(lines))


def _rung_together(compiled: CompiledRuleSet, meeting: Sequence[Payout]) -> Payout:
    """A client with all the facts for which these timers ring at the instant of the first."""
    first = meeting[0]
    together = [each for each in meeting if each.lines and each.until == first.until]
    if first.until is None or not together:
        return first
    past = merged([past_of_line(each.lines[0]) for each in together])
    lines = (past.line(compiled.organization_id, instant_of_line(first.lines[0])),)
    reached, rules = credited_by(compiled, lines, first.trigger, first.until)
    return Payout(first.trigger, _ZERO, reached, rules, lines, until=first.until)


def _at_once(
    rule_set: CheckedRuleSet, payout: Payout, first: DailyTimer | None, second: DailyTimer | None
) -> bool:
    if first is None or second is None:
        return first is second
    return may_ring_at_once(rule_set, payout.trigger, first, second)


def most_of_rule(
    rule_set: CheckedRuleSet, compiled: CompiledRuleSet, rule: CheckedRule, assumed: Assumed
) -> Decimal:
    """What one firing of the rule credits at most, whatever other rules do."""
    return Search(rule_set, compiled, [rule], assumed, most_tried=0).run().at_most
