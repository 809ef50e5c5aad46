"""Several lanes in which time passes, with clients of their own and budgets in common.

Each is a `TimerWorld` with a log, tables and owners of its own; what they share is the time, the
rule sets that are in force, and the partitions of the internal topic.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from msgspec.structs import replace

from schemas.records import InputRecord
from tests.simulation.timer_world import (
    BEGIN,
    EVENT_DAYS,
    PAYMENTS,
    TOPICS,
    TimerSource,
    TimerWorld,
)
from worker.evaluation.evaluator import make_terms

LANES = 3
INPUTS = (*TOPICS, PAYMENTS)
DAYS_OF_PAYMENTS = (180, 2, 180)
"""So long they are remembered: a part of a history, or all of it."""
CLIENTS = "CLIENTS"


class Together:
    """What the lanes have in common. Some begin when all records are there already: a catch-up."""

    def __init__(self, seed: int) -> None:
        self.now = 0
        self.rules = "r1"
        self.lanes = [TimeLane(self, number, seed) for number in range(LANES)]
        if seed % 3 == 0:
            self.now = self.lanes[0].end


class TimeLane(TimerWorld):
    lanes = LANES
    inputs: Sequence[str] = INPUTS

    def __init__(self, together: Together, number: int, seed: int) -> None:
        self.together, self.number = together, number
        self.member = 0
        """An earlier owner to whom the group gave the lane back; 0: it is the newest one's."""
        super().__init__(seed * LANES + number, swapped=seed % 2 == 0)
        self.most_units = 1 + seed % 3
        self.late = seed % 3 == 1
        self.terms = make_terms(300, 120, DAYS_OF_PAYMENTS[seed // 3 % len(DAYS_OF_PAYMENTS)])
        self.topics[PAYMENTS] = []
        for topic, record in lives_and_payments(self.random):
            self.topics[topic].append(record)
        for topic in (CLIENTS, PAYMENTS):
            arrived = sorted(self.topics[topic], key=lambda record: record.timestamp)
            self.topics[topic] = [replace(each, offset=n) for n, each in enumerate(arrived)]

    @property
    def now(self) -> int:
        return self.together.now

    @now.setter
    def now(self, now: int) -> None:
        self.together.now = now

    @property
    def rules(self) -> str:
        return self.together.rules

    @rules.setter
    def rules(self, rules: str) -> None:
        self.together.rules = rules

    def is_member(self, owner: int) -> bool:
        return owner == (self.member or self.newest)

    def pass_time(self, microseconds: int) -> None:
        """Lanes take turns: for each of them it passes as if it were alone."""
        super().pass_time(microseconds // LANES)


def lives_and_payments(random: Random) -> list[tuple[str, InputRecord]]:
    """Payments with bonuses, their refunds, and clients who are forgotten."""
    found = []
    for number in range(random.randint(3, 12)):
        arrived = BEGIN + timedelta(days=random.uniform(0, EVENT_DAYS))
        kind = random.choice(("PAYMENT_MADE", "PAYMENT_MADE", "PAYMENT_REFUNDED", "FORGOTTEN"))
        client = random.choice("xy")
        event: dict[str, object] = {
            "eventId": f"l{number}",
            "organizationId": random.choice("ppq"),
            "clubId": "c1",
            "clientId": client,
            "occurredAt": (arrived - timedelta(days=random.choice((0, 0, 1.2)))).isoformat(),
        }
        paid = {"paymentId": f"p{random.randrange(4)}", "bonusAmountMajor": random.choice("125")}
        if kind == "PAYMENT_MADE":
            bought = {"productType": "BAR", "productId": "cola", "totalAmountMajor": "9"}
            event |= {"type": kind, **paid, **bought}
        elif kind == "PAYMENT_REFUNDED":
            event |= {"type": kind, **paid, "refundAmountMajor": random.choice("49")}
        else:
            event["type"] = "CLIENT_FORGOTTEN"
        topic = CLIENTS if kind == "FORGOTTEN" else PAYMENTS
        stamp, value = int(arrived.timestamp() * 1000), json.dumps(event).encode()
        found.append((topic, InputRecord(topic, 0, 0, stamp, client.encode(), value)))
    return found


class TogetherSource(TimerSource[TimeLane]):
    topics: Sequence[str] = INPUTS
    partitions = LANES
