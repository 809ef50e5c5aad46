"""The shape of rule tests against what it is about."""

import pytest

from rules_engine.cases.names import is_rule_set, is_rule_test, rule_set_names
from rules_engine.outcome import Reason
from schemas.commands import COMMAND_MODELS
from schemas.events import EVENT_MODELS
from schemas.rule_tests import rule_tests_json_schema

DEFINITIONS = rule_tests_json_schema()["$defs"]


def words(definition: str, key: str) -> set[str]:
    return set(DEFINITIONS[definition]["properties"][key]["enum"])


def test_the_words_are_those_of_the_wire() -> None:
    assert words("GivenEvent", "type") == set(EVENT_MODELS)
    assert words("ExpectedCommand", "type") == set(COMMAND_MODELS)
    assert words("ExpectedReason", "reason") == {reason.value for reason in Reason}


def test_expected_fields_are_fields_of_commands() -> None:
    wire = {
        field.alias or name
        for model in COMMAND_MODELS.values()
        for name, field in model.model_fields.items()
    }
    assert set(DEFINITIONS["ExpectedCommand"]["properties"]) - wire == {"eventId"}


@pytest.mark.parametrize(
    ("name", "is_test", "is_set"),
    [
        ("izi.yaml", False, True),
        ("izi.test.yaml", True, False),
        ("izi.limits.test.yml", True, False),
        ("izi.test.json", True, False),
        ("test.yaml", False, True),
        ("izi.tests.yaml", False, True),
        ("izi.test.yaml.bak", False, False),
    ],
)
def test_names(name: str, is_test: bool, is_set: bool) -> None:
    assert (is_rule_test(name), is_rule_set(name)) == (is_test, is_set)


def test_which_rule_set_tests_are_about() -> None:
    assert list(rule_set_names("izi.limits.test.yaml")) == [
        *("izi.limits.yaml", "izi.limits.yml", "izi.limits.json"),
        *("izi.yaml", "izi.yml", "izi.json"),
    ]
