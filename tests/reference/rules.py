"""Rule sets as authored: every scalar is its source text (PyYAML's base loader)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import yaml

MINOR_DIGITS = {"RUB": 2, "EUR": 2, "USD": 2, "JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3}
NICE = [Decimal(text) for text in ("1", "1.2", "1.5", "1.8", "2", "2.5", *"345689")]
OF_TIERS = ("expiresInDays", "restriction")


def read_rule_set(text: str) -> dict[str, Any]:
    """The document with ladders expanded, and `rules` in the order of matching."""
    document: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    rules = list(document.get("rules") or [])
    for ladder in document.get("ladders") or []:
        rules += expand(ladder)
    document["rules"] = sorted(rules, key=lambda rule: (-int(rule.get("priority", 0)), rule["id"]))
    document["digits"] = MINOR_DIGITS[document["currency"]]
    document.setdefault("rounding", "HALF_UP")
    document.setdefault("limits", {})
    document["zones"] = {club["clubId"]: club["timeZone"] for club in document.get("clubs") or []}
    return document


def expand(ladder: dict[str, Any]) -> list[dict[str, Any]]:
    """One rule per tier; a higher threshold has a higher priority."""
    settings = {
        key: value
        for key, value in ladder.items()
        if key not in ("id", "tiers", "averageTopupMajor", "priority", *OF_TIERS)
    }
    tiers = []
    for tier in ladder["tiers"]:
        if "timesAverage" in tier:
            exact = Decimal(ladder["averageTopupMajor"]) * Decimal(tier["timesAverage"])
            tiers.append((nice(exact), tier))
        else:
            tiers.append((Decimal(tier["atLeast"]), tier))
    tiers.sort(key=lambda pair: pair[0])
    rules = []
    for k, (threshold, tier) in enumerate(tiers, start=1):
        action = {"type": "ADD_BONUS", "formula": f"percent(topupAmountMajor, {tier['percent']})"}
        for name in OF_TIERS:
            if name in tier or name in ladder:
                action[name] = tier.get(name, ladder.get(name))
        rules.append(
            {
                "exclusive": ladder["id"],
                **settings,
                "id": f"{ladder['id']}.{tier['id']}",
                "priority": int(ladder.get("priority", 0)) + k,
                "trigger": "BALANCE_TOPPED_UP",
                "when": f"topupAmountMajor >= {threshold:f}",
                "actions": [action],
            }
        )
    return rules


def nice(exact: Decimal) -> Decimal:
    """The nearest amount that people deposit, ties up."""
    candidates = [figure.scaleb(n) for n in range(-6, 22) for figure in NICE]
    return min(candidates, key=lambda amount: (abs(amount - exact), -amount))


def clock_time(text: str) -> timedelta:
    """`HH:MM` up to `24:00`, since midnight by the local clock."""
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
