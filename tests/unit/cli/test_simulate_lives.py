"""`loyalty simulate` on clients who are imported and forgotten, timers included."""

import json
from pathlib import Path
from typing import Any

from worker.cli.application import run

RULES = """
organizationId: izi
version: "7"
timeZone: Europe/Moscow
currency: RUB
rules:
  - id: sleepers
    trigger: CLIENT_ABSENT
    after: {days: 14}
    when: visitCount == 5
    actions: [{type: ADD_BONUS, formula: "25", expiresInDays: 7}]
  - id: lapsed
    trigger: BONUS_EXPIRED
    actions: [{type: SEND_PUSH, title: "{expiredAmountMajor} gone", body: "Come back"}]
"""
AT = "2026-03-01T00:00:00+03:00"


def event(kind: str, client: str, at: str = AT, **fields: Any) -> str:
    envelope = {"eventId": f"{kind}-{client}", "type": kind, "organizationId": "izi"}
    given = {"clubId": "club-1", "clientId": client, "occurredAt": at}
    return json.dumps({**envelope, **given, **fields})


def imported(client: str, **fields: Any) -> str:
    visits: dict[str, Any] = {"visitCount": 5, "firstVisitAt": "2025-01-01T12:00:00+03:00"}
    last = {"lastVisitAt": "2026-02-20T23:00:00+03:00"}
    return event("CLIENT_IMPORTED", client, **visits, **last, **fields)


def simulated(tmp_path: Path, *lines: str, until: str) -> dict[str, list[dict[str, Any]]]:
    (tmp_path / "rules.yaml").write_text(RULES)
    last = event("CLIENT_UPDATED", "somebody else", until)
    (tmp_path / "events.jsonl").write_text("\n".join([*lines, last]))
    files = {name: tmp_path / f"{name}.jsonl" for name in ("commands", "journal", "dead-letters")}
    outputs = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    given = ["--rules", str(tmp_path / "rules.yaml"), "--events", str(tmp_path / "events.jsonl")]
    assert run(["simulate", *given, *outputs]) == 0
    return {
        name: [json.loads(line) for line in path.read_text().splitlines()]
        for name, path in files.items()
    }


def test_an_imported_client_is_absent_from_the_visit_that_the_crm_knew(tmp_path: Path) -> None:
    batches = [{"amountMajor": "40", "expiresAt": "2026-03-03T00:00:00+03:00"}]
    told = simulated(tmp_path, imported("c-1", batches=batches), until="2026-03-06T10:00:00+03:00")
    lapse, absence = told["commands"]
    assert (lapse["type"], lapse["title"]) == ("SEND_PUSH", "40 gone")
    # 20 February and 14 days, at 10:00
    assert (absence["ruleId"], absence["issuedAt"]) == ("sleepers", "2026-03-06T07:00:00+00:00")
    assert absence["clubId"] == "club-1"
    amounts = [(each["type"], each["balanceAfterMajor"]) for each in told["journal"]]
    assert amounts == [
        ("BONUS_OPENING", "40.00"),
        ("BONUS_EXPIRY", "0.00"),
        ("BONUS_CREDIT", "25.00"),
    ]


def test_nothing_is_due_for_who_was_forgotten(tmp_path: Path) -> None:
    batches = [{"amountMajor": "40", "expiresAt": "2026-03-03T00:00:00+03:00"}]
    forgotten = event("CLIENT_FORGOTTEN", "c-1", "2026-03-02T00:00:00+03:00")
    told = simulated(
        tmp_path, imported("c-1", batches=batches), forgotten, until="2026-04-01T00:00:00+03:00"
    )
    assert told["commands"] == []
    amounts = [(each["type"], each["takenMajor"]) for each in told["journal"]]
    assert amounts == [("BONUS_OPENING", "40.00"), ("BONUS_ADJUSTMENT", "-40.00")]


def test_an_import_onto_history_is_a_dead_letter_that_says_what_to_do(tmp_path: Path) -> None:
    visit = event("VISIT_STARTED", "c-1", visitId="v", tariffId="t")
    (letter,) = simulated(tmp_path, visit, imported("c-1"), until=AT)["dead-letters"]
    assert letter["headers"]["error.code"] == "NOT_IMPORTED"
    assert "mend a balance by CLIENT_UPDATED with `resync`" in letter["headers"]["error.message"]
