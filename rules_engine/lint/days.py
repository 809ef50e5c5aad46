"""The most that one client can be credited on one local day, and a day that gets there."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.calendar import HOUR_US
from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.compile import compile_rule_set
from rules_engine.compile.bounds import INDEXED
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.lint.payout import Assumed, Payout, credited_by, pays, rules_from
from rules_engine.lint.payouts import most_of_rule
from rules_engine.lint.witness import again, amount_of, of_amount

_LONGEST_DAY_US, _LONGEST_DATE_US = 25 * HOUR_US, 51 * HOUR_US
"""A local day with an hour twice; one date all around the world, where clubs have zones."""
_MOST_RINGS = 3
"""Of a timer that rings daily, in one date all around the world."""
_MOST_EVENTS = 6
_ZERO = Decimal(0)


@dataclass(frozen=True)
class DayPayout:
    """`at_most`: no client is credited more on a day, less what refunds take back; None: there is
    no bound. `because`: what holds it, or what does not. `reached`: by the events in `lines`, of
    one client and day, or by the timer that rings at the instant `until`; `is_open`: the next one
    would get more."""

    at_most: Decimal | None
    because: str
    reached: Decimal = _ZERO
    lines: tuple[bytes, ...] = ()
    is_open: bool = False
    until: int | None = None


def greatest_day(
    rule_set: CheckedRuleSet, payouts: Sequence[Payout], assumed: Assumed
) -> DayPayout | None:
    """None for a set without credits. `payouts`: those of single events.

    Per rule: so many firings at most, each at most so much. A limit of a longer period is one of
    the day too.
    """
    if not payouts:
        return None
    compiled = compile_rule_set(rule_set)
    at_most, because = _bound(rule_set, compiled, assumed)
    best = max(payouts, key=lambda payout: payout.reached)
    if best.until is not None:  # a timer rings once
        return DayPayout(at_most, because, best.reached, best.lines, until=best.until)
    reached, lines, is_open = _repeated(compiled, best)
    return DayPayout(at_most, because, reached, lines, is_open)


def _bound(
    rule_set: CheckedRuleSet, compiled: CompiledRuleSet, assumed: Assumed
) -> tuple[Decimal | None, str]:
    limits = rule_set.limits
    bounds = [
        (limit.amount_major, name)
        for limit, name in (
            (limits.per_client_credit, "the set's `perClientCredit`"),
            (limits.budget, "the set's `budget`"),
        )
        if limit is not None
    ]
    total, endless = _ZERO, list[str]()
    for rule in rules_from(rule_set, assumed.since):
        if pays(rule):
            most = most_of_rule(rule_set, compiled, rule, assumed)
            held = _held(rule, rule_set, most)
            if held is None:
                endless.append(rule.id)
            else:
                total += held
    if not endless:
        bounds.append((total, "the limits of the rules"))
    if not bounds:
        return None, f"nothing limits how often `{endless[0]}` credits"
    return min(bounds)


def _held(rule: CheckedRule, rule_set: CheckedRuleSet, most: Decimal) -> Decimal | None:
    """What the rule's own limits leave of firings of `most` each; None: no end of them."""
    if not most:
        return _ZERO
    times, budget = _times_a_day(rule, rule_set), rule.limits.budget
    bounds = [] if times is None else [most * times]
    if budget is not None:
        bounds.append(budget.amount_major)
    return min(bounds, default=None)


def _times_a_day(rule: CheckedRule, rule_set: CheckedRuleSet) -> int | None:
    """How often it may fire for a client on a day; None: at every event."""
    times = [each.times for each in rule.limits.per_client]
    if rule.limits.cooldown_us is not None:
        longest = _LONGEST_DATE_US if rule_set.club_zones else _LONGEST_DAY_US
        times.append(longest // rule.limits.cooldown_us + 1)
    if rule.timer is not None:
        times.append(1 if not rule_set.club_zones else _MOST_RINGS)
    if rule.audience.first_topup_only and rule.trigger == "BALANCE_TOPPED_UP":
        times.append(1)
    return min(times, default=None)


def _repeated(compiled: CompiledRuleSet, best: Payout) -> tuple[Decimal, tuple[bytes, ...], bool]:
    """The greatest event again and again; at the end one of such an amount that what is left of a
    limit is used up."""
    if not best.lines:
        return _ZERO, (), False
    lines, total = list(best.lines), best.reached
    for number in range(1, _MOST_EVENTS):
        line = again(best.lines[-1], number)
        credited, _ = credited_by(compiled, [*lines, line])
        if not credited:
            return _topped_up(compiled, lines, line, total, best.trigger)
        lines, total = [*lines, line], total + credited
    credited, _ = credited_by(compiled, [*lines, again(best.lines[-1], _MOST_EVENTS)])
    return total, tuple(lines), bool(credited)


def _topped_up(
    compiled: CompiledRuleSet, lines: list[bytes], line: bytes, total: Decimal, trigger: str
) -> tuple[Decimal, tuple[bytes, ...], bool]:
    """By halving: the greatest amount that still gets a credit."""
    name = INDEXED.get(trigger)
    if name is None:
        return total, tuple(lines), False
    found, best_line = _ZERO, b""
    low, high = 0, amount_of(line, name)
    while high - low > 1:
        middle = (low + high) // 2
        candidate = of_amount(line, name, middle)
        credited, _ = credited_by(compiled, [*lines, candidate])
        if credited:
            low = middle
            if credited > found:
                found, best_line = credited, candidate
        else:
            high = middle
    if not found:
        return total, tuple(lines), False
    return total + found, (*lines, best_line), False
