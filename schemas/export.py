"""JSON Schema of every contract, for `loyalty schema export`."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from schemas.commands import COMMAND_MODELS
from schemas.dead_letters import DeadLetterHeaders
from schemas.events import EVENT_MODELS
from schemas.journal import JournalRecord
from schemas.rule_set import rule_set_json_schema
from schemas.rule_tests import rule_tests_json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Without titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schemas() -> dict[str, dict[str, Any]]:
    """Schema by name: `event.BALANCE_TOPPED_UP`, `command.ADD_BONUS`, `journal`,
    `dead-letter-headers`, `rule-set`, `rule-tests`. Each stands by itself."""
    models: dict[str, type[BaseModel]] = {
        **{f"event.{name}": model for name, model in EVENT_MODELS.items()},
        **{f"command.{name}": model for name, model in COMMAND_MODELS.items()},
        "journal": JournalRecord,
        "dead-letter-headers": DeadLetterHeaders,
    }
    schemas = {
        name: model.model_json_schema(by_alias=True, schema_generator=_Plain)
        for name, model in models.items()
    }
    schemas["rule-set"] = rule_set_json_schema()
    schemas["rule-tests"] = rule_tests_json_schema()
    return {name: {"$schema": DIALECT} | schema for name, schema in schemas.items()}
