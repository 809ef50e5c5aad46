"""An explanation as text or as JSON: every rule of the trigger, with what it saw."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules_engine.explain import RuleExplanation, Seen
from rules_engine.explain.simulated import explain_simulated
from rules_engine.formula.runtime import Failure
from schemas.wire import AddBonus, Command, SendPush
from worker.cli.output import Format

if TYPE_CHECKING:
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.explain import Explanation
    from rules_engine.simulate import Simulated


def explanation(
    rule_set: "CheckedRuleSet",
    simulated: "Simulated",
    form: Format,
    about: str | None = None,
    *,
    with_line: bool = True,
) -> str:
    """Why each rule did or did not fire for the event of one line (which was readable). `about`:
    only what this rule did, and who fired. `with_line`: the event came from a file."""
    explained = explain_simulated(rule_set, simulated)
    if explained is not None and about is not None:
        shown = (rule for rule in explained.rules if rule.fired or rule.rule_id == about)
        explained = replace(explained, rules=tuple(shown))
    if form is Format.JSON:
        return json.dumps(_as_json(simulated, explained), ensure_ascii=False)
    return "\n".join(_lines(simulated, explained, with_line))


def _as_json(simulated: "Simulated", explained: "Explanation | None") -> dict[str, Any]:
    event, outcome = simulated.event, simulated.outcome
    assert event is not None
    assert outcome is not None
    return {
        "line": simulated.line + 1,
        "eventId": event.event_id,
        "type": event.type,
        "clientId": event.client_id,
        "duplicate": outcome.duplicate,
        "rejected": outcome.rejected.code if outcome.rejected else None,
        "commands": [json.loads(command) for command in simulated.commands],
        "rules": [_rule_json(rule) for rule in explained.rules] if explained else [],
    }


def _rule_json(rule: RuleExplanation) -> dict[str, Any]:
    return {
        "ruleId": rule.rule_id,
        "name": rule.name,
        "fired": rule.fired,
        "reason": rule.reason.value if rule.reason else None,
        "detail": rule.detail,
        "change": rule.change,
        "condition": [_seen_json(seen) for seen in rule.condition],
        "credits": [_seen_json(seen) for seen in rule.credits],
    }


def _seen_json(seen: Seen) -> dict[str, Any]:
    failure = seen.failure
    result: dict[str, Any] = {"text": seen.text}
    if failure is not None:
        result["failure"] = failure.cause.value
    else:
        value = seen.value
        result["value"] = f"{value:f}" if isinstance(value, Decimal) else value
    return result | {"parts": [_seen_json(part) for part in seen.parts]}


def _lines(
    simulated: "Simulated", explained: "Explanation | None", with_line: bool
) -> Iterator[str]:
    event, outcome = simulated.event, simulated.outcome
    assert event is not None
    assert outcome is not None
    line = f", line {simulated.line + 1}" if with_line else ""
    yield f"{event.event_id} {event.type} of {event.client_id}{line}"
    if explained is None:
        yield f"  organization {event.organization_id} has no rules here"
    elif outcome.duplicate:
        yield "  a duplicate of an earlier event: no effect"
    elif outcome.rejected is not None:
        yield f"  {outcome.rejected.code}: {outcome.rejected.message}"
    elif not explained.rules:
        yield "  no rule has this trigger"
    for rule in explained.rules if explained else ():
        yield from _rule_lines(rule, outcome.commands)


def _rule_lines(rule: RuleExplanation, commands: tuple[Command, ...]) -> Iterator[str]:
    reason = f"{rule.reason} {rule.detail}".strip() if rule.reason else ""
    if rule.fired:
        done = ", ".join(_done(command) for command in commands if command.rule_id == rule.rule_id)
        yield f"  + {rule.rule_id}: {done}" + (f"; {reason}" if reason else "")
    else:
        yield f"  - {rule.rule_id}: {reason}"
    if rule.change:
        yield f"      {rule.change}"
    for seen in dict.fromkeys((*rule.condition, *rule.credits)):  # a tier's `when` is its threshold
        yield from _seen_lines(seen, 6)


def _done(command: Command) -> str:
    if isinstance(command, AddBonus):
        return f"{command.type} {command.amount_major} {command.currency}"
    if isinstance(command, SendPush):
        return f"{command.type} {command.title!r}"
    return f"{command.type} {getattr(command, 'group_id', '')}".strip()


def _seen_lines(seen: Seen, indent: int) -> Iterator[str]:
    yield f"{' ' * indent}{seen.text} = {_shown(seen)}"
    for part in seen.parts:
        yield from _seen_lines(part, indent + 2)


def _shown(seen: Seen) -> str:
    value = seen.value
    if isinstance(value, Failure):
        return value.cause.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return repr(value)
