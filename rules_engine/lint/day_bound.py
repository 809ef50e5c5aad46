"""What no client is credited more than on one local day, by counting.

Per rule so many firings at most, each of at most so much; then what rules leave each other, and the
limits of the set. A limit of a longer period is one of the day too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from itertools import groupby

from rules_engine.calendar import HOUR_US
from rules_engine.checked import Amount, CheckedRule, CheckedRuleSet
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint.counting import is_once_a_date, matches_of
from rules_engine.lint.matching import Judge
from rules_engine.lint.payout import Assumed, pays, rules_from
from rules_engine.lint.payouts import most_of_rule
from rules_engine.lint.sums import largest_sum
from rules_engine.lint.timers import spread_of_clocks
from rules_engine.lint.values import Numbers
from schemas.instants import DAY_US

_SHORTEST_DAY_US = 23 * HOUR_US
_OF_ONE_FACT = frozenset({"CLIENT_ABSENT", "AFTER_FIRST_VISIT"})
"""At one time of the day they ring for a client so many days after one visit only."""
_OF_RULES = "the limits of the rules"
_ZERO = Decimal(0)


@dataclass(frozen=True)
class DayBound:
    """`at_most`: None where there is no bound. `because`: what holds it, or what does not.
    `is_of_rules`: their own limits do. `shares`: what each rule may have of it."""

    at_most: Decimal | None
    because: str
    is_of_rules: bool = False
    shares: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class _Share:
    """What a rule may credit on a day: `times` firings (None: no end of them) of at most `most`
    each; `fixed`: of always just as much."""

    rule: CheckedRule
    most: Decimal
    times: int | None
    fixed: bool

    @property
    def whole(self) -> Decimal | None:
        """None: no end of it."""
        return None if self.times is None else self.most * self.times

    @property
    def held(self) -> Decimal | None:
        """`whole`, within the rule's budget."""
        budget = self.rule.limits.budget
        bounds = [] if self.whole is None else [self.whole]
        if budget is not None:
            bounds.append(budget.amount_major)
        return min(bounds, default=None)


def day_bound(rule_set: CheckedRuleSet, compiled: CompiledRuleSet, assumed: Assumed) -> DayBound:
    """Of the rules that are in force from `assumed.since` on.

    1. What each rule may credit at most. 2. What all may together. 3. What the limits of the set
    leave of it; where all credits are of fixed amounts, of what they can come to.
    """
    shares = [
        _share(rule_set, compiled, rule, assumed)  # 1.
        for rule in rules_from(rule_set, assumed.since)
        if pays(rule)
    ]
    shares = [each for each in shares if each.most]
    endless = [each.rule.id for each in shares if each.held is None]
    bounds: list[tuple[Decimal, str]] = []
    if not endless:
        bounds.append((_together(rule_set, shares), _OF_RULES))  # 2.
    bounds += [_under(rule_set, shares, *named) for named in _limits(rule_set)]  # 3.
    if not bounds:
        return DayBound(None, f"nothing limits how often `{endless[0]}` credits")
    at_most, because = min(bounds)
    held = {each.rule.id: at_most if each.held is None else each.held for each in shares}
    return DayBound(at_most, because, because == _OF_RULES, held)


def _limits(rule_set: CheckedRuleSet) -> list[tuple[Amount, str]]:
    limits = rule_set.limits
    named = (
        (limits.per_client_credit, "the set's `perClientCredit`"),
        (limits.budget, "the set's `budget`"),
    )
    return [(limit, name) for limit, name in named if limit is not None]


def _share(
    rule_set: CheckedRuleSet, compiled: CompiledRuleSet, rule: CheckedRule, assumed: Assumed
) -> _Share:
    most = most_of_rule(rule_set, compiled, rule, assumed)
    times, budget = _times_a_day(rule, rule_set), rule.limits.budget
    fixed = most > _ZERO and _is_fixed(rule_set, rule, most)
    if fixed and budget is not None:
        within = int(budget.amount_major // most)
        times = within if times is None else min(times, within)
    return _Share(rule, most, times, fixed)


def _is_fixed(rule_set: CheckedRuleSet, rule: CheckedRule, most: Decimal) -> bool:
    judge = Judge(rule_set, rule.trigger)
    with localcontext(DECIMAL128):
        value = judge.credits(rule, judge.space([rule]).whole()).value
    return value == Numbers(most, most)


def _times_a_day(rule: CheckedRule, rule_set: CheckedRuleSet) -> int | None:
    """How often it may fire for a client on a day; None: at every event."""
    longest = DAY_US + spread_of_clocks(rule_set)
    times = [each.times for each in rule.limits.per_client]
    if rule.limits.cooldown_us is not None:
        times.append((longest - 1) // rule.limits.cooldown_us + 1)
    if rule.timer is not None:
        times.append((longest - 1) // _SHORTEST_DAY_US + 1 if rule_set.club_zones else 1)
    matches = matches_of(rule_set, rule)
    if matches is not None:
        times.append(matches.times)
    if is_once_a_date(rule_set, rule):
        times.append(1)
    return min(times, default=None)


def _together(rule_set: CheckedRuleSet, shares: Sequence[_Share]) -> Decimal:
    """Of timers that ring at one time of the day, so many days after one visit, only those of one
    number of days ring for a client; unless clubs have days of their own."""
    total, meeting = _ZERO, list[tuple[tuple[str, int], int, Decimal]]()
    for share in shares:
        held, timer = share.held or _ZERO, share.rule.timer
        if timer is None or rule_set.club_zones or share.rule.trigger not in _OF_ONE_FACT:
            total += held
        else:
            meeting.append(((share.rule.trigger, timer.minute), timer.days, held))
    for _, alike in groupby(sorted(meeting), key=lambda each: each[0]):
        of_days: dict[int, Decimal] = {}
        for _, days, held in alike:
            of_days[days] = of_days.get(days, _ZERO) + held
        total += max(of_days.values())
    return total


def _under(
    rule_set: CheckedRuleSet, shares: Sequence[_Share], limit: Amount, name: str
) -> tuple[Decimal, str]:
    """A limit of the set, and what holds the bound then."""
    if all(each.fixed for each in shares):
        unit = rule_set.minor_digits
        top = int(limit.amount_major.scaleb(unit))
        items = []
        for each in shares:
            amount = int(each.most.scaleb(unit))
            items.append((amount, top // amount if each.times is None else each.times))
        found = largest_sum(items, top)
        if found is not None and found[0] < top:
            return Decimal(found[0]).scaleb(-unit), f"{name}, which no credits come closer to"
    return limit.amount_major, name
