"""From a checked rule set to a compiled one.

1. Every enabled rule becomes a plan (what it does) and conditions (when it does it).
2. Per trigger, clubs are told apart by their candidates and their calendar. A rule that a timer
   starts has functions of its own: which rules are due together only the instant says, and each
   has its own event.
3. Each such set of candidates becomes one generated function.
"""

from collections.abc import Iterable, Mapping
from types import CodeType
from typing import Any
from zoneinfo import ZoneInfo

from rules_engine.books.terms import BookTerms
from rules_engine.calendar import calendar_of
from rules_engine.checked import Amount, CheckedRule, CheckedRuleSet
from rules_engine.compile.bindings import helpers
from rules_engine.compile.conditions import Dialect, conditions_of
from rules_engine.compile.decisions import (
    BEGIN,
    BEGIN_TIMER,
    FIRE,
    FIRE_CREDIT,
    FIRE_TIMER,
    Candidate,
    Decision,
)
from rules_engine.compile.formulas import MINOR_UNIT, Code, Formulas
from rules_engine.compile.plans import plan_of, terms_of
from rules_engine.compile.rule_set import CompiledRuleSet, TimerRule, TriggerRules
from rules_engine.firing import fire, fire_credit
from rules_engine.run import begin, fail
from rules_engine.timers.agenda import Agenda
from rules_engine.timers.due import Rank
from rules_engine.timers.firing import begin_timer, fire_timer

_TIMERS = frozenset(rank.name for rank in Rank)
_MOST_COPIES = 20
_ROOM = 30_000
"""How many rules, all branches counted, are written for a trigger before functions branch less."""


def compile_rule_set(
    checked: CheckedRuleSet, ready: dict[str, CodeType] | None = None
) -> CompiledRuleSet:
    """Generate and compile the code of every trigger. A checked rule set always compiles.

    `ready`: code objects by generated text, of another process that compiled the same set: taken
    where the text is the same, and filled with what had to be compiled here.
    """
    return _Builder(checked, {} if ready is None else ready).build()


def _budgets(checked: CheckedRuleSet) -> Mapping[str, Amount]:
    named = {rule.id: rule.limits.budget for rule in checked.rules} | {"": checked.limits.budget}
    return {name: budget for name, budget in named.items() if budget is not None}


class _Builder:
    """One rule set on its way into functions."""

    def __init__(self, checked: CheckedRuleSet, ready: dict[str, CodeType]) -> None:
        terms = terms_of(checked)
        given = {"x_terms": terms, MINOR_UNIT: terms.minor_unit, "x_fail": fail}
        runs = {BEGIN: begin, FIRE: fire, FIRE_CREDIT: fire_credit}
        timers = {BEGIN_TIMER: begin_timer, FIRE_TIMER: fire_timer}
        self._checked = checked
        self._code = Code({**helpers(terms.rounding), **given, **runs, **timers}, ready)
        self._formulas = Formulas(self._code)
        self._decisions: dict[tuple[str, tuple[int, ...], ZoneInfo], Any] = {}
        self._dialects: dict[str, Dialect] = {}
        self._candidates: dict[int, Candidate] = {}

    def build(self) -> CompiledRuleSet:
        # 1.
        by_trigger: dict[str, list[int]] = {}
        by_timer: list[int] = []
        for number, rule in enumerate(self._checked.rules):
            if rule.enabled:
                self._candidates[number] = self._candidate(number, rule)
                if rule.trigger in _TIMERS:
                    by_timer.append(number)
                else:
                    by_trigger.setdefault(rule.trigger, []).append(number)
        triggers = {
            trigger: TriggerRules(*self._functions(trigger, numbers))
            for trigger, numbers in by_trigger.items()
        }
        timers = {
            number: TimerRule(*self._functions(self._checked.rules[number].trigger, [number]))
            for number in by_timer
        }
        checked, books, agenda = self._checked, BookTerms(self._checked), Agenda(self._checked)
        budgets, source = _budgets(checked), self._code.seal()
        return CompiledRuleSet(checked, budgets, triggers, books, source, timers, agenda)

    def _candidate(self, number: int, rule: CheckedRule) -> Candidate:
        dialect = self._dialects.get(rule.trigger)
        if dialect is None:
            dialect = self._dialects[rule.trigger] = Dialect(rule.trigger, self._code.literals)
        plan = plan_of(rule, self._checked, dialect, self._formulas)
        name = self._code.give(f"r{number}", plan)
        fires = FIRE if plan.only is None else FIRE_CREDIT
        if rule.trigger in _TIMERS:
            fires = FIRE_TIMER
        return Candidate(name, conditions_of(rule, dialect), rule.exclusive, fires)

    def _functions(self, trigger: str, numbers: Iterable[int]) -> tuple[Mapping[str, Any], Any]:
        """By club, and for all clubs that are not named."""
        # 2.
        everywhere, own = self._by_club(numbers)
        zones = self._checked.club_zones
        candidates = {
            club: tuple(sorted([*everywhere, *own.get(club, ())]))
            for club in dict.fromkeys((*own, *zones))
        }
        written = len(everywhere) + sum(map(len, candidates.values()))
        copies = max(1, min(_MOST_COPIES, _ROOM // max(written, 1)))
        # 3.
        by_club = {
            club: self._decide(trigger, chosen, zones.get(club, self._checked.time_zone), copies)
            for club, chosen in candidates.items()
        }
        elsewhere = self._decide(trigger, tuple(everywhere), self._checked.time_zone, copies)
        return by_club, elsewhere

    def _by_club(self, numbers: Iterable[int]) -> tuple[list[int], Mapping[str, list[int]]]:
        """Rules for every club, and those of single clubs."""
        everywhere: list[int] = []
        own: dict[str, list[int]] = {}
        for number in numbers:
            clubs = self._checked.rules[number].club_ids
            if not clubs:
                everywhere.append(number)
            for club in clubs:
                own.setdefault(club, []).append(number)
        return everywhere, own

    def _decide(self, trigger: str, numbers: tuple[int, ...], zone: ZoneInfo, copies: int) -> Any:
        """Clubs with the same candidates and the same calendar share one function."""
        key = (trigger, numbers, zone)
        if key not in self._decisions:
            name = f"d{len(self._decisions)}"
            calendar = self._code.give(f"k_{name}", calendar_of(zone))
            candidates = [self._candidates[number] for number in numbers]
            begins = BEGIN_TIMER if trigger in _TIMERS else BEGIN
            decision = Decision(self._dialects[trigger], candidates, copies, begins)
            text = decision.text(name, calendar)
            self._decisions[key] = self._code.define(name, text)
        return self._decisions[key]
