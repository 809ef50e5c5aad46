"""What becomes of the rules of one trigger, one after the other, and what is told of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.budgets.port import Budgets, EndlessBudgets
from rules_engine.calendar import calendar_of
from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.client import ClientState, with_group_change
from rules_engine.explain.change import needed_change
from rules_engine.explain.conditions import Judgement, judge
from rules_engine.explain.firing import Carried, carry_out
from rules_engine.explain.seen import Seen
from rules_engine.explain.values import Values
from rules_engine.ledger import Ledger
from rules_engine.outcome import Origin, Outcome, Reason, Rejection
from schemas.decoded import Event
from schemas.instants import parse_instant
from schemas.wire import AddBonus, Command


@dataclass(frozen=True)
class RuleExplanation:
    """One rule of the event's trigger.

    `fired`: it emitted at least one command. `reason` is None when it did all that it says, else
    why not; `detail`: what was asked and seen, the winner of EXCLUDED_BY, the cause of
    FORMULA_FAILED. `condition` and `credits`: the formulas as far as they were looked at.
    `change`: the smallest change of one number of the event with which the rule would have fired,
    where there is one: "needs topupAmountMajor ≥ 400, was 380". `event_id`: of a timer, where each
    rule has its own.
    """

    rule_id: str
    name: str
    fired: bool
    reason: Reason | None
    detail: str = ""
    condition: tuple[Seen, ...] = ()
    credits: tuple[Seen, ...] = ()
    change: str = ""
    event_id: str = ""


@dataclass(frozen=True)
class Explanation:
    """`outcome` is what the evaluation comes to; `rules` stand in matching order."""

    outcome: Outcome
    rules: tuple[RuleExplanation, ...]


@dataclass(frozen=True)
class Decided:
    """What became of one rule. `winner`: the rule that held its exclusivity group before it."""

    rule: CheckedRule
    values: Values
    judgement: Judgement
    carried: Carried
    winner: str | None = None


def values_of(rule_set: CheckedRuleSet, event: Event, client: ClientState) -> Values:
    """What formulas see, in the zone of the event's club."""
    zone = rule_set.club_zones.get(event.club_id, rule_set.time_zone)
    return Values(rule_set, event, client, calendar_of(zone))


def ledger_of(values: Values) -> Ledger:
    limits, at = values.rule_set.limits, values.event.occurred_at
    return Ledger(values.client, limits, at, values.day)


def decide(
    rules: Iterable[tuple[CheckedRule, Values]],
    origin: Origin | None,
    ledger: Ledger,
    budgets: Budgets,
) -> Iterator[Decided]:
    """The rules in matching order, each with what the ones before it have left."""
    holders: dict[str, str] = {}
    for rule, values in rules:
        judgement = judge(rule, values)
        winner = None if rule.exclusive is None else holders.get(rule.exclusive)
        if judgement.reason is not None or winner is not None:
            yield Decided(rule, values, judgement, Carried(), winner)
            continue
        carried = carry_out(rule, values, origin, ledger, budgets)
        if carried.holds and rule.exclusive is not None:
            holders[rule.exclusive] = rule.id
        yield Decided(rule, values, judgement, carried)


def explained(
    decided: Decided,
    rules: Iterable[CheckedRule],
    origin: Origin | None,
    event_id: str = "",
    *,
    changes: bool = True,
) -> RuleExplanation:
    """`rules`: those that a changed event would meet too; `changes`: look for the smallest change,
    which takes hundreds of times as long as all the rest."""
    rule, judgement, carried = decided.rule, decided.judgement, decided.carried
    reason, detail, change = judgement.reason, judgement.detail, ""
    if reason is None and decided.winner is not None:
        reason, detail = Reason.EXCLUDED_BY, decided.winner
    elif reason is None and carried.rejections:
        reason = carried.rejections[0].reason
        detail = carried.rejections[0].detail or carried.limit
    if changes and reason is Reason.CONDITION:
        change = _change(rule, rules, decided.values, origin)
    return RuleExplanation(
        rule.id,
        rule.name,
        bool(carried.commands),
        reason,
        detail,
        judgement.condition,
        tuple(carried.credits),
        change,
        event_id,
    )


def _change(
    rule: CheckedRule, rules: Iterable[CheckedRule], values: Values, origin: Origin | None
) -> str:
    """Asked of the rule and its exclusivity group; credits of other rules and budgets are not
    looked at."""
    rivals = [
        each
        for each in rules
        if each is rule or (rule.exclusive is not None and each.exclusive == rule.exclusive)
    ]

    def fires(event: Event) -> bool:
        changed = values_of(values.rule_set, event, values.client)
        pairs = [(each, changed) for each in rivals]
        decided = decide(pairs, origin, ledger_of(changed), EndlessBudgets())
        return any(each.carried.commands for each in decided if each.rule is rule)

    unit = Decimal((0, (1,), -values.rule_set.minor_digits))
    change = needed_change(rule, values.event, unit, fires)
    return "" if change is None else str(change)


def outcome_of(decided: Iterable[Decided], after: ClientState, at: int) -> Outcome:
    """Everything that the rules did, added to the state `after` what else the event did."""
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
            after = with_group_change(after, group_id, assigned, at, end)
    return Outcome(after, tuple(commands), tuple(fired), tuple(rejections), truncated)


def credits_of(commands: Iterable[Command]) -> Iterator[tuple[Decimal, int | None]]:
    """Amount and expiry of every ADD_BONUS, as the command tells them."""
    for command in commands:
        if isinstance(command, AddBonus):
            ends = command.expires_at
            amount = Decimal(command.amount_major)
            yield amount, None if ends is None else parse_instant(ends)


def _counted(decided: Decided) -> list[Rejection]:
    """A rule whose group is held is passed over without a look at its conditions: EXCLUDED_BY is
    for explanations. Of the others, only what passed `when`, or failed in it, is counted."""
    if decided.winner is not None:
        return []
    if decided.judgement.reason is Reason.FORMULA_FAILED:
        return [Rejection(decided.rule.id, Reason.FORMULA_FAILED, decided.judgement.detail)]
    return decided.carried.rejections
