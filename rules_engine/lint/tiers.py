"""Tiers: rules that differ in the amounts they are for. Gaps, overlaps, steps down.

Tiers of one family ask the same of everything but one number of the event: written as rules or
as ladders.
"""

from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations, pairwise, product

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.compile.bounds import INDEXED
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint.boxes import Box, Space
from rules_engine.lint.codes import Code
from rules_engine.lint.cuts import Cuts
from rules_engine.lint.domains import Domains
from rules_engine.lint.found import Found
from rules_engine.lint.matching import Judge
from rules_engine.lint.tier_amounts import (
    Amounts,
    Tier,
    plain,
    shared,
    step_of,
    tier_of,
    without,
    worded,
)
from rules_engine.lint.tier_edits import meeting
from rules_engine.lint.values import Numbers


def check_tiers(rule_set: CheckedRuleSet, rules: Sequence[CheckedRule]) -> Iterator[Found]:
    """`rules`: those that may fire on their own, in matching order."""
    families: dict[Hashable, list[Tier]] = {}
    every = [tier for rule in rules if (tier := tier_of(rule, rule_set)) is not None]
    for tier in every:
        if not tier.is_endless:
            families.setdefault(tier.family, []).append(tier)
    for in_order in families.values():
        tiers = sorted(in_order, key=_by_threshold)
        step = step_of(tiers[0].rule.trigger, rule_set)
        yield from _overlaps(tiers, _Paid(in_order, step))
        alike: dict[Hashable, list[Tier]] = {}
        for tier in tiers:
            alike.setdefault((tier.rule.club_ids, tier.rule.exclusive), []).append(tier)
        for ladder in alike.values():
            yield from _gaps(ladder, step, _stand_ins(ladder[0], every))
            yield from _steps_down(rule_set, ladder, step)


def _by_threshold(tier: Tier) -> tuple[bool, Decimal, str]:
    return tier.low is not None, tier.low or Decimal(0), tier.rule.id


class _Paid:
    """The amounts that a tier pays for: those that no tier above it in its exclusivity group
    takes. `in_order`: tiers of one family, in matching order."""

    def __init__(self, in_order: Sequence[Tier], step: Decimal) -> None:
        self._groups: dict[str | None, list[Tier]] = {}
        self.step = step
        self._known: dict[tuple[str, frozenset[str]], Sequence[Amounts]] = {}
        for tier in in_order:
            self._groups.setdefault(tier.rule.exclusive, []).append(tier)

    def __call__(self, tier: Tier, club_ids: frozenset[str]) -> Sequence[Amounts]:
        """In these clubs (none: in every club), lowest first."""
        key = tier.rule.id, club_ids
        if key not in self._known:
            self._known[key] = list(self._left(tier, club_ids))
        return self._known[key]

    def _left(self, tier: Tier, club_ids: frozenset[str]) -> Sequence[Amounts]:
        left: Sequence[Amounts] = [(tier.low, tier.high)]
        for above in self._groups[tier.rule.exclusive]:
            if above is tier or tier.rule.exclusive is None or not left:
                break
            if above.keeps_out_in(club_ids):
                left = list(without(left, above, self.step))
        return left


def _overlaps(tiers: Sequence[Tier], paid: _Paid) -> Iterator[Found]:
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
        amounts = next((both for pair in pairs if (both := shared(*pair))), None)
        if amounts is not None:
            told.add(second.id)
            apart = meeting(first, second, paid.step)
            yield Found(
                Code.TIER_OVERLAP,
                second.id,
                f"{worded(amounts)} both `{first.id}` and `{second.id}` pay",
                "give them one `exclusive` group"
                + (f"; or {apart}" if apart else ", or amounts that do not meet"),
            )


def _stand_ins(tier: Tier, every: Sequence[Tier]) -> list[Tier]:
    """Rules of the same exclusivity group that pay whatever its tiers leave."""
    group, club_ids = tier.rule.exclusive, tier.rule.club_ids
    return [
        each
        for each in every
        if group is not None
        and each.rule.exclusive == group
        and each.family.asks_no_more(tier.family)
        and each.keeps_out_in(club_ids)
    ]


def _gaps(tiers: Sequence[Tier], step: Decimal, stand_ins: Sequence[Tier]) -> Iterator[Found]:
    reached, below = tiers[0].high, tiers[0]
    for tier in tiers[1:]:
        if reached is None:
            return
        left: Sequence[Amounts] = []
        if tier.low is not None and tier.low > reached + step:
            left = [(reached + step, tier.low - step)]
        for other in stand_ins:
            left = list(without(left, other, step))
        if left and tier.low is not None:
            amounts = worded(left[0])
            yield Found(
                Code.TIER_GAP,
                tier.rule.id,
                f"no tier is {amounts}: `{below.rule.id}` ends at {plain(reached)}, "
                f"`{tier.rule.id}` begins at {plain(tier.low)}",
                meeting(below.rule, tier.rule, step) or "let one tier begin where the other ends",
            )
        if tier.high is None or tier.high > reached:
            reached, below = tier.high, tier


def _steps_down(rule_set: CheckedRuleSet, tiers: Sequence[Tier], step: Decimal) -> Iterator[Found]:
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
                f"from {plain(upper.low)} on it credits {plain(after.most)}, while "
                f"`{lower.rule.id}` credits {plain(before.least)} just below",
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
