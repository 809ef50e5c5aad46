"""What a group has to do with whether a rule matches."""

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.lint.boxes import Box
from rules_engine.lint.domains import GROUP
from rules_engine.lint.matching import Judge
from rules_engine.lint.search import never
from rules_engine.lint.values import Flags

_EFFORT = 200


def keeps_out(rule_set: CheckedRuleSet, rule: CheckedRule, group: str, *, is_in: bool) -> bool:
    """Is it proven that the rule never matches for a client in the group; or outside?"""
    if not _mentions(rule, group):
        return False
    judge = Judge(rule_set, rule.trigger)
    space = judge.space([rule])
    if f"{GROUP}{group}" not in space.axes:
        return False

    def matches(box: Box) -> Flags:
        member = box.group(group)
        return judge.matches(rule, box).also(member if is_in else member.negated())

    return never(space, matches, _EFFORT)


def _mentions(rule: CheckedRule, group: str) -> bool:
    """Certainly not where this says no."""
    if group in rule.audience.any_of_groups or group in rule.audience.none_of_groups:
        return True
    return rule.when is not None and "groups" in rule.when.names
