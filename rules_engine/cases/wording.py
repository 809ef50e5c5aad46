"""Failures of rule tests in words: expected against happened, at the place of the expectation."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rules_engine.cases.checked import CheckedCases, Field, How, Pattern, ReasonPattern
from rules_engine.cases.match import Happened, Unmet
from rules_engine.diagnostics import Diagnostic
from rules_engine.document import Path
from rules_engine.explain import RuleExplanation
from rules_engine.simulate import Simulated
from schemas.decoded import Rejected
from schemas.instants import instant_text


def missing(file: CheckedCases, noun: str, unmet: Unmet) -> Diagnostic:
    """Nothing met the pattern; the nearest is told with what is another in it."""
    pattern, nearest = unmet.pattern, unmet.nearest
    message = f"no {noun} with {_wanted(pattern)}"
    if nearest is None:
        remedy = "happened: nothing like it"
    else:
        differing = ", ".join(_difference(field, nearest) for field in unmet.differing)
        remedy = f"happened: {told(nearest)}" + (f"; {differing}" if differing else ", once")
    return file.document.finding("MISSING", pattern.path, message, remedy)


def unexpected(file: CheckedCases, path: Path, noun: str, happened: Happened) -> Diagnostic:
    message = f"a {noun} that nobody expected: {told(happened)}"
    return file.document.finding("UNEXPECTED", path, message, on_key=True)


def refused(file: CheckedCases, path: Path, event_id: str, rejected: Rejected) -> Diagnostic:
    message = f"the event `{event_id}` is refused: {rejected.code}"
    return file.document.finding("REFUSED", path, message, rejected.message, on_key=True)


def not_asked(file: CheckedCases, pattern: ReasonPattern, event: Simulated | None) -> Diagnostic:
    """`event`: the one that was named, if it is there."""
    rule = next(each for each in file.rule_set.rules if each.id == pattern.rule_id)
    at = "" if pattern.event_id is None else f" at `{pattern.event_id}`"
    if event is None or event.event is None:
        happened = f"its trigger is {rule.trigger}, and nothing of the kind happened"
    elif event.event.type != rule.trigger:
        happened = f"its trigger is {rule.trigger}; `{pattern.event_id}` is {event.event.type}"
    else:
        happened = f"happened: `{pattern.event_id}` had no effect at all"
    message = f"`{pattern.rule_id}` was not asked{at}"
    return file.document.finding("NOT_ASKED", pattern.path, message, happened)


def no_reason(file: CheckedCases, pattern: ReasonPattern) -> Diagnostic:
    message = f"`{pattern.rule_id}` was to be held back by {_reason(pattern)}"
    return file.document.finding("FIRED", pattern.path, message, "happened: it fired")


def wrong_reason(file: CheckedCases, pattern: ReasonPattern, rule: RuleExplanation) -> Diagnostic:
    message = f"`{pattern.rule_id}` was to be held back by {_reason(pattern)}"
    happened = f"happened: {rule.reason} {rule.detail}".rstrip()
    if rule.change:
        happened += f"; it {rule.change}"
    return file.document.finding("WRONG_REASON", pattern.path, message, happened)


def told(happened: Happened) -> str:
    """`ADD_BONUS 48.00 by everyday.anchor at e-1`"""
    fields = happened.fields
    words = [str(fields["type"])]
    words += [str(fields[key]) for key in ("amountMajor", "groupId") if key in fields]
    if "title" in fields:
        words.append(f'"{fields["title"]}"')
    if fields.get("ruleId"):
        words.append(f"by {fields['ruleId']}")
    return f"{' '.join(words)} at {happened.event_id}"


def _wanted(pattern: Pattern) -> str:
    """`ruleId everyday.anchor, amountMajor 50`"""
    named = (f"{field.name} {_plain(field)}" for field in pattern.fields)
    return ", ".join(named) or "anything"


def _difference(field: Field, happened: Happened) -> str:
    return f"{field.name} is {_seen(happened.fields.get(field.name))}, not {_plain(field)}"


def _plain(field: Field) -> str:
    wanted = field.wanted
    if field.how is How.INSTANT and isinstance(wanted, int):
        return instant_text(wanted)
    if isinstance(wanted, Decimal):
        return f"{wanted:f}"
    return _seen(wanted)


def _seen(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_seen(held)}" for key, held in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(str, value))}]"
    return str(value)


def _reason(pattern: ReasonPattern) -> str:
    return f"{pattern.reason.value} {pattern.detail or ''}".rstrip()
