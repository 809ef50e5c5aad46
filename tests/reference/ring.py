"""What is done when a timer is due."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.reference import agenda
from tests.reference.calendar import local
from tests.reference.emitting import envelope, send
from tests.reference.firing import Firing
from tests.reference.journal import record_of
from tests.reference.scene import Scene, timer_cause

if TYPE_CHECKING:
    from tests.reference.model import Model


def ring(model: "Model", due: agenda.Due) -> None:
    if due.rank == agenda.LAPSE:
        lapse(model, due)
    elif due.rank == agenda.GROUP_END:
        end_assignments(model, due)
    elif due.rank == agenda.BONUS_EXPIRED:
        amount = due.client.expired.pop(due.at)
        rules = rules_of(model, "BONUS_EXPIRED")
        fire(model, due, "BONUS_EXPIRED", rules, due.at.isoformat(), expiredAmountMajor=amount)
    else:
        ring_rules(model, due)


def lapse(model: "Model", due: agenda.Due) -> None:
    """One record per batch that had something left; batches in the order of opening."""
    client = due.client
    expired = Decimal(0)
    for batch in client.account.batches:
        if batch.expires != due.at or batch.lapsed:
            continue
        batch.lapsed = True
        amount, batch.left = batch.left, Decimal(0)
        if amount == 0:
            continue
        cause = timer_cause(client, "BONUS_EXPIRY", f"timer:BONUS_EXPIRY:{batch.batch_id}", due.at)
        scene = Scene(model, client, cause)
        scene.balance += amount
        batch_id, rule_id = batch.batch_id, batch.rule_id
        record_of(scene, "BONUS_EXPIRY", amount, amount, batch_id=batch_id, rule_id=rule_id)
        if not batch.late:
            expired += amount
    if expired > 0:
        client.expired[due.at] = expired


def end_assignments(model: "Model", due: agenda.Due) -> None:
    """In the order of assignment."""
    client = due.client
    for end in [end for end in client.group_ends if end.at == due.at]:
        assigned = end.command
        event_id = f"timer:GROUP_EXPIRY:{assigned['commandId']}"
        scene = Scene(model, client, timer_cause(client, "GROUP_EXPIRY", event_id, due.at))
        rule = {"id": assigned["ruleId"], "tags": assigned["tags"], "actions": {end.index: {}}}
        command = envelope(scene, rule, end.index, "UNASSIGN_GROUP")
        send(scene, command | {"groupId": end.group})
        client.change_group(end.group, assigned=False, at=due.at)


def ring_rules(model: "Model", due: agenda.Due) -> None:
    """The rules of one trigger that are due together; each fires once for one date of its fact."""
    client = due.client
    trigger = next(name for name, rank in agenda.RANKS.items() if rank == due.rank)
    for rule_id in due.rules:
        client.dues.discard((due.at, trigger, rule_id))
        client.watched.pop(rule_id, None) if trigger == "BIRTHDAY" else None
    zone = model.rule_set["timeZone"]
    today = local(due.at, zone).date()
    facts = {
        rule["id"]: agenda.fact_date(client, rule, today, zone)
        for rule in rules_of(model, trigger)
        if rule["id"] in due.rules
    }
    rules = [
        rule
        for rule in rules_of(model, trigger)
        if rule["id"] in facts and facts[rule["id"]] not in client.rung.get(rule["id"], set())
    ]
    reasons = fire_dated(model, due, trigger, rules, today)
    for rule_id, reason in reasons.items():
        if reason == "FIRED":
            client.rung.setdefault(rule_id, set()).add(facts[rule_id])


def fire_dated(
    model: "Model", due: agenda.Due, trigger: str, rules: list[dict[str, Any]], today: date
) -> dict[str, str]:
    """What is expiring is asked for each rule: there must be something."""
    client, zone = due.client, model.rule_set["timeZone"]
    if trigger != "BONUS_EXPIRING":
        return fire(model, due, trigger, rules, today.isoformat())
    amounts: dict[str, Decimal] = {}
    for rule in rules:
        amounts[rule["id"]] = sum(
            (
                batch.left
                for batch in client.account.batches
                if batch.expires is not None
                and (local(batch.expires, zone).date() - today).days == int(rule["before"]["days"])
            ),
            Decimal(0),
        )
    rules = [rule for rule in rules if amounts[rule["id"]] > 0]
    return fire(model, due, trigger, rules, today.isoformat(), amounts=amounts)


def rules_of(model: "Model", trigger: str) -> list[dict[str, Any]]:
    return [rule for rule in model.rule_set["rules"] if rule["trigger"] == trigger]


def fire(
    model: "Model",
    due: agenda.Due,
    trigger: str,
    rules: list[dict[str, Any]],
    day: str,
    *,
    amounts: dict[str, Decimal] | None = None,
    **more: Any,
) -> dict[str, str]:
    """Judged together, each with its own event id; `amounts` by rule are what is expiring."""
    client_id = due.client.key[1]
    ids = {rule["id"]: f"timer:{trigger}:{rule['id']}:{client_id}:{day}" for rule in rules}
    scene = Scene(model, due.client, timer_cause(due.client, trigger, "", due.at, **more))
    reasons = Firing(scene, amounts or {}).fire(rules, ids)
    if reasons:
        model.result.timer_reasons[trigger, client_id, due.at.isoformat()] = reasons
    return reasons
