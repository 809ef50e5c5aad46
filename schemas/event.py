"""What every event has: the envelope, and what the CRM knew of the client just before it."""

from typing import Any, ClassVar

from schemas import decoded
from schemas.fields import Day, Id, Instant, MoneyOrZero
from schemas.model import WireModel


class ClientSnapshot(WireModel):
    """What the CRM knew of the client just before the event. Absent: it says nothing of it."""

    groups: list[Id] | None = None
    registered_at: Instant | None = None
    birthday: Day | None = None
    bonus_balance_major: MoneyOrZero | None = None


class EventModel(WireModel):
    """The envelope of every event. The record's key is `clientId`."""

    value: ClassVar[type[decoded.Event]]

    event_id: Id
    organization_id: Id
    club_id: Id
    client_id: Id
    occurred_at: Instant
    client: ClientSnapshot | None = None

    def to_event(self) -> decoded.Event:
        """The same event as the core's value. Its ranges are judged before, by `allowed`."""
        names = (name for name in self.value.__struct_fields__ if name != "snapshot")
        fields = {name: getattr(self, name) for name in names}
        known = {name: value for name, value in fields.items() if value is not None}
        return self.value(snapshot=self._snapshot(), **known)

    def _snapshot(self) -> decoded.Snapshot | None:
        return snapshot_of(self.client)


def snapshot_of(*sources: Any) -> decoded.Snapshot | None:
    """What the sources say, the first one that says it; None where all are silent."""
    said: dict[str, Any] = {}
    for name in decoded.Snapshot.__struct_fields__:
        values = (getattr(source, name) for source in sources if source is not None)
        said[name] = next((value for value in values if value is not None), None)
    if said["groups"] is not None:
        said["groups"] = decoded.group_set(said["groups"])
    snapshot = decoded.Snapshot(**said)
    return None if snapshot == decoded.NOTHING_SAID else snapshot
