"""What timers put on the wire: ids, causes, clubs and times, worked by hand."""

import json
from uuid import NAMESPACE_DNS, uuid5

from tests.unit.timers.stories import BIRTHDAY, EXPIRED, GROUP
from tests.unit.timers.told import Told


def test_a_command_of_a_rule() -> None:
    told = Told(BIRTHDAY, "2026-11-01 12:00 anna was born on 2000-11-20 @club-7")
    [command] = [
        json.loads(c) for each in told.simulated("2026-11-20 10:00") for c in each.commands
    ]
    event_id = "timer:BIRTHDAY:gift:anna:2026-11-20"
    assert command["causedBy"] == {
        "eventId": event_id,
        "type": "BIRTHDAY",
        "topic": None,
        "partition": None,
        "offset": None,
    }
    namespace = uuid5(NAMESPACE_DNS, "loyalty-worker")
    made = uuid5(namespace, "\x1f".join(("izi", "anna", event_id, "gift", "0")))
    assert (command["commandId"], command["batchId"]) == (str(made), str(made))
    assert (command["clubId"], command["issuedAt"]) == ("club-7", "2026-11-20T07:00:00+00:00")


def test_the_end_of_an_assignment() -> None:
    told = Told(
        GROUP,
        """2026-11-01 18:00 anna tops up 100
        2026-11-02 18:00 anna visits @club-9""",
    )
    assigned, ended = (
        json.loads(c) for each in told.simulated("2026-12-01 00:00") for c in each.commands
    )
    event_id = f"timer:GROUP_EXPIRY:{assigned['commandId']}"
    namespace = uuid5(NAMESPACE_DNS, "loyalty-worker")
    made = uuid5(namespace, "\x1f".join(("izi", "anna", event_id, "week", "0")))
    assert ended == assigned | {
        "commandId": str(made),
        "type": "UNASSIGN_GROUP",
        "clubId": "club-9",
        "issuedAt": "2026-11-08T15:00:00+00:00",
        "causedBy": {
            "eventId": event_id,
            "type": "GROUP_EXPIRY",
            "topic": None,
            "partition": None,
            "offset": None,
        },
    }


def test_a_lapse_and_what_it_rings() -> None:
    told = Told(EXPIRED, "2026-11-01 18:00 anna tops up 40")
    results = told.simulated("2026-11-11 18:00")
    records = [json.loads(r) for each in results for r in each.journal]
    bonus, lapse, comfort = records
    assert lapse["causedBy"]["eventId"] == f"timer:BONUS_EXPIRY:{bonus['batchId']}"
    assert (lapse["batchId"], lapse["occurredAt"]) == (
        bonus["batchId"],
        "2026-11-11T15:00:00+00:00",
    )
    due = "timer:BONUS_EXPIRED:comfort:anna:2026-11-11T15:00:00+00:00"
    assert comfort["causedBy"]["eventId"] == due
    assert (comfort["type"], comfort["amountMajor"]) == ("BONUS_CREDIT", "20.00")
