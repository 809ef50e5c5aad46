"""What an event of a box may credit at most: which rules may fire in it, with how much, and what
limits leave of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.checked import Amount, CheckedRule, CheckedRuleSet
from rules_engine.lint.boxes import Box
from rules_engine.lint.matching import Judge
from rules_engine.lint.payout import least_of
from rules_engine.lint.shadows import has_limits_of_its_own, holds_whenever_it_matches
from rules_engine.lint.sums import largest_sum
from rules_engine.lint.values import Numbers

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Promise:
    """The most that an event of a box may credit. `giving`: the names that rules which may credit
    ask about; `open_names`: what to halve the box by; `is_decided`: it is known which match."""

    most: Decimal
    giving: tuple[str, ...]
    open_names: tuple[str, ...]
    is_decided: bool


class Promises:
    """Of some rules, in matching order."""

    def __init__(
        self, rule_set: CheckedRuleSet, judge: Judge, rules: Sequence[CheckedRule]
    ) -> None:
        self._rule_set = rule_set
        self._judge = judge
        self._rules = rules
        self._names = {rule.id: tuple(judge.space([rule]).axes) for rule in rules}

    def of(self, box: Box) -> Promise:
        """What an event of the box may get."""
        total, by_group, caps = _ZERO, dict[str, Decimal](), dict[str, Decimal]()
        closed, fixed = set[str](), list[tuple[Numbers, str | None]]()
        undecided: dict[str, None] = {}
        giving: dict[str, None] = {}
        for rule in self._rules:
            group = rule.exclusive
            if group in closed:
                continue
            truth = self._judge.matches(rule, box)
            if not truth.may_hold:
                continue
            credited = self._judge.credits(rule, box)
            if not isinstance(credited.value, Numbers):
                continue
            if not (truth.surely and credited.is_sound):
                undecided |= dict.fromkeys(self._names[rule.id])
            most = self._within_limits(rule, credited.value)
            if most:
                giving |= dict.fromkeys(self._names[rule.id])
            fixed.append((credited.value, group))
            if group is None:
                total += most
                continue
            most = min(most, caps.get(group, most))
            by_group[group] = max(by_group.get(group, _ZERO), most)
            if not (truth.surely and credited.is_sound):
                continue
            if not has_limits_of_its_own(rule):
                # Only limits of the set can refuse it. Then less is left of them than it credits,
                # also for the rules below.
                caps[group] = min(credited.value.most, caps.get(group, credited.value.most))
            is_holding = holds_whenever_it_matches(rule, self._rule_set)
            if is_holding or (group in caps and caps[group] <= by_group[group]):
                closed.add(group)
        total += sum(by_group.values(), _ZERO)
        for limit in (self._rule_set.limits.per_client_credit, self._rule_set.limits.budget):
            total = least_of(total, limit)
            total = total if limit is None else self._summed(total, limit, fixed)
        names = tuple(undecided)
        is_decided = box.widest(names) is None
        open_names = tuple(giving) if is_decided else names
        return Promise(total, tuple(giving), open_names, is_decided)

    def _summed(
        self, total: Decimal, limit: Amount, credits_: Sequence[tuple[Numbers, str | None]]
    ) -> Decimal:
        """Where each credit is of one amount only: what some of them come to under a limit."""
        groups = [group for _, group in credits_ if group is not None]
        is_fixed = all(value.is_one and value.most > _ZERO for value, _ in credits_)
        if total < limit.amount_major or not is_fixed or len(set(groups)) < len(groups):
            return total
        digits = self._rule_set.minor_digits
        items = [(int(value.most.scaleb(digits)), 1) for value, _ in credits_]
        best = largest_sum(items, int(limit.amount_major.scaleb(digits)))
        return total if best is None else min(total, Decimal(best[0]).scaleb(-digits))

    def _within_limits(self, rule: CheckedRule, credited: Numbers) -> Decimal:
        """A credit that does not fit whole does not happen."""
        limits = self._rule_set.limits
        most = credited.most
        for limit in (rule.limits.budget, limits.budget, limits.per_client_credit):
            if limit is not None and credited.least > limit.amount_major:
                return _ZERO
            most = least_of(most, limit)
        return most
