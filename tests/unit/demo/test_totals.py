"""What is counted when a batch is through, and what of it is shown."""

import json
from decimal import Decimal
from typing import Any

import pytest

from schemas.records import InputRecord, Output, Record
from worker.demo.totals import SHOWN, Totals
from worker.lane.evaluator_port import Evaluated


def credit(number: int) -> Output:
    body: dict[str, Any] = {
        "commandId": f"id-{number}",
        "type": "ADD_BONUS",
        "organizationId": "izi",
        "clubId": "club-150",
        "clientId": f"c-{number}",
        "ruleId": "everyday150.entry",
        "ruleSetVersion": "1",
        "tags": [],
        "executor": "SYSTEM",
        "causedBy": {
            "eventId": "e-1",
            "type": "BALANCE_TOPPED_UP",
            "topic": "loyalty.topups",
            "partition": 0,
            "offset": 1,
        },
        "issuedAt": "2025-03-03T11:30:00+00:00",
        "amountMajor": "10.00",
        "currency": "RUB",
        "batchId": f"id-{number}",
        "expiresAt": None,
        "restriction": {"productTypes": [], "productIds": []},
    }
    return Output("BONUS_COMMANDS", b"c", json.dumps(body).encode(), (("type", b"ADD_BONUS"),))


def letter(code: str) -> Output:
    headers = (
        ("error.code", code.encode()),
        ("error.message", b"mend it"),
        ("source.topic", b"loyalty.visits"),
    )
    return Output("DEAD_LETTERS", b"c", b"{", headers)


def push() -> Output:
    return Output("PUSH_COMMANDS", b"c", b"{}", (("type", b"SEND_PUSH"),))


def records(lane: int, count: int) -> list[Record]:
    return [InputRecord("loyalty.topups", lane, n, 1_000, b"c", b"{}") for n in range(count)]


def batch(*outputs: Output) -> Evaluated:
    return Evaluated(0, {}, list(outputs), {}, 0)


def test_batches_of_several_lanes_add_up() -> None:
    totals = Totals()
    totals.batch_published(batch(credit(1), push(), letter("SCHEMA")), records(0, 3))
    totals.batch_published(batch(), records(4, 2))
    totals.batch_published(batch(credit(2), letter("SCHEMA"), letter("NOT_JSON")), records(0, 3))
    assert totals.summary() == {
        "events": 8,
        "commands": {"ADD_BONUS": 2, "SEND_PUSH": 1},
        "deadLetters": {"NOT_JSON": 1, "SCHEMA": 2},
    }
    assert totals.lanes == {0: 6, 4: 2}
    assert totals.moved.is_set()


def test_what_lanes_tell_each_other_and_the_journal_are_neither_events_nor_commands() -> None:
    totals = Totals()
    told: list[Record] = [InputRecord("loyalty.budgets", 0, 0, 1_000, b"izi", b"{}")]
    journal = Output("BONUS_JOURNAL", b"c", b"{}", (("type", b"BONUS_CREDIT"),))
    totals.batch_published(batch(journal, Output("BUDGETS", b"izi", b"{}")), told)
    assert totals.summary() == {"events": 0, "commands": {}, "deadLetters": {}}
    assert not totals.lanes


def test_the_latest_credits_and_dead_letters_are_kept_newest_first() -> None:
    totals = Totals()
    totals.batch_published(batch(*(credit(n) for n in range(SHOWN + 2))), records(0, 1))
    totals.batch_published(batch(letter("SCHEMA"), letter("NOT_JSON")), records(0, 2))
    assert [shown.client_id for shown in totals.credits_shown][:2] == ["c-9", "c-8"]
    assert len(totals.credits_shown) == SHOWN
    assert Decimal(totals.credits_shown[0].amount_major) == 10
    assert [shown.code for shown in totals.letters_shown] == ["NOT_JSON", "SCHEMA"]
    assert totals.letters_shown[0].topic == "loyalty.visits"


def test_latency_is_that_of_the_last_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.demo.totals.time.time", lambda: 1.25)
    totals = Totals()
    totals.batch_published(batch(), records(0, 2))
    assert totals.latest == 0.25
