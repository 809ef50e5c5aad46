"""The world of one lane in which time passes: records appear by and by, and rules are due by dates.

The evaluation is the product's own. Two organizations in two zones, four clients, some ten days of
events and as many without; the clocks of owners differ and step; rule sets are swapped.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from schemas.records import InputRecord, Output, Record
from schemas.topics import Channel
from tests.simulation.source import SomeOfEach
from tests.simulation.world import SimulatedPublisher, Step, World
from worker.evaluation.evaluator import make_terms
from worker.lane.ports import Batch

INTERNAL = "BUDGETS"
TOPICS = (INTERNAL, "TOPUPS", "VISITS", "CLIENTS")
PAYMENTS = "PAYMENTS"
CHANNELS = {topic: Channel[topic] for topic in (*TOPICS, PAYMENTS)}
BEGIN = datetime(2026, 3, 20, tzinfo=UTC)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
EVENT_DAYS, DAYS = 9, 16
TERMS = make_terms(300, 120, 180)

RULES = """
organizationId: {organization}
version: "{version}"
timeZone: {zone}
currency: RUB
limits: {{budget: {{amountMajor: 60, per: WEEK}}}}
rules:
  - id: topup
    name: Top-up
    trigger: BALANCE_TOPPED_UP
    actions:
      - {{type: ADD_BONUS, formula: topupAmountMajor, expiresInDays: {lapse}}}
      - {{type: ASSIGN_GROUP, groupId: fresh, expiresInDays: 1}}
  - id: absent
    name: Absent
    trigger: CLIENT_ABSENT
    after: {{days: {absent}}}
    at: "{at}"
    actions:
      - {{type: ADD_BONUS, formula: "5", expiresInDays: 1}}
      - {{type: ASSIGN_GROUP, groupId: sleepers, expiresInDays: 2}}
  - {{id: absent-long, name: Long, trigger: CLIENT_ABSENT, after: {{days: 4}}, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: daysSinceLastVisit, expiresInDays: 2}}]}}
  - {{id: first, name: First, trigger: AFTER_FIRST_VISIT, after: {{days: 1}},
     actions: [{{type: ADD_BONUS, formula: visitCount}}]}}
  - {{id: birthday, name: Birthday, trigger: BIRTHDAY, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: "7", expiresInDays: 1}}]}}
  - {{id: expiring, name: Expiring, trigger: BONUS_EXPIRING, before: {{days: 1}},
     actions: [{{type: SEND_PUSH, title: "{{expiringAmountMajor}}", body: b, ttlHours: 1}}]}}
  - {{id: expired, name: Expired, trigger: BONUS_EXPIRED,
     actions: [{{type: ADD_BONUS, formula: "expiredAmountMajor / 2", expiresInDays: 3}}]}}
"""
VERSIONS = {
    "r1": {"absent": 2, "at": "10:00", "lapse": 2},
    "r2": {"absent": 1, "at": "09:30", "lapse": 1},
    "r3": {"absent": 3, "at": "10:00", "lapse": 2},
}
ZONES = {"p": "Europe/Berlin", "q": "Asia/Vladivostok"}


@cache
def rule_set(organization: str, version: str) -> CompiledRuleSet:
    zone = ZONES[organization]
    text = RULES.format(organization=organization, version=version, zone=zone, **VERSIONS[version])
    return compile_rule_set(load_rule_set(text, organization))


@cache
def by_hash() -> dict[str, CompiledRuleSet]:
    every = (rule_set(organization, version) for organization in ZONES for version in VERSIONS)
    return {each.content_hash: each for each in every}


class TimerWorld(World):
    """`started`: real microseconds; each step of the scheduler lets some time pass. The lane is
    number `number` of `lanes`."""

    number, lanes = 0, 1
    inputs: Sequence[str] = TOPICS
    terms = TERMS

    def __init__(self, seed: int, hurry: bool = False) -> None:
        super().__init__(seed)
        self.started = self.now = int(BEGIN.timestamp()) * 1_000_000
        self.topics: dict[str, list[InputRecord]] = make_topics(self.random)
        self.read_at: dict[int, int] = {}
        """Wall clock that an owner read → the instant at which it did."""
        self.skews: dict[int, int] = {}
        self.most_units = 1 + seed % 3
        self.swapped = False
        if hurry:
            self.now += DAYS * DAY_US

    @property
    def end(self) -> int:
        return self.started + DAYS * DAY_US

    def pass_time(self) -> None:
        """In the end time stands still, so that everybody comes to rest."""
        if self.now <= self.end + DAY_US:
            self.now += int(self.random.expovariate(1 / (HOUR_US / 4)))

    def visible(self, topic: str) -> int:
        """How many records the topic holds by now."""
        records = self.topics[topic]
        if topic == INTERNAL:
            return len(records)
        return sum(record.timestamp * 1000 <= self.now for record in records)

    def wall(self, owner: int) -> int:
        self.now += 1
        wall = self.now + self.skews.get(owner, 0)
        while wall in self.read_at:
            wall += 1
        self.read_at[wall] = self.now
        return wall

    def rule_sets(self) -> dict[str, CompiledRuleSet]:
        return {organization: rule_set(organization, self.rules) for organization in ZONES}


def make_topics(random: Random) -> dict[str, list[InputRecord]]:
    """Events whose dates are mostly those of their records, sometimes days older."""
    topics: dict[str, list[InputRecord]] = {topic: [] for topic in TOPICS}
    instants = sorted(random.uniform(0, EVENT_DAYS) for _ in range(random.randint(4, 22)))
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


class WorldRules:
    """The rule book: the version that the world has now."""

    def __init__(self, world: TimerWorld) -> None:
        self.world = world

    def rules_of(self, named: Mapping[str, str | None] | None) -> Mapping[str, CompiledRuleSet]:
        if named is None:
            return self.world.rule_sets()
        return {org: by_hash()[name] for org, name in named.items() if name is not None}

    async def learn(self, named: Mapping[str, str | None]) -> None: ...


class TimerSource(SomeOfEach[TimerWorld]):
    topics: Sequence[str] = TOPICS
    internal: str | None = INTERNAL

    def records(self, topic: str) -> Sequence[Record]:
        return self.world.topics[topic][: self.world.visible(topic)]

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        await Step()
        first = self.some(INTERNAL)
        if internal_only:
            return self.taken(first)
        return self.taken([*first, *self.merged(self.topics[1:])])


class TimerPublisher(SimulatedPublisher):
    """What the lane says to itself about budgets comes back in the internal topic."""

    def __init__(self, world: TimerWorld) -> None:
        super().__init__(world)
        self._topic = world.topics[INTERNAL]

    async def publish(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            await super().publish([output])
            if output.partition is not None:
                place = (INTERNAL, 0, len(self._topic), 0)
                self._topic.append(InputRecord(*place, output.key, output.value))


class OwnerClock:
    """An owner's own wall clock, which may differ from the world's and step."""

    def __init__(self, world: TimerWorld, owner: int) -> None:
        self.world, self.owner = world, owner

    def now_us(self) -> int:
        return self.world.wall(self.owner)

    def perf(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        for _ in range(3):
            await Step()
