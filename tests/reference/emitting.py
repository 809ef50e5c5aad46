"""Commands as on the wire, and what they do to the client at once."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.reference import journal
from tests.reference.calendar import period, quiet_until
from tests.reference.drafts import Draft
from tests.reference.limits import charged_to
from tests.reference.memory import Counter, Credit, GroupEnd
from tests.reference.scene import Scene

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "loyalty-worker")


def emit(
    scene: Scene,
    rule: dict[str, Any],
    draft: Draft,
    group_changes: list[tuple[str, bool, GroupEnd | None]],
) -> int:
    """Commands in the order of its actions; how many."""
    emitted = 0
    for index, action in enumerate(rule["actions"]):
        command = envelope(scene, rule, index, action["type"])
        if action["type"] == "ADD_BONUS":
            if index not in draft.credits:
                continue
            credit(scene, rule, index, command, draft.credits[index])
        elif action["type"] == "SEND_PUSH":
            if not may_push(scene):
                continue
            command |= push(scene, action, *draft.pushes[index])
        else:
            command["groupId"] = action["groupId"]
            group_changes.append(group_change(scene, action, index, command))
        send(scene, command)
        emitted += 1
    return emitted


def send(scene: Scene, command: dict[str, Any]) -> None:
    scene.model.result.note(scene.model.result.commands, command)
    client = scene.client
    if command["type"] in ("ADD_BONUS", "REVOKE_BONUS"):
        client.latest_command = max(client.latest_command or scene.at, scene.at)


def envelope(scene: Scene, rule: dict[str, Any], index: int, kind: str) -> dict[str, Any]:
    event = scene.event
    parts = (*scene.client.key, event["eventId"], rule["id"], index)
    action = rule["actions"][index]
    tags = [*(rule.get("tags") or []), *(action.get("tags") or [])]
    return {
        "commandId": str(uuid.uuid5(NAMESPACE, "\x1f".join(map(str, parts)))),
        "type": kind,
        "organizationId": event["organizationId"],
        "clubId": event["clubId"],
        "clientId": event["clientId"],
        "ruleId": rule["id"],
        "ruleSetVersion": scene.rule_set["version"],
        "tags": list(dict.fromkeys(tags)),
        "executor": "SYSTEM",
        "causedBy": scene.cause.described(),
        "issuedAt": scene.at.isoformat(),
    }


def credit(
    scene: Scene, rule: dict[str, Any], index: int, command: dict[str, Any], amount: Decimal
) -> None:
    """A credit opens a batch at once and is journaled."""
    action = rule["actions"][index]
    expires = after_days(scene.at, action.get("expiresInDays"))
    restriction = action.get("restriction") or {}
    batch_id = command["commandId"]
    command |= {
        "amountMajor": f"{amount:f}",
        "currency": scene.rule_set["currency"],
        "batchId": batch_id,
        "expiresAt": expires.isoformat() if expires else None,
        "restriction": {
            "productTypes": list(dict.fromkeys(restriction.get("productTypes") or [])),
            "productIds": list(dict.fromkeys(restriction.get("productIds") or [])),
        },
    }
    scene.model.open_batch(scene.client, batch_id, amount, expires, restriction, rule["id"])
    topup = scene.client.topups.get(scene.event["eventId"])
    if topup is not None:
        charged = charged_to(scene.model, rule)
        topup.credits.append(Credit(rule["id"], index, amount, batch_id, charged))
    journal.record_of(scene, "BONUS_CREDIT", amount, amount, command=command)


def group_change(
    scene: Scene, action: dict[str, Any], index: int, command: dict[str, Any]
) -> tuple[str, bool, GroupEnd | None]:
    end = None
    over = after_days(scene.at, action.get("expiresInDays"))
    if over is not None:
        end = GroupEnd(action["groupId"], over, command, index)
    return action["groupId"], action["type"] == "ASSIGN_GROUP", end


def after_days(at: datetime, days: Any) -> datetime | None:
    """So many times 24 hours later."""
    return None if days is None else at + timedelta(hours=24 * int(days))


def may_push(scene: Scene) -> bool:
    """Each push counts by itself."""
    limit = scene.rule_set["limits"].get("push") or {}
    if "times" not in limit:
        return True
    at = period(scene.today, limit["per"])
    counter = scene.client.pushes.setdefault(limit["per"], Counter())
    if not counter.fits(at, Decimal(1), Decimal(limit["times"])):
        return False
    counter.charge(at, Decimal(1))
    return True


def push(scene: Scene, action: dict[str, Any], title: str, body: str) -> dict[str, Any]:
    quiet = (scene.rule_set["limits"].get("push") or {}).get("quietHours")
    not_before = quiet_until(scene.local, quiet) if quiet else None
    not_after = None
    if "ttlHours" in action:
        not_after = (scene.at + timedelta(hours=int(action["ttlHours"]))).isoformat()
    return {
        "title": title,
        "body": body,
        "notBefore": not_before.isoformat() if not_before else None,
        "notAfter": not_after,
    }
