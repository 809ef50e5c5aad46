"""From a box of values to events that have them, as lines of a file for `loyalty simulate`."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rules_engine.calendar import MINUTE_US, calendar_of
from rules_engine.checked import CheckedRuleSet
from rules_engine.lint.boxes import Box
from rules_engine.lint.domains import CLUB
from rules_engine.lint.points import ELSEWHERE, Point, client_of, instant_of, past_of
from rules_engine.variables import EVENT_VARIABLES, Variable
from schemas.instants import SECOND_US, instant_text, parse_instant

_USUAL = Decimal(100)
_SOURCE_FIELDS = {"CASH": "shiftId", "ACQUIRING": "gatewayTransactionId"}


class Witness:
    """Events for boxes of one trigger. `trigger` is one that a topic carries."""

    def __init__(self, rule_set: CheckedRuleSet, trigger: str, now: int) -> None:
        self._rule_set = rule_set
        self._trigger = trigger
        self._since = now
        self._unit = Decimal(1).scaleb(-rule_set.minor_digits)

    def lines(self, box: Box, low: frozenset[str]) -> list[bytes] | None:
        """An event of the box, before it an import where the client must have a past; None where
        none is found. Numbers are the greatest of the box, those named in `low` the least."""
        point = Point(box, low)
        club = point.text(CLUB) or ELSEWHERE
        calendar = calendar_of(self._rule_set.club_zones.get(club, self._rule_set.time_zone))
        at = instant_of(point, self._since, calendar)
        client_id = client_of(point, self._rule_set.organization_id)
        if at is None or client_id is None:
            return None
        envelope = {
            "organizationId": self._rule_set.organization_id,
            "clubId": club,
            "clientId": client_id,
        }
        event = {
            "eventId": "e-1",
            "type": self._trigger,
            **envelope,
            "occurredAt": instant_text(at),
            **self._payload(point),
        }
        past = past_of(point, self._unit, calendar, at)
        if not past:
            return [line_of(event)]
        begun = {
            "eventId": "e-0",
            "type": "CLIENT_IMPORTED",
            **envelope,
            "occurredAt": instant_text(at - MINUTE_US),
            **past,
        }
        return [line_of(begun), line_of(event)]

    def _payload(self, point: "Point") -> dict[str, Any]:
        payload: dict[str, Any] = {}
        for variable in EVENT_VARIABLES[self._trigger]:
            value = self._field(point, variable)
            if value is not None:
                payload[variable.name] = value
        traced = _SOURCE_FIELDS.get(payload.get("topUpSource", ""))
        if traced is not None:
            payload.setdefault(traced, "1")
        return payload

    def _field(self, point: "Point", variable: Variable) -> Any:
        if not point.has(variable.name):
            if variable.optional:
                return None
            if variable.words:
                return "POS_TERMINAL" if "POS_TERMINAL" in variable.words else variable.words[0]
            if variable.name == "bonusAmountMajor":
                return "0"
            return self._plain(_USUAL, variable) if variable.is_money or variable.whole else "1"
        number = point.number(variable.name)
        if number is not None:
            return self._plain(number, variable)
        return point.text(variable.name)

    def _plain(self, number: Decimal, variable: Variable) -> Any:
        return f"{number.quantize(self._unit):f}" if variable.is_money else int(number)


def amount_of(line: bytes, name: str) -> int:
    """A number of the event, in units of its last decimal."""
    written = Decimal(str(json.loads(line)[name]))
    return int(written.scaleb(-_exponent(written)))


def of_amount(line: bytes, name: str, amount: int) -> bytes:
    """The event with another number, told as `amount_of` tells it."""
    event = json.loads(line)
    number = Decimal(amount).scaleb(_exponent(Decimal(str(event[name]))))
    event[name] = f"{number:f}" if isinstance(event[name], str) else int(number)
    return line_of(event)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def again(line: bytes, number: int) -> bytes:
    """The event once more, so many seconds later, under ids of its own."""
    event = json.loads(line)
    at = parse_instant(event["occurredAt"]) + number * SECOND_US
    event |= {"eventId": f"e-{number + 1}", "occurredAt": instant_text(at)}
    if "paymentId" in event:
        event["paymentId"] = f"p-{number + 1}"
    return line_of(event)


def is_import(line: bytes) -> bool:
    """Does the line say only what the client was before?"""
    return bool(json.loads(line)["type"] == "CLIENT_IMPORTED")


def instant_of_line(line: bytes) -> int:
    """When the event is dated."""
    return parse_instant(json.loads(line)["occurredAt"])


def line_of(event: Mapping[str, Any]) -> bytes:
    """An event as a line of a file."""
    return json.dumps(event, ensure_ascii=False).encode()
