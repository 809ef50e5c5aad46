"""What must become of each record, by the contract: worked out with the reference's own reader and
memory, which share no code with the worker.

In this order: TOO_LARGE, NOT_UTF8, NOT_JSON, SCHEMA of what has no type, UNKNOWN_TYPE, WRONG_TOPIC,
SCHEMA, OUT_OF_RANGE, KEY_MISMATCH, IN_FUTURE, then duplicate or EVENT_ID_REUSED,
PAYMENT_ID_REUSED, and else applied.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import localcontext
from typing import Any

from schemas.records import InputRecord
from tests.reference import events
from tests.reference.memory import Client

APPLIED, DUPLICATE = "applied", "duplicate"
DIGITS = {"izi": 2}
DIGITS_WITHOUT_RULES = 4
SKEW = timedelta(seconds=300)

Key = tuple[str, str]


class Accountant:
    """The fates of the records of one lane, in the order of their arrival."""

    def __init__(self) -> None:
        self._clients: dict[Key, Client] = {}
        self._paid: dict[tuple[Key, str], dict[str, Any]] = {}

    def judge(self, record: InputRecord) -> tuple[str, dict[str, Any] | None]:
        """`applied`, `duplicate` or the code of the dead letter; the event where it was read."""
        with _numbers_of_any_length():
            try:
                event = _read(record)
                return self._take(event), event
            except events.Rejected as rejected:
                return rejected.code, None

    def _take(self, event: dict[str, Any]) -> str:
        key = (event["organizationId"], event["clientId"])
        client = self._clients.setdefault(key, Client(key))
        known = client.known_event(event["eventId"])
        if known is not None:
            if known != event:
                raise events.Rejected("EVENT_ID_REUSED", event["eventId"])
            return DUPLICATE
        if event["type"] == "PAYMENT_MADE":
            self._pay(key, client, event)
        client.remember(event)
        return APPLIED

    def _pay(self, key: Key, client: Client, event: dict[str, Any]) -> None:
        """A payment's id is another event's while that is remembered, or where it has a bonus part
        (all of a round lies within 180 days)."""
        earlier = self._paid.get((key, event["paymentId"]))
        if (
            earlier is not None
            and earlier["eventId"] != event["eventId"]
            and (earlier["bonusAmountMajor"] > 0 or client.known_event(earlier["eventId"]))
        ):
            raise events.Rejected("PAYMENT_ID_REUSED", event["paymentId"])
        self._paid[key, event["paymentId"]] = event


@contextmanager
def _numbers_of_any_length() -> Iterator[None]:
    """For the accountant alone: the worker has to live with Python's own limits."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with localcontext() as context:
            context.prec = 20_000
            yield
    finally:
        sys.set_int_max_str_digits(limit)


def _read(record: InputRecord) -> dict[str, Any]:
    value = record.value
    if value is None:
        raise events.Rejected("NOT_JSON", "no value")
    events.small_enough(value)
    parsed = events.parse(value)
    home = events.topic_of(parsed)
    if home is not None and home != record.topic:
        raise events.Rejected("WRONG_TOPIC", home)
    if isinstance(parsed, dict) and not _is_text(parsed.get("type")):
        raise events.Rejected("SCHEMA", "type")
    _spare_words(parsed)
    organization = events.organization_of(parsed)
    event = events.read(parsed, DIGITS.get(organization or "", DIGITS_WITHOUT_RULES))
    if record.key != event["clientId"].encode():
        raise events.Rejected("KEY_MISMATCH", event["clientId"])
    sent = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    if event["occurredAt"] > sent + SKEW:
        raise events.Rejected("IN_FUTURE", str(event["occurredAt"]))
    return event


def _spare_words(parsed: Any) -> None:
    """U+001F separates ids, so no id may hold it; the reference forbids it in every text. Where a
    text is no id it stands for any other character."""
    for name in ("code", "executor", "reason"):
        if isinstance(parsed, dict) and type(parsed.get(name)) is str:
            parsed[name] = parsed[name].replace("\x1f", " ")


def _is_text(kind: object) -> bool:
    """Half of a surrogate pair is no text: nothing could be written about it."""
    if not isinstance(kind, str):
        return False
    try:
        kind.encode()
    except UnicodeEncodeError:
        return False
    return True
