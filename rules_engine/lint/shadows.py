"""Rules whose exclusivity group is always held by a rule above them."""

from collections.abc import Iterator, Sequence

from rules_engine.checked import AddBonusAction, CheckedRule, CheckedRuleSet
from rules_engine.lint.boxes import Box
from rules_engine.lint.codes import Code
from rules_engine.lint.found import Found
from rules_engine.lint.matching import Judge
from rules_engine.lint.search import never
from rules_engine.lint.values import FALSE, Flags

_EFFORT = 300
_MOST_ABOVE = 60
"""Rules above one that are held against it: the nearest."""


def check_shadows(rule_set: CheckedRuleSet, rules: Sequence[CheckedRule]) -> Iterator[Found]:
    """`rules`: those that may fire on their own, in matching order."""
    above: dict[tuple[str, str], list[CheckedRule]] = {}
    for rule in rules:
        if rule.exclusive is None:
            continue
        seen = above.setdefault((rule.trigger, rule.exclusive), [])
        if seen:
            yield from _shadow(rule_set, rule, seen[-_MOST_ABOVE:])
        if holds_whenever_it_matches(rule, rule_set):
            seen.append(rule)


def holds_whenever_it_matches(rule: CheckedRule, rule_set: CheckedRuleSet) -> bool:
    """A rule that a limit blocks has not matched, and the next of its group may."""
    limits = rule.limits
    if limits.per_client or limits.cooldown_us is not None:
        return False
    if not any(isinstance(action, AddBonusAction) for action in rule.actions):
        return True
    asked = (limits.budget, rule_set.limits.budget, rule_set.limits.per_client_credit)
    return all(limit is None for limit in asked)


def _shadow(
    rule_set: CheckedRuleSet, rule: CheckedRule, above: Sequence[CheckedRule]
) -> Iterator[Found]:
    judge = Judge(rule_set, rule.trigger)
    space = judge.space([rule, *above])
    by: dict[str, None] = {}

    def is_free(box: Box) -> Flags:
        truth = judge.matches(rule, box)
        if not truth.may_hold:
            return FALSE
        may_not = truth.may_not
        for other in above:
            held = judge.matches(other, box)
            if held.surely and judge.credits(other, box).is_sound:
                by[other.id] = None
                return FALSE
            may_not = may_not or held.may_hold
        return Flags(True, may_not)

    if never(space, is_free, _EFFORT):
        names = ", ".join(f"`{each}`" for each in by)
        yield Found(
            Code.SHADOWED,
            rule.id,
            f"whenever the rule matches, {names} above it in the group `{rule.exclusive}` "
            "matches first: it never fires",
            "raise its `priority`, narrow the rule above, or take it out of the group",
        )
