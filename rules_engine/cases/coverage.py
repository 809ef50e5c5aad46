"""What rule tests never tried: rules that never fired, conditions that never went the other way."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.explain import Explanation
from rules_engine.formula.nodes import span_of


class Clause(NamedTuple):
    """A part of a `when` that is nothing but parts joined by `and`, or by `or`."""

    rule_id: str
    text: str


@dataclass(frozen=True)
class Coverage:
    """Ids in matching order. Rules that are switched off are in none of the lists but `rules`.

    `fired` of `rules` rules and tiers did something in a case. `never_fired`: rules;
    `tiers_never_hit`: tiers of ladders; `never_true`, `never_false`: rules whose `when` was always,
    or never, what it was (a `when` that was not looked at at all is in both).
    `clauses_never_true`, `clauses_never_false`: likewise of the parts of a `when`, where it is not
    in the list itself already.
    """

    rules: int
    fired: int
    never_fired: tuple[str, ...]
    tiers_never_hit: tuple[str, ...]
    never_true: tuple[str, ...]
    never_false: tuple[str, ...]
    clauses_never_true: tuple[Clause, ...] = ()
    clauses_never_false: tuple[Clause, ...] = ()

    @property
    def is_full(self) -> bool:
        rules = (self.never_fired, self.tiers_never_hit, self.never_true, self.never_false)
        return not any((*rules, self.clauses_never_true, self.clauses_never_false))


class Watch:
    """Collects what the rules of one set did."""

    def __init__(self, rule_set: CheckedRuleSet) -> None:
        self._rules = [rule for rule in rule_set.rules if rule.enabled]
        self._fired: set[str] = set()
        self._clauses = {rule.id: tuple(_clauses(rule)) for rule in self._rules}
        self._seen: set[tuple[str | Clause, bool]] = set()

    def saw(self, explained: Explanation) -> None:
        """One event of a case."""
        for rule in explained.rules:
            if rule.fired:
                self._fired.add(rule.rule_id)
            if not rule.condition:
                continue
            condition = rule.condition[-1]
            if isinstance(condition.value, bool):
                self._seen.add((rule.rule_id, condition.value))
            # Clauses are asked from left to right, up to the first that decides.
            for clause, part in zip(
                self._clauses.get(rule.rule_id, ()), condition.parts, strict=False
            ):
                if isinstance(part.value, bool):
                    self._seen.add((clause, part.value))

    def coverage(self) -> Coverage:
        asked = [rule for rule in self._rules if rule.when is not None and rule.at_least is None]
        fired = [rule for rule in self._rules if rule.id in self._fired]
        idle = [rule for rule in self._rules if rule.id not in self._fired]
        never_true, never_false = (
            _ids(rule for rule in asked if (rule.id, value) not in self._seen)
            for value in (True, False)
        )
        return Coverage(
            rules=len(self._rules),
            fired=len(fired),
            never_fired=_ids(rule for rule in idle if rule.at_least is None),
            tiers_never_hit=_ids(rule for rule in idle if rule.at_least is not None),
            never_true=never_true,
            never_false=never_false,
            clauses_never_true=self._never(True, never_true),
            clauses_never_false=self._never(False, never_false),
        )

    def _never(self, value: bool, told: tuple[str, ...]) -> tuple[Clause, ...]:
        """Clauses of rules that are not `told` of."""
        return tuple(
            clause
            for rule_id, clauses in self._clauses.items()
            for clause in clauses
            if rule_id not in told and (clause, value) not in self._seen
        )


def _ids(rules: Iterable[CheckedRule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)


def _clauses(rule: CheckedRule) -> Iterator[Clause]:
    when = rule.when
    if when is not None and rule.at_least is None and isinstance(when.tree, ast.BoolOp):
        for node in when.tree.values:
            yield Clause(rule.id, when.text[slice(*span_of(node, when.text))])
