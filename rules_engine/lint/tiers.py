"""Tiers: rules that differ in the amounts they are for. Gaps, overlaps, steps down.

Tiers of one family ask the same of everything but one number of the event: written as rules or
as ladders.
"""

import ast
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from itertools import combinations, pairwise

from rules_engine.checked import AddBonusAction, CheckedRule, CheckedRuleSet
from rules_engine.compile.bounds import INDEXED, Interval, narrowed
from rules_engine.compile.trees import conjuncts
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint.boxes import Box, Space
from rules_engine.lint.codes import Code
from rules_engine.lint.cuts import Cuts
from rules_engine.lint.domains import Domains
from rules_engine.lint.found import Found
from rules_engine.lint.matching import Judge
from rules_engine.lint.values import Numbers
from rules_engine.variables import variables


@dataclass(frozen=True)
class _Tier:
    """A rule for the amounts `low` to `high`, both included; None: no end."""

    rule: CheckedRule
    low: Decimal | None
    high: Decimal | None
    family: Hashable

    def holds(self, amount: Decimal) -> bool:
        after = self.low is None or amount >= self.low
        return after and (self.high is None or amount <= self.high)


def check_tiers(rule_set: CheckedRuleSet, rules: Sequence[CheckedRule]) -> Iterator[Found]:
    """`rules`: those that may fire on their own, in matching order."""
    families: dict[Hashable, list[_Tier]] = {}
    for rule in rules:
        tier = _tier(rule, rule_set)
        if tier is not None:
            families.setdefault(tier.family, []).append(tier)
    for tiers in families.values():
        tiers.sort(key=lambda tier: (tier.low is not None, tier.low or Decimal(0), tier.rule.id))
        step = _step(tiers[0].rule.trigger, rule_set)
        yield from _overlaps(tiers)
        alike: dict[Hashable, list[_Tier]] = {}
        for tier in tiers:
            alike.setdefault((tier.rule.club_ids, tier.rule.exclusive), []).append(tier)
        for ladder in alike.values():
            yield from _gaps(ladder, step)
            yield from _steps_down(rule_set, ladder, step)


def _step(trigger: str, rule_set: CheckedRuleSet) -> Decimal:
    is_whole = variables(trigger)[INDEXED[trigger]].whole
    return Decimal(1) if is_whole else Decimal(1).scaleb(-rule_set.minor_digits)


def _tier(rule: CheckedRule, rule_set: CheckedRuleSet) -> _Tier | None:
    """None for a rule that is for every amount, or pays nothing."""
    name = INDEXED.get(rule.trigger)
    if name is None or not any(isinstance(each, AddBonusAction) for each in rule.actions):
        return None
    interval, others = Interval(), []
    if rule.at_least is not None:
        interval = interval.from_(rule.at_least, is_open=False)
    for node in conjuncts(rule.when.tree) if rule.when is not None else ():
        bounded = narrowed(interval, node, name)
        if bounded is None:
            others.append(ast.dump(node))
        else:
            interval = bounded
    if interval == Interval():
        return None
    step = _step(rule.trigger, rule_set)
    valid = (rule.valid_from, rule.valid_until)
    family = (rule.trigger, frozenset(others), rule.audience, rule.windows, valid)
    return _Tier(rule, _lowest(interval, step), _highest(interval, step), family)


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


def _overlaps(tiers: Sequence[_Tier]) -> Iterator[Found]:
    """Two tiers that both pay for an amount: nothing keeps one of them out."""
    told: set[str] = set()
    for lower, upper in combinations(tiers, 2):
        first, second = lower.rule, upper.rule
        if first.exclusive is not None and first.exclusive == second.exclusive:
            continue
        if first.club_ids and second.club_ids and not first.club_ids & second.club_ids:
            continue
        amount = upper.low if upper.low is not None else upper.high
        if amount is None or not lower.holds(amount) or second.id in told:
            continue
        told.add(second.id)
        yield Found(
            Code.TIER_OVERLAP,
            second.id,
            f"for {_plain(amount)} both `{first.id}` and `{second.id}` pay",
            "give them one `exclusive` group, or amounts that do not meet",
        )


def _gaps(tiers: Sequence[_Tier], step: Decimal) -> Iterator[Found]:
    reached, below = tiers[0].high, tiers[0]
    for tier in tiers[1:]:
        if reached is None or tier.low is None:
            return
        if tier.low > reached + step:
            first, last = reached + step, tier.low - step
            amounts = _plain(first) if first == last else f"{_plain(first)} to {_plain(last)}"
            yield Found(
                Code.TIER_GAP,
                tier.rule.id,
                f"no tier is for {amounts}: `{below.rule.id}` ends at {_plain(reached)}, "
                f"`{tier.rule.id}` begins at {_plain(tier.low)}",
                "let one tier begin where the other ends: `200 <= x < 400` and `400 <= x`",
            )
        if tier.high is None or tier.high > reached:
            reached, below = tier.high, tier


def _steps_down(rule_set: CheckedRuleSet, tiers: Sequence[_Tier], step: Decimal) -> Iterator[Found]:
    """Proven where the most that the higher tier credits at its threshold, whatever else is the
    case, is less than the least that the lower one credits just below."""
    for lower, upper in pairwise(tiers):
        if upper.low is None or not lower.holds(upper.low - step):
            continue
        before = _credited(rule_set, lower.rule, upper.low - step)
        after = _credited(rule_set, upper.rule, upper.low)
        if before is not None and after is not None and after.most < before.least:
            yield Found(
                Code.TIER_PAYS_LESS,
                upper.rule.id,
                f"from {_plain(upper.low)} on it credits {_plain(after.most)}, while "
                f"`{lower.rule.id}` credits {_plain(before.least)} just below",
                "give the higher tier the higher bonus",
            )


def _credited(rule_set: CheckedRuleSet, rule: CheckedRule, amount: Decimal) -> Numbers | None:
    """What the rule credits for an amount; None where that depends on a missing value."""
    judge, name = Judge(rule_set, rule.trigger), INDEXED[rule.trigger]
    cuts = Cuts(Domains(rule.trigger, rule_set.minor_digits))
    cuts.number(name, Fraction(amount))
    box = _at(cuts.space(), name, amount)
    if box is None:
        return None
    with localcontext(DECIMAL128):
        credits_ = judge.credits(rule, box)
    value = credits_.value
    return value if credits_.is_sound and isinstance(value, Numbers) else None


def _at(space: Space, name: str, amount: Decimal) -> Box | None:
    """The box of one amount; None where no event has it."""
    for number, cell in enumerate(space.axes[name]):
        if cell.value == Numbers(amount, amount):
            return Box(space, {name: (number, number + 1)})
    return None


def _plain(number: Decimal) -> str:
    """Without zeros that say nothing: 400, not 400.00."""
    whole = number.to_integral_value()
    return f"{whole:f}" if whole == number else f"{number:f}"
