"""A client's limit counters in words, and which of them no rule asks any more."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules_engine.calendar import date_of, date_text
from rules_engine.checked import CheckedRuleSet, Period
from rules_engine.client import ClientState
from rules_engine.ledger import limit_key

_MONDAY = 3
"""Day 0 is a Thursday."""


def counters(client: ClientState, rules: CheckedRuleSet | None) -> list[dict[str, Any]]:
    """Every counter with what it holds per period, the rules' first. `orphaned`: the rule set does
    not ask it (its rule, or that limit, is gone), so it decides nothing; None without a set."""
    asked = None if rules is None else set(_asked(rules))
    return [
        {
            "limit": kind,
            "ruleId": rule_id or None,
            "per": per,
            "periods": [
                {"begins": begins(per, ordinal), "held": held} for ordinal, held in periods
            ],
            "orphaned": None if asked is None else (kind, rule_id, per) not in asked,
        }
        for kind, rule_id, per, periods in _held(client)
    ]


def cooldowns(client: ClientState, rules: CheckedRuleSet | None) -> list[dict[str, Any]]:
    """When rules with a cooldown fired last, in microseconds."""
    cooling = None
    if rules is not None:
        cooling = {rule.id for rule in rules.rules if rule.limits.cooldown_us is not None}
    return [
        {
            "ruleId": rule_id,
            "firedAt": at,
            "orphaned": None if cooling is None else rule_id not in cooling,
        }
        for rule_id, at in sorted(client.counters.firings.items())
    ]


def fired_for(client: ClientState, rules: CheckedRuleSet | None) -> list[dict[str, Any]]:
    """For which dates of its fact (visit, birthday, lapse) a rule that is due by dates has fired:
    the latest, and those still to come. It fires for none of them again."""
    dated = None if rules is None else {rule.id for rule in rules.rules if rule.timer is not None}
    return [
        {
            "ruleId": rule_id,
            "dates": [date_text(day) for day in sorted(days)],
            "orphaned": None if dated is None else rule_id not in dated,
        }
        for rule_id, days in sorted(client.counters.fact_days.items())
    ]


def begins(per: str, ordinal: int) -> str | None:
    """The first local day of a period; None of LIFETIME."""
    if per == Period.DAY:
        return date_text(ordinal)
    if per == Period.WEEK:
        return date_text(ordinal * 7 - _MONDAY)
    if per == Period.MONTH:
        return date_of(0).replace(year=ordinal // 12, month=ordinal % 12 + 1, day=1).isoformat()
    return None


def _held(client: ClientState) -> Iterator[tuple[str, str, str, list[tuple[int, Any]]]]:
    """(limit, rule, period, its periods with what they hold)."""
    held = client.counters
    for key, counts in sorted(held.limit_counts.items()):
        rule_id, _, per = key.rpartition("\x1f")
        yield "perClient", rule_id, per, list(counts)
    for per, amounts in sorted(held.credited.items()):
        yield "perClientCredit", "", per, [(ordinal, f"{amount:f}") for ordinal, amount in amounts]
    for per, pushes in sorted(held.pushed.items()):
        yield "push", "", per, list(pushes)


def _asked(rules: CheckedRuleSet) -> Iterator[tuple[str, str, str]]:
    for rule in rules.rules:
        for each in rule.limits.per_client:
            rule_id, _, per = limit_key(rule.id, each.per).rpartition("\x1f")
            yield "perClient", rule_id, per
    limits: Mapping[str, Any] = {
        "perClientCredit": rules.limits.per_client_credit,
        "push": rules.limits.push,
    }
    for kind, limit in limits.items():
        if limit is not None and (kind != "push" or limit.times is not None):
            yield kind, "", limit.per.value
