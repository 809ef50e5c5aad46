"""A round of records: good ones, damaged ones, repeated ones, and some on a wrong topic, under a
wrong key, without a value or with strange headers."""

import json
from datetime import timedelta
from random import Random

from schemas.records import InputRecord
from tests.fuzz.events import BEGIN, Event, good_event
from tests.fuzz.mutations import damage
from tests.reference.shapes import TOPICS as TOPIC_OF_TYPE

TOPICS = tuple(dict.fromkeys(TOPIC_OF_TYPE.values()))
RECENT = 30
REFUNDED = {"TOPUP_REFUNDED": "topupAmountMajor", "PAYMENT_REFUNDED": "paymentId"}
"""Which field tells what is refunded."""
HEADERS: tuple[tuple[tuple[str, bytes], ...], ...] = (
    (("traceparent", b"00-1"),),
    (("", b""), ("x" * 300, b"\xff" * 9)),
    (("error.code", b"mine"), ("empty", b"")),
)


class Round:
    """Offsets count per topic; broker timestamps go up by a second, now and then by hours, in the
    order of arrival."""

    def __init__(self, seed: int, count: int) -> None:
        self._random = Random(seed)
        self._clients = self._random.choice((1, 5, 60, 400))
        self._sent: list[Event] = []
        self._now = BEGIN
        self._pauses = self._random.choice((0, 0.01, 0.04))
        self._ends = dict.fromkeys(TOPICS, 0)
        self.records = [self._record(number) for number in range(count)]

    def _record(self, number: int) -> InputRecord:
        random = self._random
        self._now += timedelta(seconds=1)
        if random.random() < self._pauses:
            self._now += timedelta(
                hours=random.choice((1, 8, 13, 24)), seconds=random.choice((0, 1))
            )
        event = self._event(number)
        topic, key = TOPIC_OF_TYPE[event["type"]], event["clientId"].encode()
        value: bytes | None = json.dumps(event, ensure_ascii=random.random() < 0.5).encode()
        luck = random.random()
        if luck < 0.5:
            assert value is not None
            value = damage(random, value)
        elif luck < 0.52:
            topic = random.choice(TOPICS)
        elif luck < 0.54:
            key = random.choice((b"", b"\xff", b"c-0", key + b" "))
        elif luck < 0.545:
            value = None
        else:
            self._sent.append(event)
        headers = random.choice(HEADERS) if random.random() < 0.1 else ()
        offset = self._ends[topic]
        self._ends[topic] += 1
        stamp = int(self._now.timestamp() * 1000)
        key_or_none = None if random.random() < 0.005 else key
        return InputRecord(topic, 0, offset, stamp, key_or_none, value, headers)

    def _of_something(self, event: Event) -> Event:
        """A refund is mostly one of something that its client did."""
        name = REFUNDED.get(event["type"])
        made = [
            each for each in self._sent[-200:] if name in each and "refundAmountMajor" not in each
        ]
        if name is None or not made or self._random.random() < 0.2:
            return event
        of = self._random.choice(made)
        field = "originalEventId" if name == "topupAmountMajor" else name
        named = of["eventId"] if name == "topupAmountMajor" else of[name]
        return event | {"clientId": of["clientId"], field: named}

    def _event(self, number: int) -> Event:
        """A new one; or one of the latest again, as it was, or with something else in it."""
        random = self._random
        if not self._sent or random.random() > 0.12:
            return self._of_something(good_event(random, number, self._clients, self._now))
        event = dict(random.choice(self._sent[-RECENT:]))
        luck = random.random()
        if luck < 0.3:
            event["clubId"] = "another club"
        elif luck < 0.5 and "paymentId" in event:
            event["eventId"] = f"e-{number}"
        elif luck < 0.6:
            event = {name: event[name] for name in reversed(event)} | {"unknown": [1, {}]}
        return event
