"""A seeded stream of events in the wire format, as a CRM of gaming clubs would publish them.

The same seed and number of clients give the same bytes for ever. The first events visit every
client once, so that after them each client has a state; from then on clients come at random.
Every client keeps to one club; top-ups, visits and payments come 45 : 35 : 20.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from benchmarks.workload.rules import (
    CLUBS,
    ORGANIZATION,
    PAYMENT,
    TOPUP,
    VISIT_ENDED,
    VISIT_STARTED,
)

TOPICS = ("topups", "visits", "payments")
BEGIN = datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=3)))
STEP = timedelta(seconds=8)
"""20,000 clients at one event every eight seconds: a client comes every second day."""

_TOPUPS = ((150, 17), (200, 15), (300, 15), (400, 12), (500, 13), (700, 8), (1000, 9))
_LARGE_TOPUPS = ((1500, 5), (2000, 3), (3000, 2), (5000, 1))
_PAYMENTS = (
    (120, 20),
    (250, 20),
    (350, 15),
    (600, 15),
    (900, 12),
    (1200, 10),
    (1800, 5),
    (2500, 3),
)


def client_id(number: int) -> str:
    """Of a client's number: the key of its records."""
    return f"client-{number:07d}"


class InputEvent(msgspec.Struct, frozen=True, gc=False):
    """One record to produce. `topic` is one of `TOPICS`; the key is the client's id."""

    topic: str
    event_id: str
    client_id: str
    value: bytes


class EventStream:
    """An endless stream; `take` continues where the last one ended.

    `clients`: how many, or their numbers. `hot_share`: of the events once everybody was seen, so
    many are the first client's. `organization_of`: of a client's number. `begin` and `step`: when
    the first event happened, and the time between two.
    """

    def __init__(
        self,
        seed: int,
        clients: int | Sequence[int],
        *,
        hot_share: float = 0.0,
        organization_of: Callable[[int], str] = lambda _: ORGANIZATION,
        begin: datetime = BEGIN,
        step: timedelta = STEP,
    ) -> None:
        self._random = random.Random(seed)
        self._clients = range(clients) if isinstance(clients, int) else clients
        self._hot_share, self._organization_of = hot_share, organization_of
        self._begin, self._step = begin, step
        self._unseen = list(self._clients)
        self._random.shuffle(self._unseen)
        self._number = 0
        self._open_visits: dict[int, str] = {}
        self._encoder = msgspec.json.Encoder()
        self._topups = _weighted(_TOPUPS + _LARGE_TOPUPS)
        self._payments = _weighted(_PAYMENTS)

    def take(self, count: int) -> list[InputEvent]:
        return [self._next() for _ in range(count)]

    def _next(self) -> InputEvent:
        number = self._number
        self._number += 1
        client = self._unseen.pop() if self._unseen else self._again()
        event_id = f"{self._random.getrandbits(128):032x}"
        body: dict[str, Any] = {
            "eventId": event_id,
            "type": "",
            "organizationId": self._organization_of(client),
            "clubId": CLUBS[client % len(CLUBS)],
            "clientId": client_id(client),
            "occurredAt": (self._begin + number * self._step).isoformat(),
        }
        dice = self._random.random()
        if dice < 0.45:
            topic = "topups"
            self._top_up(body, number)
        elif dice < 0.80:
            topic = "visits"
            self._visit(body, client, number)
        else:
            topic = "payments"
            self._pay(body, number)
        return InputEvent(topic, event_id, body["clientId"], self._encoder.encode(body))

    def _again(self) -> int:
        if self._hot_share and self._random.random() < self._hot_share:
            return self._clients[0]
        return self._random.choice(self._clients)

    def _top_up(self, body: dict[str, Any], number: int) -> None:
        source = self._random.choice(("ACQUIRING", "ACQUIRING", "POS_TERMINAL", "CASH"))
        body["type"] = TOPUP
        body["topupAmountMajor"] = f"{self._random.choice(self._topups)}.00"
        body["topUpSource"] = source
        if source == "CASH":
            body["shiftId"] = f"shift-{number // 4000}"
        elif source == "ACQUIRING":
            body["gatewayTransactionId"] = f"gw-{number:010d}"

    def _visit(self, body: dict[str, Any], client: int, number: int) -> None:
        begun = self._open_visits.pop(client, None)
        body["type"] = VISIT_STARTED if begun is None else VISIT_ENDED
        body["visitId"] = begun or f"visit-{number:010d}"
        body["tariffId"] = "standard"
        if begun is None:
            self._open_visits[client] = body["visitId"]
        else:
            body["durationMinutes"] = self._random.randrange(30, 600)

    def _pay(self, body: dict[str, Any], number: int) -> None:
        total = self._random.choice(self._payments)
        with_bonus = self._random.random() < 0.2
        kind = self._random.choice(("TARIFF", "TARIFF", "BAR", "BAR", "MULTIPASS"))
        body["type"] = PAYMENT
        body["paymentId"] = f"pay-{number:010d}"
        body["totalAmountMajor"] = f"{total}.00"
        body["bonusAmountMajor"] = f"{total // 10}.00" if with_bonus else "0.00"
        body["productType"] = kind
        body["productId"] = f"{kind.lower()}-1"


def _weighted(pairs: Sequence[tuple[int, int]]) -> list[int]:
    return [value for value, weight in pairs for _ in range(weight)]
