"""The commands that a right worker must produce: the plainest walk over rules and events.

Deliberately nothing but loops and decimals, and shared with no contender.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.workload.events import InputEvent
from benchmarks.workload.render import ITEMS, LambdaRule, lambdas
from benchmarks.workload.rules import PAYMENT, RULES, TIME_ZONE, TOPUP, VISIT_STARTED, Rule

Command = tuple[str, str, str]
"""(event id, rule id, amount with two decimals)"""

CENT = Decimal("0.01")
ZONE = ZoneInfo(TIME_ZONE)


class Reference:
    """Follows one stream of events; keeps the counters of every client. `rules` in matching
    order."""

    def __init__(self, rules: Iterable[Rule] = RULES) -> None:
        self._rules: dict[str, list[LambdaRule]] = {}
        for rule in lambdas(ITEMS, rules):
            self._rules.setdefault(rule.trigger, []).append(rule)
        self._counters: dict[str, dict[str, Any]] = {}

    def commands(self, events: Iterable[InputEvent]) -> set[Command]:
        return {command for event in events for command in self.commands_of(event.value)}

    def commands_of(self, value: bytes) -> list[Command]:
        event = _with_decimals(json.loads(value))
        counters = self._counters.setdefault(event["clientId"], _no_counters())
        commands = self._evaluate(event, counters)
        _count(event, counters)
        return commands

    def _evaluate(self, event: dict[str, Any], counters: dict[str, Any]) -> list[Command]:
        local = datetime.fromisoformat(event["occurredAt"]).astimezone(ZONE)
        held: set[str] = set()
        commands = []
        for rule in self._rules.get(event["type"], ()):
            if rule.club and rule.club != event["clubId"]:
                continue
            if rule.exclusive in held or not rule.when(event, counters, local):
                continue
            if rule.exclusive:
                held.add(rule.exclusive)
            amount = Decimal(rule.credit(event, counters, local)).quantize(CENT, ROUND_HALF_UP)
            if amount > 0:
                commands.append((event["eventId"], rule.id, str(amount)))
        return commands


def _with_decimals(event: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(value) if name.endswith("AmountMajor") else value
        for name, value in event.items()
    }


def _no_counters() -> dict[str, Any]:
    return {
        "topupCount": 0,
        "totalTopupMajor": Decimal(0),
        "visitCount": 0,
        "totalSpentMajor": Decimal(0),
    }


def _count(event: dict[str, Any], counters: dict[str, Any]) -> None:
    if event["type"] == TOPUP:
        counters["topupCount"] += 1
        counters["totalTopupMajor"] += event["topupAmountMajor"]
    elif event["type"] == VISIT_STARTED:
        counters["visitCount"] += 1
    elif event["type"] == PAYMENT:
        counters["totalSpentMajor"] += event["totalAmountMajor"]
