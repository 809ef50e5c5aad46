"""What `schemas.wire` writes is what the contract of the commands says, field by field."""

import json
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from schemas import wire
from schemas.commands import COMMAND_MODELS
from schemas.journal import JournalRecord

ENVELOPE: dict[str, Any] = {
    "command_id": "8b8306df-9d39-5b43-ba66-1410f02761f6",
    "organization_id": "izi",
    "club_id": "club-1",
    "client_id": "c-1",
    "rule_id": "everyday.anchor",
    "rule_set_version": "2026-11-22.1",
    "tags": ("everyday",),
    "executor": "SYSTEM",
    "caused_by": wire.CausedBy("e-1", "BALANCE_TOPPED_UP", "loyalty.topups", 3, 42),
    "issued_at": "2026-11-22T12:00:00+00:00",
}

COMMANDS: list[wire.Command] = [
    wire.AddBonus(
        type="ADD_BONUS",
        **ENVELOPE,
        amount_major="48.00",
        currency="RUB",
        batch_id="8b8306df-9d39-5b43-ba66-1410f02761f6",
        expires_at=None,
        restriction=wire.Restriction(("TARIFF",), ("night-pack",)),
    ),
    wire.RevokeBonus(
        type="REVOKE_BONUS",
        **ENVELOPE,
        amount_major="48.00",
        currency="RUB",
        batch_id="8b8306df-9d39-5b43-ba66-1410f02761f6",
    ),
    wire.AssignGroup(type="ASSIGN_GROUP", **ENVELOPE, group_id="daytimers"),
    wire.UnassignGroup(type="UNASSIGN_GROUP", **ENVELOPE, group_id="daytimers"),
    wire.SendPush(
        type="SEND_PUSH",
        **ENVELOPE,
        title="+48 bonus",
        body="Your top-up earned 48.",
        not_before=None,
        not_after="2026-11-23T12:00:00+00:00",
    ),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.type)
def test_a_command_as_written_is_a_command_of_the_contract(command: wire.Command) -> None:
    written = json.loads(msgspec.json.encode(command))
    model = COMMAND_MODELS[command.type]
    read = model.model_validate(written)
    assert json.loads(read.model_dump_json(by_alias=True)) == written
    assert set(written) == {field.alias for field in model.model_fields.values()}


def test_the_written_form_of_a_credit() -> None:
    assert json.loads(msgspec.json.encode(COMMANDS[0])) == {
        "commandId": "8b8306df-9d39-5b43-ba66-1410f02761f6",
        "type": "ADD_BONUS",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "ruleId": "everyday.anchor",
        "ruleSetVersion": "2026-11-22.1",
        "tags": ["everyday"],
        "executor": "SYSTEM",
        "causedBy": {
            "eventId": "e-1",
            "type": "BALANCE_TOPPED_UP",
            "topic": "loyalty.topups",
            "partition": 3,
            "offset": 42,
        },
        "issuedAt": "2026-11-22T12:00:00+00:00",
        "amountMajor": "48.00",
        "currency": "RUB",
        "batchId": "8b8306df-9d39-5b43-ba66-1410f02761f6",
        "expiresAt": None,
        "restriction": {"productTypes": ["TARIFF"], "productIds": ["night-pack"]},
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"amountMajor": 48},
        {"amountMajor": "-48.00"},
        {"amountMajor": "4_8"},
        {"executor": "ADMIN"},
        {"expiresAt": "2026-11-22"},
        {"restriction": None},
        {"type": "SEND_PUSH"},
    ],
)
def test_another_shape_is_no_credit(fields: dict[str, Any]) -> None:
    written = json.loads(msgspec.json.encode(COMMANDS[0])) | fields
    with pytest.raises(ValidationError):
        COMMAND_MODELS["ADD_BONUS"].model_validate(written)


def test_a_push_has_bounds_in_code_points() -> None:
    written = json.loads(msgspec.json.encode(COMMANDS[4]))
    model = COMMAND_MODELS["SEND_PUSH"]
    model.model_validate(written | {"title": "😀" * 40, "body": "я" * 120})
    for fields in ({"title": "😀" * 41}, {"body": "я" * 121}):
        with pytest.raises(ValidationError):
            model.model_validate(written | fields)


JOURNAL: dict[str, Any] = {
    "operationId": "5ed2d66a-5e01-502c-979d-1eecfdddbfe4",
    "organizationId": "izi",
    "clubId": "club-150",
    "clientId": "c-1",
    "currency": "RUB",
    "type": "BONUS_PAYMENT",
    "executor": "SYSTEM",
    "reason": None,
    "causedBy": {
        "eventId": "e-8",
        "type": "PAYMENT_MADE",
        "topic": "loyalty.payments",
        "partition": 0,
        "offset": 7,
    },
    "ruleId": None,
    "tags": [],
    "batchId": None,
    "amountMajor": "60.00",
    "takenMajor": "60.00",
    "balanceAfterMajor": "158.00",
    "violations": [],
    "occurredAt": "2026-03-03T17:00:00+00:00",
}


def written_record(**fields: Any) -> wire.JournalRecord:
    return msgspec.convert(JOURNAL | fields, wire.JournalRecord)


def test_a_journal_record_as_written_is_one_of_the_contract() -> None:
    written = json.loads(msgspec.json.encode(written_record()))
    assert written == JOURNAL
    assert list(written) == [field.alias for field in JournalRecord.model_fields.values()]
    assert list(written["causedBy"]) == ["eventId", "type", "topic", "partition", "offset"]


def test_what_traces_a_top_up_stands_in_its_record() -> None:
    trace = {"shiftId": "s-1", "topUpSource": "CASH"}
    record = written_record(causedBy=JOURNAL["causedBy"] | trace)
    written = json.loads(msgspec.json.encode(record))
    assert written["causedBy"] == JOURNAL["causedBy"] | trace
    JournalRecord.model_validate(written)


def test_a_journal_record() -> None:
    record = JournalRecord.model_validate(JOURNAL)
    assert record.caused_by.shift_id is None
    assert json.loads(record.model_dump_json(by_alias=True, exclude_unset=True)) == JOURNAL


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "BONUS_SPENT"},
        {"violations": ["TOO_MUCH"]},
        {"balanceAfterMajor": "-1.00"},
        {"amountMajor": 60},
        {"occurredAt": None},
    ],
)
def test_another_shape_is_no_journal_record(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JournalRecord.model_validate(JOURNAL | fields)
