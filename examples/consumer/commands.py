"""A command as a reader sees it. Unknown fields and unknown types are left for newer readers."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Command:
    """The envelope, and the whole command as `body`. Numbers of money are text on the wire."""

    command_id: str
    type: str
    organization_id: str
    client_id: str
    issued_at: datetime
    body: dict[str, Any]

    @property
    def amount(self) -> Decimal:
        """Of a bonus command, in major units; exact, never through a float."""
        return Decimal(self.body["amountMajor"])

    @property
    def not_after(self) -> datetime | None:
        """When a push is worth nothing any more."""
        text = self.body.get("notAfter")
        return datetime.fromisoformat(text) if text is not None else None


def read_command(value: bytes) -> Command:
    """Raises ValueError or KeyError for what is no command: stop, do not skip money."""
    body = json.loads(value)
    return Command(
        command_id=body["commandId"],
        type=body["type"],
        organization_id=body["organizationId"],
        client_id=body["clientId"],
        issued_at=datetime.fromisoformat(body["issuedAt"]),
        body=body,
    )
