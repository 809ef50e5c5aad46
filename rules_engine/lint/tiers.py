"""Tiers: rules that differ in the amounts they are for. Gaps, overlaps, steps down.

Tiers of one family ask the same of everything but one number of the event: written as rules or
as ladders.
"""

import ast
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from itertools import combinations, pairwise, product

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
from rules_engine.lint.tier_edits import amounts_of, meeting
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

    def keeps_out_in(self, club_ids: frozenset[str]) -> bool:
        """In all these clubs (none: in every club)?"""
        own = self.rule.club_ids
        return not own or (bool(club_ids) and club_ids <= own)


_Amounts = tuple[Decimal | None, Decimal | None]
"""From the first to the second, both included; None: no end."""


def _shared(one: _Amounts, other: _Amounts) -> _Amounts | None:
    lows = [low for low, _ in (one, other) if low is not None]
    highs = [high for _, high in (one, other) if high is not None]
    if lows and highs and max(lows) > min(highs):
        return None
    return max(lows, default=None), min(highs, default=None)


def _without(all_: Sequence[_Amounts], taken: _Tier, step: Decimal) -> Iterator[_Amounts]:
    """What is left of `all_`, in order."""
    for amounts in all_:
        if taken.low is not None and (left := _shared(amounts, (None, taken.low - step))):
            yield left
        if taken.high is not None and (left := _shared(amounts, (taken.high + step, None))):
            yield left


def check_tiers(rule_set: CheckedRuleSet, rules: Sequence[CheckedRule]) -> Iterator[Found]:
    """`rules`: those that may fire on their own, in matching order."""
    families: dict[Hashable, list[_Tier]] = {}
    for rule in rules:
        tier = _tier(rule, rule_set)
        if tier is not None:
            families.setdefault(tier.family, []).append(tier)
    for in_order in families.values():
        tiers = sorted(in_order, key=_by_threshold)
        step = _step(tiers[0].rule.trigger, rule_set)
        yield from _overlaps(tiers, _Paid(in_order, step))
        alike: dict[Hashable, list[_Tier]] = {}
        for tier in tiers:
            alike.setdefault((tier.rule.club_ids, tier.rule.exclusive), []).append(tier)
        for ladder in alike.values():
            yield from _gaps(ladder, step)
            yield from _steps_down(rule_set, ladder, step)


def _by_threshold(tier: _Tier) -> tuple[bool, Decimal, str]:
    return tier.low is not None, tier.low or Decimal(0), tier.rule.id


def _step(trigger: str, rule_set: CheckedRuleSet) -> Decimal:
    is_whole = variables(trigger)[INDEXED[trigger]].whole
    return Decimal(1) if is_whole else Decimal(1).scaleb(-rule_set.minor_digits)


def _tier(rule: CheckedRule, rule_set: CheckedRuleSet) -> _Tier | None:
    """None for a rule that is for every amount, or pays nothing."""
    name = INDEXED.get(rule.trigger)
    if name is None or not any(isinstance(each, AddBonusAction) for each in rule.actions):
        return None
    interval = amounts_of(rule, name)
    if interval == Interval():
        return None
    others = [
        ast.dump(node)
        for node in (conjuncts(rule.when.tree) if rule.when is not None else ())
        if narrowed(interval, node, name) is None
    ]
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


class _Paid:
    """The amounts that a tier pays for: those that no tier above it in its exclusivity group
    takes. `in_order`: tiers of one family, in matching order."""

    def __init__(self, in_order: Sequence[_Tier], step: Decimal) -> None:
        self._groups: dict[str | None, list[_Tier]] = {}
        self.step = step
        self._known: dict[tuple[str, frozenset[str]], Sequence[_Amounts]] = {}
        for tier in in_order:
            self._groups.setdefault(tier.rule.exclusive, []).append(tier)

    def __call__(self, tier: _Tier, club_ids: frozenset[str]) -> Sequence[_Amounts]:
        """In these clubs (none: in every club), lowest first."""
        key = tier.rule.id, club_ids
        if key not in self._known:
            self._known[key] = list(self._left(tier, club_ids))
        return self._known[key]

    def _left(self, tier: _Tier, club_ids: frozenset[str]) -> Sequence[_Amounts]:
        left: Sequence[_Amounts] = [(tier.low, tier.high)]
        for above in self._groups[tier.rule.exclusive]:
            if above is tier or tier.rule.exclusive is None or not left:
                break
            if above.keeps_out_in(club_ids):
                left = list(_without(left, above, self.step))
        return left


def _overlaps(tiers: Sequence[_Tier], paid: _Paid) -> Iterator[Found]:
    """Two tiers that both pay for an amount: nothing keeps one of them out."""
    told: set[str] = set()
    for lower, upper in combinations(tiers, 2):
        first, second = lower.rule, upper.rule
        if second.id in told or (first.exclusive and first.exclusive == second.exclusive):
            continue
        if first.club_ids and second.club_ids and not first.club_ids & second.club_ids:
            continue
        if upper.low is not None and not lower.holds(upper.low):
            continue  # thresholds ascend: they never meet
        club_ids = first.club_ids & second.club_ids or first.club_ids | second.club_ids
        pairs = product(paid(lower, club_ids), paid(upper, club_ids))
        amounts = next((both for pair in pairs if (both := _shared(*pair))), None)
        if amounts is not None:
            told.add(second.id)
            apart = meeting(first, second, paid.step)
            yield Found(
                Code.TIER_OVERLAP,
                second.id,
                f"{_worded(amounts)} both `{first.id}` and `{second.id}` pay",
                "give them one `exclusive` group"
                + (f"; or {apart}" if apart else ", or amounts that do not meet"),
            )


def _worded(amounts: _Amounts) -> str:
    low, high = amounts
    if low is None:
        return "for every amount" if high is None else f"up to {_plain(high)}"
    if high is None:
        return f"from {_plain(low)} on"
    return f"for {_plain(low)}" if low == high else f"for {_plain(low)} to {_plain(high)}"


def _gaps(tiers: Sequence[_Tier], step: Decimal) -> Iterator[Found]:
    reached, below = tiers[0].high, tiers[0]
    for tier in tiers[1:]:
        if reached is None:
            return
        if tier.low is not None and tier.low > reached + step:
            amounts = _worded((reached + step, tier.low - step))
            yield Found(
                Code.TIER_GAP,
                tier.rule.id,
                f"no tier is {amounts}: `{below.rule.id}` ends at {_plain(reached)}, "
                f"`{tier.rule.id}` begins at {_plain(tier.low)}",
                meeting(below.rule, tier.rule, step) or "let one tier begin where the other ends",
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
