"""Rules whose exclusivity group is always held by a rule above them."""

from collections.abc import Callable, Hashable, Iterator, Sequence

from rules_engine.checked import AddBonusAction, CheckedRule, CheckedRuleSet
from rules_engine.lint.boxes import Box
from rules_engine.lint.codes import Code
from rules_engine.lint.found import Found
from rules_engine.lint.matching import Judge
from rules_engine.lint.ordering import credits_no_more
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
            yield from _Shadow(rule_set, rule, met[-_MOST_ABOVE:]).found()
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


class _Shadow:
    """One rule, and those above it that may hold its group."""

    def __init__(
        self, rule_set: CheckedRuleSet, rule: CheckedRule, above: Sequence[CheckedRule]
    ) -> None:
        self._rule_set = rule_set
        self._rule = rule
        self._above = above
        self._judge = Judge(rule_set, rule.trigger)
        self._space = self._judge.space([rule, *above])
        self._by: dict[str, None] = {}

    def found(self) -> Iterator[Found]:
        """Nothing where an event may be left for the rule."""
        if not self._is_held(self._keeps_out):
            return
        is_never = all(not _may_be_refused(each, self._rule_set) for each in self._named())
        weakly = self._named()
        is_never = is_never or self._is_held(self._keeps_out_for_good)
        yield _told(self._rule, self._named() if is_never else weakly, is_never)

    def _named(self) -> list[CheckedRule]:
        return [each for each in self._above if each.id in self._by]

    def _is_held(self, keeps_out: "Callable[[CheckedRule, Box], bool]") -> bool:
        """Is the rule kept out of every event by one of those above?"""
        self._by = {}

        def is_free(box: Box) -> Flags:
            truth = self._judge.matches(self._rule, box)
            if not truth.may_hold:
                return FALSE
            may_not = truth.may_not
            for other in self._above:
                held = self._judge.matches(other, box)
                if (
                    held.surely
                    and self._judge.credits(other, box).is_sound
                    and keeps_out(other, box)
                ):
                    self._by[other.id] = None
                    return FALSE
                may_not = may_not or held.may_hold
            return Flags(True, may_not)

        return never(self._space, is_free, _EFFORT)

    def _keeps_out(self, other: CheckedRule, box: Box) -> bool:
        """While no limit of the set refuses it."""
        return True

    def _keeps_out_for_good(self, other: CheckedRule, box: Box) -> bool:
        """What a limit of the set leaves too little of for a credit, it leaves too little of for
        one that is as large."""
        return not _may_be_refused(other, self._rule_set) or (
            _credits(self._rule) and credits_no_more(self._judge, other, self._rule, box)
        )


def _told(rule: CheckedRule, by: Sequence[CheckedRule], is_never: bool) -> Found:
    names = ", ".join(f"`{each.id}`" for each in by)
    end = "never fires" if is_never else "fires only where the set's limits refuse that"
    return Found(
        Code.SHADOWED if is_never else Code.ONLY_AFTER_LIMIT,
        rule.id,
        f"whenever the rule matches, {names} above it in the group `{rule.exclusive}` "
        f"matches first: it {end}",
        "raise its `priority`, narrow the rule above, or take it out of the group",
    )
