"""One lane over the shipped fakes: all of the worker but Kafka and Redis."""

from collections.abc import Mapping, Sequence
from random import Random

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from schemas.records import InputRecord, Record
from schemas.topics import EVENTS, Channel
from tests.fuzz.records import TOPICS
from worker.errors import SourceUnavailable
from worker.evaluation.evaluator import LoyaltyEvaluator, make_terms
from worker.evaluation.report import BatchReport
from worker.kafka.fakes import MemoryLog, MemoryPublisher
from worker.lane.acquire import acquire
from worker.lane.cache import CacheBudget
from worker.lane.evaluator_port import Evaluated
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.ports import Batch
from worker.tables.memory import MemoryLane

TRIGGERS = (
    *("BALANCE_TOPPED_UP", "VISIT_STARTED", "VISIT_ENDED", "PAYMENT_MADE", "CLIENT_REGISTERED"),
    *("PROMO_CODE_REDEEMED", "BONUS_EXPIRED"),
)
DATED = {
    "CLIENT_ABSENT": "after: {days: 1}",
    "AFTER_FIRST_VISIT": "after: {days: 2}",
    "BIRTHDAY": 'at: "00:30"',
    "BONUS_EXPIRING": "before: {days: 1}",
}
"""A rule of each gives a command whenever it can: what happened can be read from outside."""
RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
onTopupRefund: REVOKE
rules:
  - id: cash-back
    trigger: BALANCE_TOPPED_UP
    when: topupAmountMajor < 1000000
    actions: [{type: ADD_BONUS, formula: "percent(topupAmountMajor, 5)", expiresInDays: 1}]
  - id: once-a-day
    trigger: VISIT_ENDED
    limits: {perClient: [{times: 1, per: DAY}], cooldown: {hours: 20}}
    actions: [{type: ADD_BONUS, formula: "coalesce(averageTopupMajor, 1) / 3", max: 50}]
""" + "".join(
    f"  - {{id: {trigger.lower()}, trigger: {trigger}{timing and ', ' + timing}, "
    "actions: [{type: ASSIGN_GROUP, groupId: seen, expiresInDays: 2}]}\n"
    for trigger, timing in [*((trigger, "") for trigger in TRIGGERS), *DATED.items()]
)

SKEW_SECONDS = 300
CHANNELS = {f"loyalty.{channel.value.lower()}": channel for channel in EVENTS}
assert set(CHANNELS) == set(TOPICS)


class OneSet:
    """`RuleBook` of one organization."""

    def __init__(self) -> None:
        self._rule_set = compile_rule_set(load_rule_set(RULES, "izi.yaml"))

    def rules_of(self, named: Mapping[str, str | None] | None) -> Mapping[str, CompiledRuleSet]:
        if named is None:
            return {"izi": self._rule_set}
        return {org: self._rule_set for org, content_hash in named.items() if content_hash}

    async def learn(self, named: Mapping[str, str | None]) -> None: ...


BOOK = OneSet()


class Inputs:
    """`Source` over a round; batches of any size."""

    partitions = 1
    topics: Sequence[str] = TOPICS
    internal: str | None = None

    def __init__(self, records: Sequence[InputRecord], random: Random) -> None:
        self._random = random
        self._arrived = records
        self._taken = 0
        self._by_topic: dict[str, list[InputRecord]] = {topic: [] for topic in TOPICS}
        for record in records:
            self._by_topic[record.topic].append(record)

    @property
    def exhausted(self) -> bool:
        return self._taken == len(self._arrived)

    async def seek(self, positions: Mapping[str, int]) -> None:
        self._taken = sum(positions.values())

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        size = self._random.choice((1, 7, 60, 300))
        records = self._arrived[self._taken : self._taken + size]
        self._taken += len(records)
        return Batch(records) if records else None

    async def at_end(self) -> bool:
        return self.exhausted

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        return self._by_topic[topic][first : last + 1]

    async def resolve_start(self, topics: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(topics, 0)

    async def still_member(self) -> bool:
        return True


class Clock:
    """Stands behind every event that is not too far ahead of its record, so that events alone
    move the lane's clock."""

    def __init__(self, records: Sequence[InputRecord]) -> None:
        self._now = (records[-1].timestamp + SKEW_SECONDS * 1000) * 1000

    def now_us(self) -> int:
        return self._now

    def perf(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise SourceUnavailable("nothing is away here, so nobody waits")


class Counting:
    """`Observer` that adds up what the worker reports."""

    def __init__(self) -> None:
        self.events = self.duplicates = 0

    def committed(self, lane: int, evaluated: Evaluated, records: Sequence[Record]) -> None:
        report = evaluated.report
        assert isinstance(report, BatchReport)
        self.events += sum(report.events.values())
        self.duplicates += sum(report.duplicates.values())

    def acquired(self, lane: int, term: int, replayed: int, silent: int) -> None: ...
    def published(self, lane: int, outputs: int) -> None: ...
    def stage(self, name: str, seconds: float) -> None: ...
    def fenced(self, lane: int, cause: str) -> None: ...
    def retried(self, lane: int, what: str, error: Exception) -> None: ...
    def released(self, lane: int) -> None: ...


class Site:
    """The world of one lane, and what came out of it."""

    def __init__(self, records: Sequence[InputRecord], random: Random) -> None:
        self.inputs, self.clock = Inputs(records, random), Clock(records)
        self.log, self.tables, self.observer = MemoryLog(), MemoryLane(), Counting()
        self.publisher = MemoryPublisher({channel.value: channel.value for channel in Channel})

    async def work_off(self) -> Lane:
        """An owner takes everything that is there."""
        ports = LanePorts(
            source=self.inputs,
            log=self.log,
            tables=self.tables,
            publisher=self.publisher.lane(0),
            evaluator=LoyaltyEvaluator(CHANNELS, BOOK, make_terms(SKEW_SECONDS, 0, 180)),
            clock=self.clock,
            observer=self.observer,
        )
        lane = Lane(0, ports, LaneSettings(owner="fuzz"), CacheBudget(1 << 20))
        lane.owned = await acquire(lane)
        while (batch := await self.inputs.poll()) is not None:
            await lane.process(batch)
        return lane

    def forget_tables(self) -> None:
        self.tables = MemoryLane()
