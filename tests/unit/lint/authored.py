"""Rule sets as an author writes them, in a few words."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rules_engine.lint import Assumed, LintReport, lint
from schemas.instants import parse_instant

NOW = parse_instant("2026-11-23T12:00:00+03:00")
"""A Monday."""
HEAD = {
    "organizationId": "izi",
    "version": "1",
    "timeZone": "Europe/Moscow",
    "currency": "RUB",
    "productDefaults": {"maxBonusPercent": 30},
}
TOPUP, VISIT, PAID = "BALANCE_TOPPED_UP", "VISIT_STARTED", "PAYMENT_MADE"
VIP, NOT_VIP = {"anyOfGroups": ["vip"]}, {"noneOfGroups": ["vip"]}
Rule = dict[str, Any]


def rule(trigger: str, formula: str | None, *more: Rule, **settings: Any) -> Rule:
    """`times`: so often per client and day; `more`: actions beside the credit."""
    times = settings.pop("times", None)
    if times is not None:
        settings["limits"] = settings.get("limits", {}) | {
            "perClient": [{"times": times, "per": "DAY"}]
        }
    credit = {"type": "ADD_BONUS", "formula": formula, "expiresInDays": 45}
    actions = [*([] if formula is None else [credit]), *more]
    return {"trigger": trigger, "actions": actions, **settings}


def assign(group: str, **settings: Any) -> Rule:
    return {"type": "ASSIGN_GROUP", "groupId": group, **settings}


def unassign(group: str) -> Rule:
    return {"type": "UNASSIGN_GROUP", "groupId": group}


def push(body: str = "Come in") -> Rule:
    return {"type": "SEND_PUSH", "title": "Hello", "body": body}


def linted(
    rules: Sequence[Rule], limits: Rule | None = None, head: Mapping[str, Any] | None = None
) -> LintReport:
    """Rules are `r0`, `r1`, … unless they have an id. Amounts up to 1000."""
    named = [{"id": f"r{number}", **each} for number, each in enumerate(rules)]
    text = json.dumps({**HEAD, **(head or {}), "limits": limits or {}, "rules": named})
    return lint(text, "rules.json", Assumed(NOW, Decimal(1000)))


def found(report: LintReport, *codes: str) -> list[tuple[str, str]]:
    """(code, rule) of findings of these codes; of all where none is named."""
    told = [(each.diagnostic.code, each.rule_id) for each in report.findings]
    return sorted((str(code), rule_id) for code, rule_id in told if not codes or code in codes)
