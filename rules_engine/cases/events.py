"""Events as the author of a test wrote them → lines as `simulate` reads them.

What is left out of an envelope has a default, so that an event tells what it is about. What is
there is held against the wire's own contract, with the place of everything that does not fit.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules_engine.author.findings import Findings
from rules_engine.author.shape import ShapeOf
from rules_engine.checked import CheckedRuleSet
from rules_engine.diagnostics import did_you_mean
from rules_engine.document import Path
from schemas.contract import wanted
from schemas.errors import NotAllowed
from schemas.event import EventModel
from schemas.events import EVENT_MODELS
from schemas.fields import allowed_of
from schemas.instants import MINUTE_US, instant_text
from schemas.rule_tests import Defaults, GivenClient, GivenEvent, RuleTests

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_STATE = "given-client"
"""The id of the event that brings the state to begin with."""
_MONDAY_NOON = datetime(2026, 1, 5, 12)

_PAYLOADS: Mapping[str, Mapping[str, str]] = {
    "BALANCE_TOPPED_UP": {"topUpSource": "POS_TERMINAL"},
    "VISIT_STARTED": {"visitId": "visit-1", "tariffId": "tariff-1"},
    "VISIT_ENDED": {"visitId": "visit-1", "tariffId": "tariff-1"},
    "PAYMENT_MADE": {"bonusAmountMajor": "0"},
    "PAYMENT_REFUNDED": {"bonusAmountMajor": "0"},
    "BONUS_CREDITED": {"executor": "administrator"},
    "BONUS_WRITTEN_OFF": {"executor": "administrator"},
}
"""What a test hardly ever is about, by type."""

_TRACES = {"CASH": ("shiftId", "shift-1"), "ACQUIRING": ("gatewayTransactionId", "gateway-1")}


class EventReader:
    """The events of one case, in order: each may lean on the one before it."""

    def __init__(
        self,
        rule_set: CheckedRuleSet,
        defaults: Defaults,
        shape: ShapeOf[RuleTests],
        findings: Findings,
    ) -> None:
        self._rule_set = rule_set
        self._defaults = defaults
        self._shape = shape
        self._findings = findings
        self._next_at = defaults.occurred_at or _noon(rule_set)

    def client(self, given: GivenClient, path: Path, first: GivenEvent | None) -> bytes | None:
        """The state to begin with, as of the first event."""
        extra = given.model_extra or {}
        at = (first.model_extra or {}).get("occurredAt") if first is not None else None
        return self._read("CLIENT_IMPORTED", extra, path, _STATE, at)

    def event(self, given: GivenEvent, path: Path, default_id: str) -> bytes | None:
        return self._read(given.type, given.model_extra or {}, path, default_id, None)

    def _read(
        self, kind: str, said: Mapping[str, Any], path: Path, default_id: str, at: str | None
    ) -> bytes | None:
        """The line of an event, None where it has findings."""
        model = EVENT_MODELS[kind]
        event: dict[str, Any] = {
            "eventId": default_id,
            "type": kind,
            "organizationId": self._rule_set.organization_id,
            "clubId": self._defaults.club_id,
            "clientId": self._defaults.client_id,
            "occurredAt": at or self._next_at,
            **_payload(kind, said, default_id),
            **_with_whole_numbers(model, said),
        }
        before = len(self._findings)
        self._check_keys(model, said, path)
        self._check_organization(event, path)
        read = self._validated(model, event, path)
        if read is not None:
            later = 0 if default_id == _STATE else MINUTE_US
            self._next_at = instant_text(read.occurred_at + later)
        return None if len(self._findings) > before else json.dumps(event).encode()

    def _check_keys(self, model: type[BaseModel], said: Mapping[str, Any], path: Path) -> None:
        known = [field.alias or name for name, field in model.model_fields.items()]
        for key in said:
            if key not in known:
                remedy = did_you_mean(key, known) or f"known here: {', '.join(sorted(known))}"
                message = f"unknown key `{key}`"
                self._findings.add("UNKNOWN_KEY", (*path, key), message, remedy, on_key=True)
        for name, field in model.model_fields.items():
            key = field.alias or name
            for inner in _models_in(field.annotation):
                for place, held in _mappings(said.get(key), (*path, key)):
                    self._check_keys(inner, held, place)

    def _check_organization(self, event: Mapping[str, Any], path: Path) -> None:
        own = self._rule_set.organization_id
        if event["organizationId"] != own:
            self._findings.add(
                "OTHER_ORGANIZATION",
                (*path, "organizationId"),
                f"the rule set is that of `{own}`",
                "leave it out: every event is the rule set's own",
            )

    def _validated(
        self, model: type[EventModel], event: dict[str, Any], path: Path
    ) -> EventModel | None:
        try:
            return model.model_validate(event).allowed(self._rule_set.minor_digits)
        except ValidationError as refused:
            for error in refused.errors(include_url=False):
                self._report(error, path)
        except NotAllowed as refused:
            place = tuple(refused.field.split("."))
            self._findings.add("OUT_OF_RANGE", (*path, *place), f"{refused}", "correct the value")
        return None

    def _report(self, error: ErrorDetails, path: Path) -> None:
        place = (*path, *error["loc"])
        if error["type"] == "missing" and self._shape.is_cut(path):
            return  # it was there, and has been reported
        name = ".".join(str(step) for step in error["loc"])
        message = f"`{name}` {wanted(error)}" if name else wanted(error)
        code = "MISSING_KEY" if error["type"] == "missing" else "EVENT_FIELD"
        self._findings.add(code, place, message)


def _payload(kind: str, said: Mapping[str, Any], event_id: str) -> dict[str, str]:
    payload = dict(_PAYLOADS.get(kind, {}))
    if kind == "BALANCE_TOPPED_UP" and (trace := _TRACES.get(str(said.get("topUpSource")))):
        payload[trace[0]] = trace[1]
    if kind == "PAYMENT_MADE":
        payload["paymentId"] = f"payment-of-{event_id}"
    return payload


def _with_whole_numbers(model: type[BaseModel], said: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of the file are texts; where the wire asks for a whole number they become one."""
    whole = {
        field.alias
        for field in model.model_fields.values()
        if (rule := allowed_of(field)) is not None and rule.minimum is not None
    }
    return {
        key: int(value)
        if key in whole and isinstance(value, str) and _WHOLE.fullmatch(value)
        else value
        for key, value in said.items()
    }


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The model of a field, also behind `| None` or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _mappings(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """A mapping, or the mappings of a list, each with its place."""
    if isinstance(value, dict):
        yield path, value
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield (*path, index), item


def _noon(rule_set: CheckedRuleSet) -> str:
    return _MONDAY_NOON.replace(tzinfo=rule_set.time_zone).isoformat()
