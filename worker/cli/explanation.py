"""An explanation as text or as JSON: every rule of the trigger, with what it saw."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules_engine.calendar import local_text
from rules_engine.explain import RuleExplanation, Seen
from rules_engine.explain.simulated import explain_simulated
from rules_engine.formula.runtime import Failure
from rules_engine.timers.due import FIRST_OF_RULES, Rank, split_client_key
from rules_engine.timers.judge import events_of
from schemas.instants import instant_text
from schemas.wire import AddBonus, Command, SendPush
from worker.cli.output import Format

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rules_engine.checked import CheckedRuleSet
    from rules_engine.compile import CompiledRuleSet
    from rules_engine.explain import Explanation
    from rules_engine.simulate import Simulated
    from rules_engine.timers.walk import Rung


def explanation(
    rule_set: "CheckedRuleSet",
    simulated: "Simulated",
    form: Format,
    about: str | None = None,
    *,
    with_line: bool = True,
) -> str:
    """Why each rule did or did not fire for the event of one line (which was readable), or for a
    timer. `about`: only what this rule did, and who fired. `with_line`: the event came from a
    file."""
    explained = explain_simulated(rule_set, simulated)
    if explained is not None and about is not None:
        shown = (rule for rule in explained.rules if rule.fired or rule.rule_id == about)
        explained = replace(explained, rules=tuple(shown))
    rung = simulated.rung
    if form is Format.JSON:
        told = _as_json(simulated) if rung is None else _timer_json(rule_set, simulated, rung)
        told["ruleSetVersion"] = rule_set.version if explained is not None else None
        told["rules"] = [_rule_json(rule) for rule in explained.rules] if explained else []
        return json.dumps(told, ensure_ascii=False)
    by = f", rules {rule_set.version}" if explained is not None and with_line else ""
    if rung is not None and explained is not None:
        return "\n".join(_timer_lines(rule_set, rung, explained, by))
    where = f", line {simulated.line + 1}" if with_line else ""
    return "\n".join(_lines(simulated, explained, where + by))


def event_ids(rule_set: "CompiledRuleSet", simulated: "Simulated") -> frozenset[str]:
    """What a line or a timer is known by: of a timer the events of its rules, or what lapsed and
    ended."""
    rung, event = simulated.rung, simulated.event
    if rung is None:
        return frozenset() if event is None else frozenset((event.event_id,))
    ids = {command.caused_by.event_id for command in rung.outcome.commands}
    ids |= {record.caused_by.event_id for record in rung.outcome.journal}
    if rung.due.rank >= FIRST_OF_RULES:
        events = events_of(rule_set.checked, rule_set.agenda, rung.before, rung.due)
        ids |= {event.event_id for _, event in events}
    return frozenset(ids)


def _as_json(simulated: "Simulated") -> dict[str, Any]:
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
    }


def _timer_json(rule_set: "CheckedRuleSet", simulated: "Simulated", rung: "Rung") -> dict[str, Any]:
    """As of an event; the rules of a timer have an `eventId` each."""
    return {
        "line": None,
        "eventId": None,
        "type": Rank(rung.due.rank).name,
        "clientId": split_client_key(rung.due.key)[1],
        "at": instant_text(rung.due.at),
        "localAt": local_text(rung.due.at, _zone(rule_set, rung)),
        "duplicate": False,
        "rejected": None,
        "commands": [json.loads(command) for command in simulated.commands],
    }


def _rule_json(rule: RuleExplanation) -> dict[str, Any]:
    own = {"eventId": rule.event_id} if rule.event_id else {}
    return own | {
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


def _lines(simulated: "Simulated", explained: "Explanation | None", where: str) -> Iterator[str]:
    event, outcome = simulated.event, simulated.outcome
    assert event is not None
    assert outcome is not None
    yield f"{event.event_id} {event.type} of {event.client_id}{where}"
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


def _timer_lines(
    rule_set: "CheckedRuleSet", rung: "Rung", explained: "Explanation", by: str
) -> Iterator[str]:
    """By the clock of the client's club, as the rules see it. Each rule has an event of its own."""
    due, outcome = rung.due, rung.outcome
    at = local_text(due.at, _zone(rule_set, rung))
    yield f"{Rank(due.rank).name} of {split_client_key(due.key)[1]} at {at}{by}"
    for rule in explained.rules:
        yield from _rule_lines(rule, outcome.commands)
    if due.rank >= FIRST_OF_RULES:
        return
    for command in outcome.commands:
        yield f"  {command.rule_id}: {_done(command)}"
    for record in outcome.journal:
        yield f"  {record.type} {record.taken_major} {record.currency}"


def _zone(rule_set: "CheckedRuleSet", rung: "Rung") -> "ZoneInfo":
    """That of the club where the client was last."""
    return rule_set.club_zones.get(rung.before.last_club, rule_set.time_zone)


def _rule_lines(rule: RuleExplanation, commands: tuple[Command, ...]) -> Iterator[str]:
    reason = f"{rule.reason} {rule.detail}".strip() if rule.reason else ""
    if rule.fired:
        done = ", ".join(_done(command) for command in commands if command.rule_id == rule.rule_id)
        yield f"  + {rule.rule_id}: {done}" + (f"; {reason}" if reason else "")
    else:
        yield f"  - {rule.rule_id}: {reason}"
    if rule.event_id:
        yield f"      eventId {rule.event_id}"
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
    told = f"{seen.text} = " if seen.text else ""  # a number alone is itself
    yield f"{' ' * indent}{told}{_shown(seen)}"
    for part in seen.parts:
        yield from _seen_lines(part, indent + 2)


def _shown(seen: Seen) -> str:
    value = seen.value
    if isinstance(value, Failure):
        return value.cause.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        told = f"{value:f}"  # zeros at the end say how it came about, and nothing to a reader
        return told.rstrip("0").rstrip(".") if "." in told else told
    return repr(value)
