"""Rules whose exclusivity group is always held by a rule above them."""

from collections.abc import Hashable, Iterator, Sequence

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
    """`rules`: those that may fire on their own, in matching order. Those of timers meet where they
    are due at once: so many days from the same fact, at the same time."""
    above: dict[Hashable, list[CheckedRule]] = {}
    for rule in rules:
        if rule.exclusive is None:
            continue
        seen = above.setdefault((rule.trigger, rule.timer, rule.exclusive), [])
        met = [other for other in seen if _meet(rule, other)]
        if met:
            yield from _shadow(rule_set, rule, met[-_MOST_ABOVE:])
        if not has_limits_of_its_own(rule):
            seen.append(rule)


def _meet(rule: CheckedRule, other: CheckedRule) -> bool:
    """Is there a club for both?"""
    return not (rule.club_ids and other.club_ids) or bool(rule.club_ids & other.club_ids)


def holds_whenever_it_matches(rule: CheckedRule, rule_set: CheckedRuleSet) -> bool:
    """A rule that a limit blocks has not matched, and the next of its group may."""
    return not has_limits_of_its_own(rule) and not _may_be_refused(rule, rule_set)


def has_limits_of_its_own(rule: CheckedRule) -> bool:
    """What stands below it is for those whom they refuse."""
    limits = rule.limits
    is_budgeted = limits.budget is not None and _credits(rule)
    return bool(limits.per_client) or limits.cooldown_us is not None or is_budgeted


def _may_be_refused(rule: CheckedRule, rule_set: CheckedRuleSet) -> bool:
    """By the limits of the set, which are there for all rules alike."""
    limits = rule_set.limits
    return _credits(rule) and (limits.budget is not None or limits.per_client_credit is not None)


def _credits(rule: CheckedRule) -> bool:
    return any(isinstance(action, AddBonusAction) for action in rule.actions)


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
        yield _told(rule, [each for each in above if each.id in by], rule_set)


def _told(rule: CheckedRule, by: Sequence[CheckedRule], rule_set: CheckedRuleSet) -> Found:
    names = ", ".join(f"`{each.id}`" for each in by)
    may_be_refused = any(_may_be_refused(each, rule_set) for each in by)
    end = "never fires" if not may_be_refused else "fires only where the set's limits refuse that"
    return Found(
        Code.ONLY_AFTER_LIMIT if may_be_refused else Code.SHADOWED,
        rule.id,
        f"whenever the rule matches, {names} above it in the group `{rule.exclusive}` "
        f"matches first: it {end}",
        "raise its `priority`, narrow the rule above, or take it out of the group",
    )
