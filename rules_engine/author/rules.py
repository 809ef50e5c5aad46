"""One authored rule → `CheckedRule`."""

from rules_engine.author.actions import check_action
from rules_engine.author.scope import Scope
from rules_engine.author.settings import check_settings
from rules_engine.author.times import read_time_of_day
from rules_engine.checked import CheckedRule, DailyTimer
from rules_engine.document import Path
from rules_engine.formula.checked import Kind
from schemas import rule_set as authored

_ABSENCE = frozenset({"CLIENT_ABSENT", "AFTER_FIRST_VISIT"})
_TIMERS = frozenset({*_ABSENCE, "BIRTHDAY", "BONUS_EXPIRING"})
_USUAL_MINUTE = 10 * 60
"""Timers ring at 10:00 where a rule names no `at`."""


def check_rule(rule: authored.Rule, path: Path, scope: Scope) -> CheckedRule:
    """The rule, with everything that is wrong with it reported."""
    settings = check_settings(rule, path, scope)
    timer = _timer(rule, path, scope)
    when = scope.formula(rule.when, rule.trigger, Kind.FLAG, (*path, "when"))
    actions = tuple(
        check_action(action, index, rule.trigger, place, scope)
        for index, (place, action) in enumerate(scope.shape.items((*path, "actions"), rule.actions))
    )
    return CheckedRule(
        id=rule.id,
        name=rule.name or rule.id,
        priority=rule.priority,
        trigger=rule.trigger,
        actions=tuple(action for action in actions if action is not None),
        when=when,
        exclusive=rule.exclusive,
        timer=timer,
        **settings.fields(),
    )


def _timer(rule: authored.Rule, path: Path, scope: Scope) -> DailyTimer | None:
    """When the rule is due; None for what no date starts. `after`, `before` and `at` belong to
    triggers that a date starts."""
    homes = (("after", rule.after, _ABSENCE), ("before", rule.before, {"BONUS_EXPIRING"}))
    for key, given, triggers in homes:
        is_missing = given is None and not scope.shape.is_cut((*path, key))
        if rule.trigger in triggers and is_missing:
            scope.findings.add(
                "MISSING_KEY",
                (*path, "trigger"),
                f"`{key}` is missing: {rule.trigger} needs a number of days",
                f"add `{key}: {{days: 14}}`",
            )
    for key, present, triggers in (*homes, ("at", rule.at, _TIMERS)):
        if present is not None and rule.trigger not in triggers:
            scope.findings.add(
                "KEY_OF_ANOTHER_TRIGGER",
                (*path, key),
                f"`{key}` does not belong to {rule.trigger}",
                f"remove it: it is for {', '.join(sorted(triggers))}",
                on_key=True,
            )
    minute = None
    if rule.at is not None:
        minute = read_time_of_day(rule.at, (*path, "at"), scope.findings)
    if rule.trigger not in _TIMERS:
        return None
    days = rule.before if rule.trigger == "BONUS_EXPIRING" else rule.after
    return DailyTimer(_USUAL_MINUTE if minute is None else minute, 0 if days is None else days.days)
