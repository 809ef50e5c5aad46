"""Limits: what blocks a rule, what a firing charges, what a revoked credit gives back."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.reference.calendar import period
from tests.reference.memory import Client, Counter

if TYPE_CHECKING:
    from tests.reference.model import Model

ONE = Decimal(1)


def blocked(
    model: "Model", client: Client, rule: dict[str, Any], at: datetime, today: date, total: Decimal
) -> str | None:
    """Which limit blocks the rule as a whole."""
    limits = rule.get("limits") or {}
    for limit in limits.get("perClient") or []:
        counter = client.firings.get((rule["id"], limit["per"]), Counter())
        if not counter.fits(period(today, limit["per"]), ONE, Decimal(limit["times"])):
            return "LIMIT_PER_CLIENT"
    latest = client.latest_firing.get(rule["id"])
    cooldown = limits.get("cooldown")
    if cooldown and latest and at < latest + timedelta(hours=int(cooldown["hours"])):
        return "COOLDOWN"
    if total == 0:
        return None
    credit = model.rule_set["limits"].get("perClientCredit")
    if credit and not client.credit.fits(
        period(today, credit["per"]), total, Decimal(credit["amountMajor"])
    ):
        return "CLIENT_CREDIT"
    for name, budget in budgets_of(model, rule):
        counter = model.budgets.get(name, Counter())
        if not counter.fits(period(today, budget["per"]), total, Decimal(budget["amountMajor"])):
            return "BUDGET"
    return None


def budgets_of(model: "Model", rule: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """The rule's and the set's, by the name of its counter."""
    named = [("rule " + rule["id"], (rule.get("limits") or {}).get("budget"))]
    named.append(("set", model.rule_set["limits"].get("budget")))
    return [(name, budget) for name, budget in named if budget]


def charge(
    model: "Model", client: Client, rule: dict[str, Any], at: datetime, today: date, total: Decimal
) -> None:
    """A firing: it is counted everywhere that it has a limit."""
    limits = rule.get("limits") or {}
    for limit in limits.get("perClient") or []:
        counter = client.firings.setdefault((rule["id"], limit["per"]), Counter())
        counter.charge(period(today, limit["per"]), ONE)
    latest = client.latest_firing.get(rule["id"], at)
    client.latest_firing[rule["id"]] = max(latest, at)
    if total == 0:
        return
    credit = model.rule_set["limits"].get("perClientCredit")
    if credit:
        client.credit.charge(period(today, credit["per"]), total)
    for name, budget in budgets_of(model, rule):
        counter = model.budgets.setdefault(name, Counter())
        counter.charge(period(today, budget["per"]), total)


def give_back_money(
    model: "Model", client: Client, rule: dict[str, Any], today: date, amount: Decimal
) -> None:
    """What was revoked, to the periods of the day when it was charged."""
    credit = model.rule_set["limits"].get("perClientCredit")
    if credit:
        client.credit.give_back(period(today, credit["per"]), amount)
    for name, budget in budgets_of(model, rule):
        model.budgets.setdefault(name, Counter()).give_back(period(today, budget["per"]), amount)


def give_back_firing(client: Client, rule: dict[str, Any], today: date) -> None:
    for limit in (rule.get("limits") or {}).get("perClient") or []:
        counter = client.firings.setdefault((rule["id"], limit["per"]), Counter())
        counter.give_back(period(today, limit["per"]), ONE)
