"""The record that erases a client."""

from uuid import uuid4

import msgspec

from schemas.decoded import ClientForgotten
from schemas.instants import instant_text

EVERY_CLUB = "*"
"""An erasure is no club's: what stands for `clubId` in its envelope."""


def erasure(organization_id: str, client_id: str, now: int) -> tuple[str, bytes, bytes]:
    """Event id, key and value. Each asks anew: a client who came back is erased again. `now`:
    microseconds since the epoch."""
    event_id = f"forget:{uuid4()}"
    value = {
        "type": ClientForgotten.type,
        "eventId": event_id,
        "organizationId": organization_id,
        "clubId": EVERY_CLUB,
        "clientId": client_id,
        "occurredAt": instant_text(now),
    }
    return event_id, client_id.encode(), msgspec.json.encode(value)
