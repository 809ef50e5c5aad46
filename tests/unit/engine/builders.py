"""Short ways to write rule sets, events and instants in tests."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rules_engine.checked import (
    Action,
    AddBonusAction,
    AssignGroupAction,
    CheckedRule,
    CheckedRuleSet,
    SendPushAction,
    Template,
    UnassignGroupAction,
)
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.counters import Counters, pack_counters
from rules_engine.evaluate import apply_event
from rules_engine.explain import explain_event
from rules_engine.formula.checked import Kind
from rules_engine.formula.grammar import check_formula
from rules_engine.outcome import Origin, Outcome
from schemas.decoded import BalanceToppedUp, Event, PaymentMade, VisitEnded, VisitStarted
from schemas.instants import parse_instant
from schemas.wire import AddBonus, SendPush

TOPUP = "BALANCE_TOPPED_UP"
ORIGIN = Origin("loyalty.topups", 3, 42)
NOON = "2026-03-02T12:00:00+03:00"
"""A Monday in Moscow, the zone of these rule sets unless told."""


def at(text: str) -> int:
    """Microseconds of an RFC 3339 instant, or of a local time in a zone: `Europe/Berlin …`."""
    zone, _, local = text.partition(" ")
    if not local:
        return parse_instant(text)
    instant = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    return parse_instant(instant.isoformat())


def credit(
    formula: str = "10", index: int = 0, trigger: str = TOPUP, **settings: Any
) -> AddBonusAction:
    for bound in ("min_major", "max_major"):
        if settings.get(bound) is not None:
            settings[bound] = Decimal(settings[bound])
    return AddBonusAction(index, check_formula(formula, trigger, Kind.NUMBER), **settings)


def counting(**counters: Any) -> ClientState:
    """A client for whom limits have counted something (`Counters`)."""
    return ClientState(counted=pack_counters(Counters(**counters)))


def push(title: str = "Hello", body: str = "Bonus", index: int = 0, **settings: Any) -> Action:
    return SendPushAction(index, template(title, 40), template(body, 120), **settings)


def template(text: str, limit: int) -> Template:
    """Pieces of `text {name} text`."""
    pieces: list[tuple[str, str | None]] = []
    for part in text.split("}"):
        literal, _, name = part.partition("{")
        pieces.append((literal, name or None))
    return Template(tuple(pieces), limit)


def assign(group_id: str = "vip", index: int = 0) -> AssignGroupAction:
    return AssignGroupAction(index, group_id)


def unassign(group_id: str = "vip", index: int = 0) -> UnassignGroupAction:
    return UnassignGroupAction(index, group_id)


def rule(
    rule_id: str = "r", *actions: Action, when: str | None = None, **settings: Any
) -> CheckedRule:
    """A rule of top-ups that credits 10, unless told otherwise."""
    trigger = settings.setdefault("trigger", TOPUP)
    given: dict[str, Any] = {"enabled": True, "priority": 0, "club_ids": frozenset(), "tags": ()}
    given |= settings
    checked = None if when is None else check_formula(when, trigger, Kind.FLAG)
    return CheckedRule(
        id=rule_id,
        name=f"Rule {rule_id}",
        actions=actions or (credit(trigger=trigger),),
        when=checked,
        **given,
    )


def rule_set(*rules: CheckedRule, zone: str = "Europe/Moscow", **settings: Any) -> CheckedRuleSet:
    given: dict[str, Any] = {"currency": "RUB", "minor_digits": 2, "rounding": "HALF_UP"}
    given |= settings
    return CheckedRuleSet(
        organization_id="izi",
        version="7",
        content_hash="0" * 64,
        time_zone=ZoneInfo(zone),
        rules=tuple(sorted(rules, key=lambda each: (-each.priority, each.id))),
        **given,
    )


def topup(
    amount: str = "100", when: str = NOON, event_id: str = "e-1", **settings: Any
) -> BalanceToppedUp:
    given: dict[str, Any] = {"club_id": "club-1", "top_up_source": "POS_TERMINAL"}
    given |= settings
    return BalanceToppedUp(
        event_id=event_id,
        organization_id="izi",
        client_id="c-1",
        occurred_at=at(when),
        topup_amount_major=Decimal(amount),
        **given,
    )


def _envelope(event_id: str, settings: dict[str, Any]) -> dict[str, Any]:
    given = {"event_id": event_id, "organization_id": "izi", "club_id": "club-1"}
    return given | {"client_id": "c-1", "occurred_at": at(NOON)} | settings


def visit_started(event_id: str = "e-1", **settings: Any) -> VisitStarted:
    given: dict[str, Any] = {"visit_id": "v-1", "tariff_id": "night"}
    return VisitStarted(**given | _envelope(event_id, settings))


def visit_ended(minutes: int = 60, event_id: str = "e-1", **settings: Any) -> VisitEnded:
    given: dict[str, Any] = {"visit_id": "v-1", "tariff_id": "night", "duration_minutes": minutes}
    return VisitEnded(**given | _envelope(event_id, settings))


def payment(
    total: str = "100", bonus: str = "0", event_id: str = "e-1", **settings: Any
) -> PaymentMade:
    given: dict[str, Any] = {
        "payment_id": f"p-{event_id}",
        "total_amount_major": Decimal(total),
        "bonus_amount_major": Decimal(bonus),
        "product_type": "BAR",
        "product_id": "cola",
    }
    return PaymentMade(**given | _envelope(event_id, settings))


def run(rules: CheckedRuleSet, *events: Event, client: ClientState | None = None) -> list[Outcome]:
    """The outcomes of events one after another, by generated code; the interpreter must agree."""
    compiled, state, outcomes = compile_rule_set(rules), client or ClientState(), []
    for event in events:
        outcome = apply_event(compiled, state, event, ORIGIN)
        assert explain_event(rules, state, event, ORIGIN).outcome == outcome
        outcomes.append(outcome)
        state = outcome.client
    return outcomes


def fire(
    rules: CheckedRuleSet, event: Event | None = None, client: ClientState | None = None
) -> Outcome:
    """The outcome of one event."""
    return run(rules, topup() if event is None else event, client=client)[0]


def credits_of(outcomes: Outcome | Iterable[Outcome]) -> list[str]:
    """Amounts of all credits, in order."""
    listed = [outcomes] if isinstance(outcomes, Outcome) else outcomes
    return [
        command.amount_major
        for outcome in listed
        for command in outcome.commands
        if isinstance(command, AddBonus)
    ]


def pushes_of(outcome: Outcome) -> list[SendPush]:
    return [command for command in outcome.commands if isinstance(command, SendPush)]


def reasons(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(each.rule_id, each.reason.value, each.detail) for each in outcome.rejections]
