"""Ids of effects: UUIDv5, so that the same cause gives the same id for ever."""

from hashlib import sha1
from uuid import NAMESPACE_DNS, uuid5

NAMESPACE = uuid5(NAMESPACE_DNS, "loyalty-worker")

_seeded = sha1(NAMESPACE.bytes, usedforsecurity=False).copy
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def command_id(
    organization_id: str, client_id: str, event_id: str, rule_id: str, action_index: int
) -> str:
    """The `commandId` of what action `action_index` (authored actions, from 0) of a rule does for
    an event; a credit's `batchId` and `operationId` are the same."""
    return _uuid5(f"{organization_id}\x1f{client_id}\x1f{event_id}\x1f{rule_id}\x1f{action_index}")


def operation_id(
    organization_id: str, client_id: str, event_id: str, operation: str, batch_id: str = ""
) -> str:
    """The `operationId` of a journal record that no command made. `batch_id` is empty except for
    a `BONUS_EXPIRY`."""
    return _uuid5(f"{organization_id}\x1f{client_id}\x1f{event_id}\x1f{operation}\x1f{batch_id}")


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of an id."""
    return bytes.fromhex(text.replace("-", ""))


def uuid_text(raw: bytes) -> str:
    """The id of 16 bytes."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _uuid5(name: str) -> str:
    """`str(uuid.uuid5(NAMESPACE, name))` at a third of its cost."""
    digest = _seeded()
    digest.update(name.encode())
    text = digest.hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"
