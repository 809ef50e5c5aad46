"""What rule tests never tried: rules that never fired, conditions that never went the other way."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.explain import Explanation


@dataclass(frozen=True)
class Coverage:
    """Ids in matching order. Rules that are switched off are in none of the lists but `rules`.

    `fired` of `rules` rules and tiers did something in a case. `never_fired`: rules;
    `tiers_never_hit`: tiers of ladders; `never_true`, `never_false`: rules whose `when` was always,
    or never, what it was (a `when` that was not looked at at all is in both).
    """

    rules: int
    fired: int
    never_fired: tuple[str, ...]
    tiers_never_hit: tuple[str, ...]
    never_true: tuple[str, ...]
    never_false: tuple[str, ...]

    @property
    def is_full(self) -> bool:
        return not (self.never_fired or self.tiers_never_hit or self.never_true or self.never_false)


class Watch:
    """Collects what the rules of one set did."""

    def __init__(self, rule_set: CheckedRuleSet) -> None:
        self._rules = [rule for rule in rule_set.rules if rule.enabled]
        self._fired: set[str] = set()
        self._seen: set[tuple[str, bool]] = set()

    def saw(self, explained: Explanation) -> None:
        """One event of a case."""
        for rule in explained.rules:
            if rule.fired:
                self._fired.add(rule.rule_id)
            if rule.condition and isinstance(rule.condition[-1].value, bool):
                self._seen.add((rule.rule_id, rule.condition[-1].value))

    def coverage(self) -> Coverage:
        asked = [rule for rule in self._rules if rule.when is not None and rule.at_least is None]
        fired = [rule for rule in self._rules if rule.id in self._fired]
        idle = [rule for rule in self._rules if rule.id not in self._fired]
        return Coverage(
            rules=len(self._rules),
            fired=len(fired),
            never_fired=_ids(rule for rule in idle if rule.at_least is None),
            tiers_never_hit=_ids(rule for rule in idle if rule.at_least is not None),
            never_true=_ids(rule for rule in asked if (rule.id, True) not in self._seen),
            never_false=_ids(rule for rule in asked if (rule.id, False) not in self._seen),
        )


def _ids(rules: Iterable[CheckedRule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)
