"""Records of the bonus journal."""

import uuid
from decimal import Decimal
from typing import Any

from tests.reference.scene import Scene

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "loyalty-worker")
SUBTRACT = {"BONUS_PAYMENT", "BONUS_WRITE_OFF", "BONUS_EXPIRY", "BONUS_REVOKED"}
TRACED = ("shiftId", "gatewayTransactionId", "topUpSource")


def operation_id(scene: Scene, kind: str, batch_id: str = "") -> str:
    """Of an operation that no command made."""
    parts = (*scene.client.key, scene.event["eventId"], kind, batch_id)
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))


def record_of(
    scene: Scene,
    kind: str,
    amount: Decimal,
    taken: Decimal,
    *,
    command: dict[str, Any] | None = None,
    batch_id: str | None = None,
    rule_id: str | None = None,
    executor: str = "SYSTEM",
    reason: str | None = None,
    violations: tuple[str, ...] = (),
) -> None:
    """One record; of a command its id, rule, tags and batch."""
    event = scene.event
    traced = {name: event[name] for name in TRACED if name in event}
    if command is not None:
        operation, batch_id = command["commandId"], command["batchId"]
    else:
        operation = operation_id(scene, kind, batch_id or "" if kind == "BONUS_EXPIRY" else "")
    account = scene.client.account
    account.operated = True
    scene.balance += -taken if kind in SUBTRACT else taken
    assert scene.balance == account.balance, "the sum over a client is the balance"
    digits = scene.rule_set["digits"]
    record = {
        "operationId": operation,
        "organizationId": event["organizationId"],
        "clubId": event["clubId"],
        "clientId": event["clientId"],
        "currency": scene.rule_set["currency"],
        "type": kind,
        "executor": executor,
        "reason": reason,
        "causedBy": scene.cause.described() | traced,
        "ruleId": command["ruleId"] if command else rule_id,
        "tags": command["tags"] if command else [],
        "batchId": batch_id,
        "amountMajor": f"{amount:.{digits}f}",
        "takenMajor": f"{taken:.{digits}f}",
        "balanceAfterMajor": f"{account.balance:.{digits}f}",
        "violations": list(violations),
        "occurredAt": scene.at.isoformat(),
    }
    scene.model.result.note(scene.model.result.journal, record)
