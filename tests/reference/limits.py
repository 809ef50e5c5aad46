"""Limits: what blocks a rule, what a firing charges, what a revoked credit gives back."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.reference.calendar import period
from tests.reference.memory import Client, Counter, Credit, Topup

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
    if credit and not client.credit.get(credit["per"], Counter()).fits(
        period(today, credit["per"]), total, Decimal(credit["amountMajor"])
    ):
        return "CLIENT_CREDIT"
    for name, budget in budgets_of(model, rule):
        counter = model.budgets.get((name, budget["per"]), Counter())
        if not counter.fits(period(today, budget["per"]), total, Decimal(budget["amountMajor"])):
            return "BUDGET"
    return None


def budgets_of(model: "Model", rule: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """The rule's and the set's, by the name of its counter."""
    named = [("rule " + rule["id"], (rule.get("limits") or {}).get("budget"))]
    named.append(("set", model.rule_set["limits"].get("budget")))
    return [(name, budget) for name, budget in named if budget]


def charged_to(model: "Model", rule: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """Which limits in money a credit of the rule is charged to: name and period."""
    credit = model.rule_set["limits"].get("perClientCredit")
    named = [(name, budget["per"]) for name, budget in budgets_of(model, rule)]
    return frozenset([*named, *([("client", credit["per"])] if credit else [])])


def charge(
    model: "Model", client: Client, rule: dict[str, Any], at: datetime, today: date, total: Decimal
) -> None:
    """A firing: it is counted everywhere that it has a limit, in counters by rule and period."""
    limits = rule.get("limits") or {}
    for limit in limits.get("perClient") or []:
        counter = client.firings.setdefault((rule["id"], limit["per"]), Counter())
        counter.charge(period(today, limit["per"]), ONE)
    if "cooldown" in limits:
        latest = client.latest_firing.get(rule["id"], at)
        client.latest_firing[rule["id"]] = max(latest, at)
    if total == 0:
        return
    credit = model.rule_set["limits"].get("perClientCredit")
    if credit:
        counter = client.credit.setdefault(credit["per"], Counter())
        counter.charge(period(today, credit["per"]), total)
    for name, budget in budgets_of(model, rule):
        counter = model.budgets.setdefault((name, budget["per"]), Counter())
        counter.charge(period(today, budget["per"]), total)


def give_back_money(
    model: "Model",
    client: Client,
    rule: dict[str, Any],
    credit: Credit,
    today: date,
    amount: Decimal,
) -> None:
    """What was revoked, to the periods of the day when it was charged: where it was charged then
    and the limit is in force now."""
    for name, per in credit.charged & charged_to(model, rule):
        held = client.credit.get(per) if name == "client" else model.budgets.get((name, per))
        if held is not None:
            held.give_back(period(today, per), amount)


def give_back_firing(client: Client, rule: dict[str, Any], topup: Topup) -> None:
    """To the limits that are in force at the refund."""
    for limit in (rule.get("limits") or {}).get("perClient") or []:
        counter = client.firings.get((rule["id"], limit["per"]))
        if counter is not None:
            counter.give_back(period(topup.today, limit["per"]), ONE)
