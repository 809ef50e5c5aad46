"""The exported schemas: complete, self-contained, and as strict as the models where they can be."""

import json

from schemas.commands import COMMAND_MODELS
from schemas.events import EVENT_MODELS
from schemas.export import json_schemas


def test_every_contract_is_exported() -> None:
    schemas = json_schemas()
    assert set(schemas) == {
        *(f"event.{name}" for name in EVENT_MODELS),
        *(f"command.{name}" for name in COMMAND_MODELS),
        *("journal", "dead-letter-headers", "rule-set", "rule-tests"),
    }
    for schema in schemas.values():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["type"] == "object"
        json.dumps(schema, allow_nan=False)


def test_names_are_those_of_the_wire() -> None:
    schema = json_schemas()["event.BALANCE_TOPPED_UP"]
    assert schema["required"] == [
        *("eventId", "organizationId", "clubId", "clientId", "occurredAt"),
        *("type", "topupAmountMajor", "topUpSource"),
    ]
    assert schema["properties"]["type"]["const"] == "BALANCE_TOPPED_UP"
    assert schema["properties"]["occurredAt"] == {"type": "string", "format": "date-time"}
    assert "additionalProperties" not in schema


def test_what_a_source_requires_is_said() -> None:
    conditions = json_schemas()["event.BALANCE_TOPPED_UP"]["allOf"]
    assert [condition["then"]["required"] for condition in conditions] == [
        ["shiftId"],
        ["gatewayTransactionId"],
    ]


def test_what_an_import_requires_is_said() -> None:
    schema = json_schemas()["event.CLIENT_IMPORTED"]
    assert schema["dependentRequired"] == {
        "firstVisitAt": ["visitCount"],
        "lastVisitAt": ["visitCount", "firstVisitAt"],
    }
    batch = schema["$defs"]["OpeningBatch"]
    assert batch["required"] == ["amountMajor"]
    assert set(batch["properties"]) == {"amountMajor", "expiresAt", "restriction"}


def test_headers_of_dead_letters_have_their_names() -> None:
    schema = json_schemas()["dead-letter-headers"]
    assert {"error.code", "error.message", "source.topic"} <= set(schema["required"])
