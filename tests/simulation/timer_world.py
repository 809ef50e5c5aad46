"""The world of one lane in which time passes: records appear by and by, and rules are due by dates.

The evaluation is the product's own. Two organizations in two zones, three clients of each, some
days of events and as many without; the clocks of owners differ and step; rule sets are swapped.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from rules_engine.compile import CompiledRuleSet
from schemas.records import InputRecord, Output, Record
from schemas.topics import Channel
from tests.simulation.parts import SimulatedClock, SimulatedPublisher
from tests.simulation.source import SomeOfEach
from tests.simulation.timer_rules import rules_in_force, rules_named
from tests.simulation.world import Step, World
from worker.evaluation.evaluator import make_terms
from worker.lane.ports import Batch

INTERNAL = "BUDGETS"
TOPICS = (INTERNAL, "TOPUPS", "VISITS", "CLIENTS")
PAYMENTS = "PAYMENTS"
CHANNELS = {topic: Channel[topic] for topic in (*TOPICS, PAYMENTS)}
BEGIN = datetime(2026, 3, 20, tzinfo=UTC)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
EVENT_DAYS, DAYS = 5, 10
PACES_US = (HOUR_US, 3 * HOUR_US, 6 * HOUR_US)
"""So much time passes while an owner waits for records, by history."""
TERMS = make_terms(300, 120, 180)


class TimerWorld(World):
    """`hurry`: all records are there from the beginning, a catch-up; `swapped`: other rules
    come into force. A step of the scheduler lets a little time pass, an idle owner's wait much."""

    inputs: Sequence[str] = TOPICS
    terms = TERMS

    def __init__(self, seed: int, *, hurry: bool = False, swapped: bool = False) -> None:
        super().__init__(Random(seed))
        self.started = self.now = int(BEGIN.timestamp()) * 1_000_000
        """Real microseconds."""
        self.pace_us = self.random.choice(PACES_US)
        self.topics: dict[str, list[InputRecord]] = make_topics(self.random)
        self.rules = "r1"
        self.read_at: dict[int, int] = {}
        """Wall clock that an owner read → the instant at which it did."""
        self.skews: dict[int, int] = {}
        self.most_units = 1 + seed % 3
        self.swapped = swapped
        if hurry:
            self.now = self.end

    @property
    def end(self) -> int:
        return self.started + DAYS * DAY_US

    def pass_time(self, microseconds: int) -> None:
        self.now += microseconds

    def wait(self, owner: int) -> None:
        """What is due after the end comes slowly, so that everybody comes to rest."""
        super().wait(owner)
        pace = self.pace_us if self.now < self.end else PACES_US[0]
        self.pass_time(int(self.random.expovariate(1 / pace)))

    def visible(self, topic: str) -> int:
        """How many records the topic holds by now."""
        records = self.topics[topic]
        if topic == INTERNAL or self.now >= self.end:
            return len(records)
        return bisect_right(records, self.now // 1000, key=_timestamp)

    def wall(self, owner: int) -> int:
        self.now += 1
        wall = self.now + self.skews.get(owner, 0)
        while wall in self.read_at:
            wall += 1
        self.read_at[wall] = self.now
        return wall


def _timestamp(record: InputRecord) -> int:
    return record.timestamp


def make_topics(random: Random) -> dict[str, list[InputRecord]]:
    """Events whose dates are mostly those of their records, sometimes days older."""
    topics: dict[str, list[InputRecord]] = {topic: [] for topic in TOPICS}
    instants = sorted(random.uniform(0, EVENT_DAYS) for _ in range(random.randint(3, 12)))
    for number, days in enumerate(instants):
        arrived = BEGIN + timedelta(days=days)
        late = random.choice((0, 0, 0, 0.01, 1.2, 3))
        topic, body = _event(random, arrived)
        event = {
            "eventId": f"e{number if random.random() < 0.95 else number // 2}",
            "organizationId": random.choice("ppq"),
            "clubId": random.choice(("c1", "c2")),
            "clientId": random.choice("xyz"),
            "occurredAt": (arrived - timedelta(days=late)).isoformat(),
            **body,
        }
        records, stamp = topics[topic], int(arrived.timestamp() * 1000)
        key, value = str(event["clientId"]).encode(), json.dumps(event).encode()
        records.append(InputRecord(topic, 0, len(records), stamp, key, value))
    return topics


def _event(random: Random, arrived: datetime) -> tuple[str, dict[str, object]]:
    kind = random.choice(("topup", "topup", "visit", "visit", "birthday"))
    if kind == "topup":
        amount = random.choice(("3", "8", "20"))
        return "TOPUPS", {
            "type": "BALANCE_TOPPED_UP",
            "topupAmountMajor": amount,
            "topUpSource": "POS_TERMINAL",
        }
    if kind == "visit":
        return "VISITS", {"type": "VISIT_STARTED", "visitId": "v", "tariffId": "t"}
    birthday = (arrived + timedelta(days=random.randint(-1, 5))).date().replace(year=1990)
    return "CLIENTS", {"type": "CLIENT_UPDATED", "birthday": birthday.isoformat()}


AnyTimerWorld = TypeVar("AnyTimerWorld", bound=TimerWorld)


class WorldRules:
    """The rule book: the version that the world has now."""

    def __init__(self, world: TimerWorld) -> None:
        self.world = world

    def rules_of(self, named: Mapping[str, str | None] | None) -> Mapping[str, CompiledRuleSet]:
        return rules_in_force(self.world.rules) if named is None else rules_named(named)

    async def learn(self, named: Mapping[str, str | None]) -> None: ...


class TimerSource(SomeOfEach[AnyTimerWorld]):
    topics: Sequence[str] = TOPICS
    internal: str | None = INTERNAL

    def records(self, topic: str) -> Sequence[Record]:
        return self.world.topics[topic][: self.world.visible(topic)]

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        await Step()
        first = self.some(INTERNAL)
        if internal_only:
            return self.taken(first, (INTERNAL,))
        return self.taken([*first, *self.merged(self.topics[1:])], self.topics)


class TimerPublisher(SimulatedPublisher):
    """What lanes say to each other about budgets comes to the receiver's internal topic; a lane
    that is alone says it to itself."""

    def __init__(self, lanes: Sequence[TimerWorld], number: int = 0) -> None:
        super().__init__(lanes[number])
        self._lanes = lanes

    def deliver(self, output: Output) -> None:
        if output.partition is not None:
            receiver = self._lanes[output.partition]
            receiver.changes += 1
            topic = receiver.topics[INTERNAL]
            place = (INTERNAL, output.partition, len(topic), 0)
            topic.append(InputRecord(*place, output.key, output.value))


class OwnerClock(SimulatedClock):
    """An owner's own wall clock, which may differ from the world's and step."""

    def __init__(self, world: TimerWorld, owner: int) -> None:
        super().__init__(world)
        self._world, self.owner = world, owner

    def now_us(self) -> int:
        return self._world.wall(self.owner)
