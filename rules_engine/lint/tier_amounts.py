"""Tiers: which rules are for a part of the amounts only, and for which."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from rules_engine.checked import AddBonusAction, Audience, CheckedRule, CheckedRuleSet, Window
from rules_engine.compile.bounds import INDEXED, Interval, narrowed
from rules_engine.compile.trees import conjuncts
from rules_engine.lint.tier_edits import amounts_of
from rules_engine.variables import variables


class Family(NamedTuple):
    """What a rule asks beside the amount. `others`: its other conditions; `valid`: from when to
    when."""

    trigger: str
    others: frozenset[str]
    audience: Audience
    windows: tuple[Window, ...]
    valid: tuple[int | None, int | None]

    def asks_no_more(self, other: "Family") -> bool:
        """Does it hold wherever the other one does? False says nothing."""
        return (
            self.trigger == other.trigger
            and self.others <= other.others
            and self.audience in (other.audience, Audience())
            and self.windows in (other.windows, ())
            and self.valid in (other.valid, (None, None))
        )


@dataclass(frozen=True)
class Tier:
    """A rule for the amounts `low` to `high`, both included; None: no end."""

    rule: CheckedRule
    low: Decimal | None
    high: Decimal | None
    family: Family

    def holds(self, amount: Decimal) -> bool:
        after = self.low is None or amount >= self.low
        return after and (self.high is None or amount <= self.high)

    @property
    def is_endless(self) -> bool:
        """Is it for every amount?"""
        return self.low is None and self.high is None

    def keeps_out_in(self, club_ids: frozenset[str]) -> bool:
        """In all these clubs (none: in every club)?"""
        own = self.rule.club_ids
        return not own or (bool(club_ids) and club_ids <= own)


Amounts = tuple[Decimal | None, Decimal | None]
"""From the first to the second, both included; None: no end."""


def shared(one: Amounts, other: Amounts) -> Amounts | None:
    lows = [low for low, _ in (one, other) if low is not None]
    highs = [high for _, high in (one, other) if high is not None]
    if lows and highs and max(lows) > min(highs):
        return None
    return max(lows, default=None), min(highs, default=None)


def without(all_: Sequence[Amounts], taken: Tier, step: Decimal) -> Iterator[Amounts]:
    """What is left of `all_`, in order."""
    for amounts in all_:
        if taken.low is not None and (left := shared(amounts, (None, taken.low - step))):
            yield left
        if taken.high is not None and (left := shared(amounts, (taken.high + step, None))):
            yield left


def step_of(trigger: str, rule_set: CheckedRuleSet) -> Decimal:
    is_whole = variables(trigger)[INDEXED[trigger]].whole
    return Decimal(1) if is_whole else Decimal(1).scaleb(-rule_set.minor_digits)


def tier_of(rule: CheckedRule, rule_set: CheckedRuleSet) -> Tier | None:
    """None for a rule that pays nothing, or of a trigger without amounts."""
    name = INDEXED.get(rule.trigger)
    if name is None or not any(isinstance(each, AddBonusAction) for each in rule.actions):
        return None
    interval = amounts_of(rule, name)
    others = [
        ast.dump(node)
        for node in (conjuncts(rule.when.tree) if rule.when is not None else ())
        if narrowed(interval, node, name) is None
    ]
    step = step_of(rule.trigger, rule_set)
    valid = (rule.valid_from, rule.valid_until)
    family = Family(rule.trigger, frozenset(others), rule.audience, rule.windows, valid)
    return Tier(rule, _lowest(interval, step), _highest(interval, step), family)


def _lowest(interval: Interval, step: Decimal) -> Decimal | None:
    if interval.lower is None:
        return None
    low = (interval.lower / step).to_integral_value(ROUND_CEILING) * step
    return low + step if interval.lower_open and low == interval.lower else low


def _highest(interval: Interval, step: Decimal) -> Decimal | None:
    if interval.upper is None:
        return None
    high = (interval.upper / step).to_integral_value(ROUND_FLOOR) * step
    return high - step if interval.upper_open and high == interval.upper else high


def worded(amounts: Amounts) -> str:
    low, high = amounts
    if low is None:
        return "for every amount" if high is None else f"up to {plain(high)}"
    if high is None:
        return f"from {plain(low)} on"
    return f"for {plain(low)}" if low == high else f"for {plain(low)} to {plain(high)}"


def plain(number: Decimal) -> str:
    """Without zeros that say nothing: 400, not 400.00."""
    whole = number.to_integral_value()
    return f"{whole:f}" if whole == number else f"{number:f}"
