"""The authored format: what its models take, and its JSON Schema."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from rules_engine.author.currencies import MINOR_DIGITS
from rules_engine.author.keys import known_keys
from schemas.rule_actions import AddBonus, UnassignGroup
from schemas.rule_set import Tier, rule_set_json_schema


@pytest.mark.parametrize(
    ("given", "read"),
    [("500", "500"), ("12.50", "12.50"), ("1e3", "1E+3"), (5, "5"), (Decimal("0.1"), "0.1")],
)
def test_numbers(given: object, read: str) -> None:
    action = AddBonus.model_validate({"type": "ADD_BONUS", "formula": "1", "max": given})
    assert action.max is not None
    assert str(action.max) == read


@pytest.mark.parametrize(
    "given",
    [0.1, True, None, "", " 5", "+5", ".5", "5.", "1_000", "0x1F", "NaN", "1e", "٣", "9" * 65],
)
def test_no_numbers(given: object) -> None:
    with pytest.raises(ValidationError):
        Tier.model_validate({"id": "a", "percent": given})


@pytest.mark.parametrize(
    "word", ["\x1f", "a\x1f", "\x1fa", "a\x1fb", "a ", "\ta", "a\n", "\u00a0a", "", "a" * 129]
)
def test_no_ids(word: str) -> None:
    """U+001F separates the parts of a `commandId`."""
    with pytest.raises(ValidationError):
        UnassignGroup.model_validate({"type": "UNASSIGN_GROUP", "groupId": word})


@pytest.mark.parametrize("word", ["a", "a b", "группа-1", "a.b", "a" * 128])
def test_ids(word: str) -> None:
    action = UnassignGroup.model_validate({"type": "UNASSIGN_GROUP", "groupId": word})
    assert action.group_id == word


def _objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, dict):
        nested = [found for value in schema.values() for found in _objects(value)]
        return [schema, *nested] if schema.get("type") == "object" else nested
    if isinstance(schema, list):
        return [found for value in schema for found in _objects(value)]
    return []


def test_the_json_schema_knows_every_key_and_no_other() -> None:
    schema = rule_set_json_schema()
    objects = _objects(schema)
    assert len(objects) >= 20
    assert all(found["additionalProperties"] is False for found in objects)
    assert set(schema["required"]) == {"organizationId", "version", "timeZone", "currency"}
    assert "null" not in str(schema)
    ladder = schema["$defs"]["Ladder"]["properties"]
    rule = schema["$defs"]["Rule"]["properties"]
    assert rule.keys() - ladder.keys() == {"when", "actions", "after", "before", "at"}


def test_bounds_reach_the_json_schema() -> None:
    times = rule_set_json_schema()["$defs"]["Times"]["properties"]["times"]
    assert (times["minimum"], times["maximum"]) == (1, 1_000_000)


def test_the_keys_of_every_place() -> None:
    assert "onTopupRefund" in known_keys(())
    assert known_keys(("rules", 3, "window", 0)) == ["days", "from", "to"]
    assert known_keys(("rules", 3, "actions", 0, "ASSIGN_GROUP")) == [
        "expiresInDays",
        "groupId",
        "tags",
        "type",
    ]


def test_currencies_have_their_minor_digits() -> None:
    digits = {"RUB": 2, "KZT": 2, "JPY": 0, "KRW": 0, "BHD": 3, "TND": 3, "CLF": 4}
    assert digits.items() <= MINOR_DIGITS.items()
    assert len(MINOR_DIGITS) == 165
    assert all(len(code) == 3 and code.isupper() for code in MINOR_DIGITS)
    assert not {"XAU", "XXX", "BGN", "HRK"} & MINOR_DIGITS.keys()
