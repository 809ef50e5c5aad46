"""Several lanes in which time passes, with clients of their own and budgets in common.

Each is a `TimerWorld` with a log, tables and owners of its own; what they share is the time, the
rule sets that are in force, and the partitions of the internal topic.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from msgspec.structs import replace

from schemas.records import InputRecord, Output
from tests.simulation.timer_world import (
    BEGIN,
    DAY_US,
    DAYS,
    EVENT_DAYS,
    INTERNAL,
    PAYMENTS,
    TOPICS,
    OwnerClock,
    TimerSource,
    TimerWorld,
)
from tests.simulation.world import SimulatedPublisher, Step
from worker.evaluation.evaluator import make_terms

LANES = 3
INPUTS = (*TOPICS, PAYMENTS)
DAYS_OF_PAYMENTS = (2, 180)
"""So long they are remembered: a part of a history, or all of it."""
CLIENTS = "CLIENTS"


class Together:
    """What the lanes have in common."""

    def __init__(self, seed: int) -> None:
        self.now = 0
        self.rules = "r1"
        self.lanes = [TimeLane(self, number, seed) for number in range(LANES)]
        if seed % 3 == 0:  # a catch-up: all records are there
            self.now += DAYS * DAY_US


class TimeLane(TimerWorld):
    lanes = LANES
    inputs: Sequence[str] = INPUTS

    def __init__(self, together: Together, number: int, seed: int) -> None:
        self.together, self.number = together, number
        self.member = 0
        """An earlier owner to whom the group gave the lane back; 0: it is the newest one's."""
        super().__init__(seed * LANES + number)
        self.most_units = 1 + seed % 3
        self.swapped, self.late = seed % 2 == 0, seed % 3 == 1
        self.terms = make_terms(300, 120, DAYS_OF_PAYMENTS[seed // 2 % 2])
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

    def pass_time(self) -> None:
        """Lanes take turns: for each of them it passes as if it were alone."""
        if self.chance(1 / LANES):
            super().pass_time()


def lives_and_payments(random: Random) -> list[tuple[str, InputRecord]]:
    """Payments with bonuses, their refunds, and clients who are forgotten."""
    found = []
    for number in range(random.randint(6, 24)):
        arrived = BEGIN + timedelta(days=random.uniform(0, EVENT_DAYS))
        kind = random.choice(("PAYMENT_MADE", "PAYMENT_MADE", "PAYMENT_REFUNDED", "FORGOTTEN"))
        client = random.choice("xyz")
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


class TogetherSource(TimerSource):
    world: TimeLane
    topics: Sequence[str] = INPUTS
    partitions = LANES

    async def still_member(self) -> bool:
        await Step()
        return self.owner == (self.world.member or self.world.newest)


class TogetherPublisher(SimulatedPublisher):
    """Messages arrive in the receiver's partition, again with every repetition."""

    def __init__(self, world: TimeLane) -> None:
        super().__init__(world)
        self._lanes = world.together.lanes

    async def publish(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            await super().publish([output])
            if output.partition is not None:
                topic = self._lanes[output.partition].topics[INTERNAL]
                place = (INTERNAL, output.partition, len(topic), 0)
                topic.append(InputRecord(*place, output.key, output.value))


class RunningClock(OwnerClock):
    """By which an owner also loses its patience: a lane that is to be left gives its commit up."""

    def perf(self) -> float:
        return self.world.now / 1_000_000
