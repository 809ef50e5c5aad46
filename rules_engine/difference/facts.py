"""What a rule is: one fact per thing that can change.

A fact has a value by which two are compared and a text that shows it; a thing that a rule does not
have has no fact. Order and spelling that mean nothing are in no value: 5 and 5.00, the layout of a
formula, the order of clubs, tags, groups and windows.
"""

import ast
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from rules_engine.calendar import local_text
from rules_engine.checked import (
    Action,
    AddBonusAction,
    Amount,
    AssignGroupAction,
    Audience,
    CheckedRule,
    Period,
    RuleLimits,
    SendPushAction,
    Template,
    UnassignGroupAction,
    Window,
)
from rules_engine.formula.checked import CheckedFormula
from rules_engine.wording import counted
from schemas.instants import HOUR_US

_PER = {
    Period.DAY: "a day",
    Period.WEEK: "a week",
    Period.MONTH: "a month",
    Period.LIFETIME: "in all",
}
_TIMES = {1: "once", 2: "twice"}
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True)
class Fact:
    """`what` it is about, unique within a rule."""

    what: str
    value: Hashable
    text: str


def settings_of(rule: CheckedRule, zone: ZoneInfo) -> Iterator[Fact]:
    """What rules and ladders have in common. `zone`: in which instants are shown."""
    if not rule.enabled:
        yield Fact("switched", False, "off")
    yield from _names("clubs", rule.club_ids)
    yield from _names("tags", rule.tags)
    if rule.windows:
        shown = sorted(_window(window) for window in rule.windows)
        yield Fact("window", frozenset(rule.windows), ", ".join(shown))
    if rule.valid_from is not None:
        yield Fact("valid from", rule.valid_from, local_text(rule.valid_from, zone))
    if rule.valid_until is not None:
        yield Fact("valid until", rule.valid_until, local_text(rule.valid_until, zone))
    yield from _audience(rule.audience)
    yield from _limits(rule.limits)


def rule_facts(rule: CheckedRule, zone: ZoneInfo) -> Iterator[Fact]:
    """A rule that is no tier, without its name, priority and exclusivity group."""
    yield Fact("trigger", rule.trigger, rule.trigger)
    if rule.timer is not None:
        hours, minutes = divmod(rule.timer.minute, 60)
        days = f"{counted(rule.timer.days, 'day')}, " if rule.timer.days else ""
        yield Fact("due", rule.timer, f"{days}{hours:02}:{minutes:02}")
    if rule.when is not None:
        yield Fact("when", meaning(rule.when), rule.when.text)
    yield from settings_of(rule, zone)
    if len(rule.actions) > 1:
        kinds = tuple(_kind(action) for action in rule.actions)
        yield Fact("actions", kinds, ", ".join(kinds))
    counts: Counter[str] = Counter()
    for action in rule.actions:
        kind = _kind(action)
        counts[kind] += 1
        name = kind if counts[kind] == 1 else f"{kind} {counts[kind]}"
        for fact in _action(action):
            yield Fact(f"{name} {fact.what}".rstrip(), fact.value, fact.text)


def credit_settings(credit: AddBonusAction) -> Iterator[Fact]:
    """What a credit has beside its amount."""
    if credit.expires_in_days is not None:
        yield Fact(
            "expires", credit.expires_in_days, f"after {counted(credit.expires_in_days, 'day')}"
        )
    yield from _names("only for", credit.product_types + credit.product_ids)
    yield from _names("tags", credit.tags)


def meaning(formula: CheckedFormula) -> str:
    """What a formula says, whatever its layout and the way in which its numbers are written."""
    return _meaning(formula.tree)


def number(value: Decimal) -> str:
    """Without zeros that say nothing: 12, not 12.00."""
    whole = value.to_integral_value()
    return f"{whole:f}" if whole == value else f"{value:f}".rstrip("0")


def amount(held: Amount) -> str:
    """300000 a month"""
    return f"{number(held.amount_major)} {_PER[held.per]}"


def times(count: int, per: Period) -> str:
    """`once a day`, `3 times a week`"""
    return f"{_TIMES.get(count, f'{count} times')} {_PER[per]}"


def time_of_day(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _names(what: str, names: Iterable[str]) -> Iterator[Fact]:
    if held := frozenset(names):
        yield Fact(what, held, ", ".join(sorted(held)))


def _audience(audience: Audience) -> Iterator[Fact]:
    yield from _names("for groups", audience.any_of_groups)
    yield from _names("not for groups", audience.none_of_groups)
    if audience.first_topup_only:
        yield Fact("first top-up only", True, "yes")
    if (days := audience.new_member_within_days) is not None:
        yield Fact("new member", days, f"within {counted(days, 'day')}")
    if (days := audience.dormant_for_days) is not None:
        yield Fact("dormant", days, f"for {counted(days, 'day')}")


def _limits(limits: RuleLimits) -> Iterator[Fact]:
    if limits.per_client:
        shown = sorted(times(each.times, each.per) for each in limits.per_client)
        yield Fact("per client", frozenset(limits.per_client), ", ".join(shown))
    if limits.cooldown_us is not None:
        yield Fact("cooldown", limits.cooldown_us, f"{limits.cooldown_us // HOUR_US} hours")
    if limits.budget is not None:
        yield Fact("budget", limits.budget, amount(limits.budget))


def _action(action: Action) -> Iterator[Fact]:
    """Facts of one action; `what` is put behind the action's name."""
    if isinstance(action, AddBonusAction):
        yield Fact("", meaning(action.formula), action.formula.text)
        if action.min_major is not None:
            yield Fact("at least", action.min_major, number(action.min_major))
        if action.max_major is not None:
            yield Fact("at most", action.max_major, number(action.max_major))
        yield from credit_settings(action)
        return
    if isinstance(action, SendPushAction):
        yield Fact("title", action.title.pieces, f'"{_template(action.title)}"')
        yield Fact("body", action.body.pieces, f'"{_template(action.body)}"')
        if action.ttl_hours is not None:
            yield Fact("lives", action.ttl_hours, f"{action.ttl_hours} hours")
    else:
        yield Fact("", action.group_id, action.group_id)
        if isinstance(action, AssignGroupAction) and action.expires_in_days is not None:
            yield Fact(
                "ends", action.expires_in_days, f"after {counted(action.expires_in_days, 'day')}"
            )
    yield from _names("tags", action.tags)


def _kind(action: Action) -> str:
    if isinstance(action, AddBonusAction):
        return "credit"
    if isinstance(action, SendPushAction):
        return "push"
    return "out of" if isinstance(action, UnassignGroupAction) else "into"


def _template(template: Template) -> str:
    return "".join(
        literal + ("" if name is None else f"{{{name}}}") for literal, name in template.pieces
    )


def _window(window: Window) -> str:
    days = " ".join(_DAYS[day - 1] for day in sorted(window.days))
    hours = f"{time_of_day(window.since)}–{time_of_day(window.until)}"
    return f"{days} {hours}" if len(window.days) < 7 else hours


def _meaning(node: object) -> str:
    """A formula's tree as text, its numbers in their shortest form."""
    if isinstance(node, ast.AST):
        fields = (_meaning(value) for _, value in ast.iter_fields(node))
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_meaning, node))}]"
    if isinstance(node, Decimal):
        return number(node)
    return repr(node)
