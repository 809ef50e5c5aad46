"""What must become of each record, by the contract, and what must come out of it: worked out with
the reference's own reader and model, which share no code with the worker.

In this order: TOO_LARGE, NOT_UTF8, NOT_JSON, SCHEMA of what has no type, UNKNOWN_TYPE, WRONG_TOPIC,
SCHEMA, OUT_OF_RANGE, KEY_MISMATCH, IN_FUTURE, then duplicate or EVENT_ID_REUSED,
PAYMENT_ID_REUSED, NOT_IMPORTED, and else applied. What time makes due comes before the event that
moves the clock.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import localcontext
from typing import Any

from schemas.records import InputRecord
from tests.reference import agenda, events, ring
from tests.reference.memory import Client
from tests.reference.model import Model
from tests.reference.result import Result

APPLIED, DUPLICATE = "applied", "duplicate"
DIGITS = {"izi": 2}
DIGITS_WITHOUT_RULES = 4
SKEW = timedelta(seconds=300)


class Accountant(Model):
    """The fates of the records of one lane, in the order of their arrival; `result` is what must
    come out of it.

    The model asks every client what is due, whenever the clock moves. This one remembers the
    answers of those whom nothing happened to since.
    """

    def __init__(self, rules: str) -> None:
        super().__init__(rules, {})
        self._first_due: dict[tuple[str, str], agenda.Due] = {}

    def fate_of(self, record: InputRecord) -> str:
        """`applied`, `duplicate` or the code of the dead letter."""
        with _numbers_of_any_length():
            try:
                event = _read(record)
                key = (event["organizationId"], event["clientId"])
                client = self.clients.get(key)
                is_known = client is not None and client.known_event(event["eventId"]) is not None
                self.take(event, record.offset)
            except events.Rejected as rejected:
                return rejected.code
        self._look_at(self.clients[key])
        return DUPLICATE if is_known else APPLIED

    def close(self) -> Result:
        """With what an event gave that was over by then."""
        self.advance(self.clock)
        return self.result

    def advance(self, clock: datetime) -> None:
        while self._first_due:
            due = min(self._first_due.values(), key=lambda each: each.order)
            if due.at > clock:
                break
            self.clock = max(self.clock, due.at)
            self.position = max(self.position, (due.at, due.rank))
            ring.ring(self, due)
            self.set_timers(due.client)
            self._look_at(due.client)
        self.clock = clock
        self.position = (clock, agenda.EVENTS)

    def _look_at(self, client: Client) -> None:
        ours = client.key[0] == self.rule_set["organizationId"]
        due = agenda.earliest([client]) if ours else None
        if due is None:
            self._first_due.pop(client.key, None)
        else:
            self._first_due[client.key] = due


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
    spare_words(parsed)
    organization = events.organization_of(parsed)
    event = events.read(parsed, DIGITS.get(organization or "", DIGITS_WITHOUT_RULES))
    if record.key != event["clientId"].encode():
        raise events.Rejected("KEY_MISMATCH", event["clientId"])
    sent = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    if event["occurredAt"] > sent + SKEW:
        raise events.Rejected("IN_FUTURE", str(event["occurredAt"]))
    return event


def spare_words(parsed: Any) -> None:
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
