"""Reading a line as an event: the shape of every event, and which code says what is wrong.

Order of judgement: size, UTF-8, JSON, shape of the envelope's `type`, known type, shape of every
field, range of every field. A fault of shape anywhere goes before a fault of range.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.reference.shapes import (
    BATCH,
    ENVELOPE,
    MOST_BATCHES,
    PAYLOADS,
    RESTRICTION,
    SNAPSHOT,
    TOPICS,
    WORDS,
    Shape,
)

TOO_LARGE_BYTES = 262_144
INTEGER_DIGITS = 20

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)


class Rejected(Exception):
    """The line is not taken."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class Number(str):
    """The source text of a JSON number."""

    __slots__ = ()


def parse(line: bytes) -> Any:
    """The JSON value of a line, numbers as their text."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected("NOT_UTF8", str(error)) from None
    try:
        value = json.loads(
            text, parse_float=Number, parse_int=Number, parse_constant=_not_a_constant
        )
    except (ValueError, RecursionError) as error:
        raise Rejected("NOT_JSON", str(error)) from None
    if value is None:
        raise Rejected("NOT_JSON", "a null value")
    return value


def small_enough(line: bytes) -> None:
    """Judged before all else."""
    if len(line) > TOO_LARGE_BYTES:
        raise Rejected("TOO_LARGE", str(len(line)))


def _not_a_constant(name: str) -> None:
    raise ValueError(name)


def organization_of(value: Any) -> str | None:
    """Whose event it is, if that can be read: decides the currency."""
    if isinstance(value, dict):
        organization = value.get("organizationId")
        if is_text(organization):
            return str(organization)
    return None


def is_text(value: Any) -> bool:
    """A text that is not empty, can be encoded and does not hold the separator of ids."""
    if not isinstance(value, str) or isinstance(value, Number) or value == "":
        return False
    return "\x1f" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def topic_of(value: Any) -> str | None:
    """The topic of the type, if it is a known one."""
    kind = value.get("type") if isinstance(value, dict) else None
    return TOPICS.get(kind) if isinstance(kind, str) else None


def read(value: Any, digits: int) -> dict[str, Any]:
    """The event: known fields as read, absent ones left out; the snapshot under `client`."""
    if not isinstance(value, dict):
        raise Rejected("SCHEMA", "not an object")
    kind = value.get("type")
    if not isinstance(kind, str) or isinstance(kind, Number):
        raise Rejected("SCHEMA", "type")
    if kind not in PAYLOADS:
        raise Rejected("UNKNOWN_TYPE", str(kind))
    event = _fields(value, ENVELOPE) | _fields(value, PAYLOADS[kind])
    event["type"] = kind
    client = value.get("client")
    if client is not None and not isinstance(client, dict):
        raise Rejected("SCHEMA", "client")
    snapshot = _fields(client or {}, SNAPSHOT)
    _together(event, snapshot)
    _in_range(event, {**ENVELOPE, **PAYLOADS[kind]}, digits)
    _in_range(snapshot, SNAPSHOT, digits)
    for batch in event.get("batches", ()):
        _in_range(batch, BATCH, digits)
    if kind in ("CLIENT_REGISTERED", "CLIENT_UPDATED", "CLIENT_IMPORTED"):
        for name in SNAPSHOT:
            if name in event:
                snapshot[name] = event.pop(name)
    if event.get("resync") is False:
        del event["resync"]
    if not event.get("batches", True):
        del event["batches"]
    if "batches" in event:
        snapshot.pop("bonusBalanceMajor", None)
    event["client"] = snapshot
    return event


def _together(event: dict[str, Any], snapshot: dict[str, Any]) -> None:
    """What one field asks of another."""
    if event.get("topUpSource") == "CASH" and "shiftId" not in event:
        raise Rejected("SCHEMA", "shiftId")
    if event.get("topUpSource") == "ACQUIRING" and "gatewayTransactionId" not in event:
        raise Rejected("SCHEMA", "gatewayTransactionId")
    balance = event.get("bonusBalanceMajor", snapshot.get("bonusBalanceMajor"))
    if event.get("resync") is True and balance is None:
        raise Rejected("SCHEMA", "resync without a balance")
    if event["type"] == "CLIENT_IMPORTED":
        _no_newcomer(event, balance)


def _no_newcomer(event: dict[str, Any], balance: Decimal | None) -> None:
    """An import must not make a regular look like a newcomer, nor say two balances."""
    if event.get("totalTopupMajor") and not event.get("topupCount"):
        raise Rejected("SCHEMA", "topupCount")
    if event.get("visitCount") and "firstVisitAt" not in event:
        raise Rejected("SCHEMA", "firstVisitAt")
    dated = "firstVisitAt" in event or "lastVisitAt" in event
    if dated and not (event.get("visitCount") and "firstVisitAt" in event):
        raise Rejected("SCHEMA", "visitCount")
    opened = sum((batch["amountMajor"] for batch in event.get("batches", ())), Decimal(0))
    if "batches" in event and balance is not None and opened != balance:
        raise Rejected("SCHEMA", "two balances")


def _fields(value: dict[str, Any], shape: Shape) -> dict[str, Any]:
    found = {}
    for name, (kind, required) in shape.items():
        given = value.get(name)
        if given is None:
            if required:
                raise Rejected("SCHEMA", f"{name} is missing")
            continue
        try:
            found[name] = _shaped(given, kind)
        except (ValueError, InvalidOperation) as error:
            raise Rejected("SCHEMA", f"{name}: {error}") from None
    return found


def _shaped(value: Any, kind: str) -> Any:
    """The value as its kind; ValueError if it cannot be read as one."""
    if kind == "flag":
        if not isinstance(value, bool):
            raise ValueError("no flag")
        return value
    if kind == "texts":
        if not isinstance(value, list) or not all(is_text(item) for item in value):
            raise ValueError("no list of texts")
        return frozenset(value)
    if kind == "product types":
        return frozenset(_each(value, lambda item: _shaped(item, "product type")))
    if kind == "batches":
        return tuple(_each(value, lambda item: _inner(item, BATCH)))
    if kind == "restriction":
        return {name: some for name, some in _inner(value, RESTRICTION).items() if some}
    if kind in ("minutes", "days"):
        if not isinstance(value, Number) or not re.fullmatch("-?[0-9]+", value):
            raise ValueError("no whole number")
        return Decimal(value)
    if kind in ("above zero", "zero or more"):
        if not isinstance(value, str) or not NUMBER.fullmatch(value):
            raise ValueError("no number")
        return figure(value)
    if kind == "free text" and value == "":
        return value
    if not is_text(value):
        raise ValueError("no text")
    if kind == "instant":
        return instant(value)
    if kind == "date":
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError("no date")
        return date.fromisoformat(value)
    if kind in WORDS and value not in WORDS[kind]:
        raise ValueError("unknown word")
    return str(value)


def _each(value: Any, read_one: Callable[[Any], Any]) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return [read_one(item) for item in value]


def _inner(value: Any, shape: Shape) -> dict[str, Any]:
    """An object inside an event; one that restricts nothing is as none."""
    if not isinstance(value, dict):
        raise ValueError("no object")
    found = _fields(value, shape)
    if not found.get("restriction", True):
        del found["restriction"]
    return found


def figure(text: str) -> Decimal:
    """The number; an exponent far outside any range is cut to one that Decimal can hold."""
    mantissa, _, exponent = text.lower().partition("e")
    return Decimal(mantissa).scaleb(max(-9999, min(9999, int(exponent or 0))))


def instant(text: str) -> datetime:
    """RFC 3339 with an offset, as UTC; what is finer than a microsecond is cut."""
    match = INSTANT.fullmatch(text)
    if not match:
        raise ValueError("no instant with an offset")
    day, time, fraction, offset = match.groups()
    micros = (fraction or ".")[1:7].ljust(6, "0")
    offset = "+00:00" if offset in "Zz" else offset
    try:
        return datetime.fromisoformat(f"{day}T{time}.{micros}{offset}").astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


def _in_range(event: dict[str, Any], shape: Shape, digits: int) -> None:
    for name, (kind, _) in shape.items():
        if name not in event:
            continue
        value = event[name]
        if kind in ("above zero", "zero or more"):
            if value < 0 or (kind == "above zero" and value == 0):
                raise Rejected("OUT_OF_RANGE", f"{name} too small")
            if value != 0 and value.adjusted() >= INTEGER_DIGITS:
                raise Rejected("OUT_OF_RANGE", f"{name} too large")
            if decimals(value) > digits:
                raise Rejected("OUT_OF_RANGE", f"{name} has too many decimals")
        if (kind == "minutes" and value < 0) or (kind == "days" and value <= 0):
            raise Rejected("OUT_OF_RANGE", f"{name} too small")
    first, last = event.get("firstVisitAt"), event.get("lastVisitAt")
    if first is not None and first > event["occurredAt"]:
        raise Rejected("OUT_OF_RANGE", "firstVisitAt")
    if last is not None and not first <= last <= event["occurredAt"]:
        raise Rejected("OUT_OF_RANGE", "lastVisitAt")
    if len(event.get("batches", ())) > MOST_BATCHES:
        raise Rejected("OUT_OF_RANGE", "batches")


def decimals(value: Decimal) -> int:
    """How many decimals it has; trailing zeros are none."""
    _, figures, exponent = value.as_tuple()
    places = -int(exponent)
    for figure in reversed(figures):
        if figure != 0:
            break
        places -= 1
    return 0 if value == 0 else places
