"""Judgement of one record by the contract: the event, or why it is not taken.

This path decides every refusal. It is read far less often than `schemas.decode`'s quick path,
so it is written to be right and to explain itself. The order of judgement:

1. TOO_LARGE, 2. NOT_UTF8, 3. NOT_JSON (no value at all, and JSON `null` alone, included),
4. SCHEMA for what is no object with a `type`, 5. UNKNOWN_TYPE, 6. WRONG_TOPIC, 7. SCHEMA,
8. OUT_OF_RANGE, 9. KEY_MISMATCH.

Messages are the project's own words: a replay must give the same bytes under another release of
Python or pydantic.
"""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.dead_letters import Code
from schemas.decoded import Event, Rejected
from schemas.errors import NotAllowed, Unreadable, shown
from schemas.events import EVENT_MODELS
from schemas.json_text import read_json
from schemas.money import MAX_MINOR_DIGITS
from schemas.topics import CHANNEL_OF_EVENT

MAX_VALUE_BYTES = 262_144

MinorDigits = Callable[[str], int | None]
"""Decimals of an organization's currency; None while it has no rule set."""


class _Refusal(Exception):
    """Carries the verdict out of the steps below; never leaves this module."""

    def __init__(self, code: Code, message: str) -> None:
        self.rejected = Rejected(code, message)


def judge(
    value: bytes | None,
    key: bytes | None,
    channel: str | None,
    minor_digits: MinorDigits,
    check_key: bool = True,
) -> Event | Rejected:
    """The event in a record, or its dead letter's code and message.

    `channel` None: the type decides what it is (files carry no topic).
    """
    try:
        document = _document(value)
        event = _event(document, channel, minor_digits)
        if check_key:
            _check_key(key, event.client_id)
    except _Refusal as refusal:
        return refusal.rejected
    return event


def _document(value: bytes | None) -> dict[str, Any]:
    if value is None:
        raise _Refusal(Code.NOT_JSON, "The record has no value: send the event as JSON.")
    if len(value) > MAX_VALUE_BYTES:  # 1
        raise _Refusal(
            Code.TOO_LARGE,
            f"The value has {len(value)} bytes: send at most {MAX_VALUE_BYTES}.",
        )
    try:
        text = value.decode()
    except UnicodeDecodeError as fault:  # 2
        raise _Refusal(
            Code.NOT_UTF8, f"The value is not UTF-8 at byte {fault.start}: encode it as UTF-8."
        ) from None
    try:
        document = read_json(text)
    except Unreadable as fault:  # 3
        raise _Refusal(
            Code.NOT_JSON, f"The value {fault.message}: send the event as one JSON object."
        ) from None
    if document is None:
        raise _Refusal(Code.NOT_JSON, "The value is null: send the event as a JSON object.")
    if not isinstance(document, dict):  # 4
        raise _Refusal(Code.SCHEMA, "The value is no JSON object: send the event as one.")
    return document


def _event(document: dict[str, Any], channel: str | None, minor_digits: MinorDigits) -> Event:
    name = document.get("type")
    if not isinstance(name, str) or not _is_text(name):
        raise _Refusal(Code.SCHEMA, "`type` is missing or no text: name the event's type.")
    model = EVENT_MODELS.get(name)
    if model is None:  # 5
        raise _Refusal(
            Code.UNKNOWN_TYPE,
            f"`type` {shown(name)} is unknown: use one of {', '.join(EVENT_MODELS)}.",
        )
    home = CHANNEL_OF_EVENT[name]
    if channel is not None and home != channel:  # 6
        raise _Refusal(
            Code.WRONG_TOPIC,
            f"{name} does not belong on the topic for {channel}: send it to the one for {home}.",
        )
    try:
        read = model.model_validate(document)
    except ValidationError as fault:  # 7
        raise _Refusal(Code.SCHEMA, _sentence(fault.errors(include_url=False)[0])) from None
    digits = minor_digits(read.organization_id)
    try:
        return read.allowed(MAX_MINOR_DIGITS if digits is None else digits).to_event()
    except NotAllowed as fault:  # 8
        raise _Refusal(Code.OUT_OF_RANGE, f"{fault}.") from None


def _check_key(key: bytes | None, client_id: str) -> None:
    if key != client_id.encode():  # 9
        raise _Refusal(
            Code.KEY_MISMATCH,
            f"The record's key is not `clientId` {shown(client_id)}: use the clientId as the key.",
        )


def _is_text(text: str) -> bool:
    """No surrogate without its pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_WANTED = {
    "missing": "is missing: add it",
    "string_type": "must be text",
    "string_unicode": "must be text, without half of a surrogate pair",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must not hold the control character U+001F",
    "bool_type": "must be true or false",
    "list_type": "must be a list of texts",
    "model_type": "must be an object",
}
"""What a fault that pydantic itself finds asks for."""


def _sentence(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"`{place}` {wanted(error)}." if place else f"{wanted(error)}."


def wanted(error: ErrorDetails) -> str:
    """What an error of pydantic about an event asks for, to be said after the field's name."""
    details = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(details["error"])
    if error["type"] == "literal_error":
        return f"must be one of {details['expected']}".replace("'", "").replace(" or ", ", ")
    return _WANTED[error["type"]]
