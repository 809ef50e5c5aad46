"""Which keys may stand where: read from the authored models themselves."""

from collections.abc import Iterator
from typing import Any, get_args

from rules_engine.document import Path
from schemas.authored import Authored
from schemas.rule_set import RuleSet

KEYS_ELSEWHERE = {
    ("ladders", "when"): "a tier's condition is its threshold: write a rule for any other",
    ("ladders", "actions"): "a tier credits its percent: write a rule for anything else",
    ("ladders", "rules"): "`rules` stands beside `ladders`, not inside",
    ("rules", "formula"): "the formula belongs to an action: `actions: [{type: ADD_BONUS, …}]`",
    ("rules", "budget"): "write it under `limits`: `limits: {budget: …}`",
    ("rules", "cooldown"): "write it under `limits`: `limits: {cooldown: {hours: …}}`",
    ("rules", "perClient"): "write it under `limits`: `limits: {perClient: [ … ]}`",
    ("rules", "expiresInDays"): "it belongs to an action: `{type: ADD_BONUS, …}`",
    ("rules", "restriction"): "it belongs to an action: `{type: ADD_BONUS, …}`",
    ("rules", "min"): "it belongs to an action: `{type: ADD_BONUS, …}`",
    ("rules", "max"): "it belongs to an action: `{type: ADD_BONUS, …}`",
    ("cooldown", "days"): "write it in hours: `hours: 24` is a day",
    ("tiers", "from"): "a tier begins at `atLeast: 200`",
    ("tiers", "min"): "a tier credits its `percent`: write a rule for `min` and `max`",
    ("tiers", "max"): "a tier credits its `percent`: write a rule for `min` and `max`",
    ("tiers", "formula"): "a tier credits its `percent`: write a rule for a formula",
    ("cases", "client"): "write it under `given`: `given: {client: {…}, events: […]}`",
    ("cases", "events"): "write it under `given`: `given: {events: […]}`",
    ("cases", "before"): "write it under `given`: `given: {before: […], events: […]}`",
    ("cases", "commands"): "write it under `expect`: `expect: {commands: […]}`",
    ("cases", "journal"): "write it under `expect`: `expect: {journal: […]}`",
    ("cases", "reasons"): "write it under `expect`: `expect: {reasons: […]}`",
    ("tiers", "priority"): "tiers are seen from the highest threshold down, from the ladder's on",
}
"""(list or key in which it stands, key that belongs elsewhere) → where it belongs."""


def known_keys(loc: Path, root: type[Authored] = RuleSet) -> list[str]:
    """The keys of the mapping at pydantic's `loc` (kinds of actions stand behind their index) in a
    document of the shape `root`."""
    models: list[type[Authored]] = [root]
    for step in loc:
        if isinstance(step, int):
            continue
        tagged = [model for model in models if _tag(model) == step]
        models = tagged or [child for model in models for child in _children(model, step)]
    return sorted({field.alias or "" for model in models for field in model.model_fields.values()})


def _tag(model: type[Authored]) -> Any:
    kind = model.model_fields.get("type")
    return get_args(kind.annotation)[0] if kind is not None else None


def _children(model: type[Authored], key: str) -> Iterator[type[Authored]]:
    for field in model.model_fields.values():
        if field.alias == key:
            yield from _models(field.annotation)


def _models(annotation: Any) -> Iterator[type[Authored]]:
    if isinstance(annotation, type) and issubclass(annotation, Authored):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
