"""Timers in a lane over tables in memory: crowds at one instant, waking, what is forgotten."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from rules_engine.timers.facts import Fact
from schemas.records import InputRecord, Record
from schemas.topics import Channel
from tests.simulation.parts import SilentObserver
from worker.errors import BadLog
from worker.evaluation.evaluator import LoyaltyEvaluator, make_terms
from worker.evaluation.payments import MARK
from worker.index.entries import fact_prefix
from worker.index.view import IndexView
from worker.kafka.fakes import MemoryLog, MemoryPublisher
from worker.lane.acquire import acquire
from worker.lane.cache import CacheBudget
from worker.lane.housekeeping import Housekeeping
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import Plan, decode_record
from worker.lane.ports import Batch
from worker.lane.waking import next_due, patience, rings
from worker.tables.memory import MemoryLane
from worker.tables.port import IndexChange, IndexRange

TOPICS = {channel.value: channel.value for channel in Channel}
CHANNELS = {"CLIENTS": Channel.CLIENTS, "PAYMENTS": Channel.PAYMENTS}
RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - {id: gift, name: Gift, trigger: BIRTHDAY, at: "10:00",
     actions: [{type: ADD_BONUS, formula: "7", expiresInDays: 1}]}
  - {id: sorry, name: Sorry, trigger: BONUS_EXPIRED,
     actions: [{type: ADD_BONUS, formula: "1"}]}
"""
BEGIN = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
TEN = int(datetime(2026, 3, 19, 7, 0, tzinfo=UTC).timestamp()) * SECOND_US
"""Ten o'clock of the next day in Moscow."""


class Now:
    def __init__(self) -> None:
        self.at = int(BEGIN.timestamp()) * SECOND_US

    def now_us(self) -> int:
        return self.at

    def perf(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None: ...


class Inputs:
    """`Source` of two topics in a list."""

    partitions = 1
    topics: Sequence[str] = ("PAYMENTS", "CLIENTS")
    internal: str | None = None

    def __init__(self) -> None:
        self.records: dict[str, list[InputRecord]] = {topic: [] for topic in self.topics}
        self.positions = dict.fromkeys(self.topics, 0)
        self.waits: list[float] = []

    def add(self, topic: str, at: datetime, client: str, name: str, **fields: object) -> None:
        event = {
            "eventId": name,
            "organizationId": "izi",
            "clubId": "club-1",
            "clientId": client,
            "occurredAt": at.isoformat(),
            **fields,
        }
        held, stamp = self.records[topic], int(at.timestamp() * 1000)
        key, value = client.encode(), json.dumps(event).encode()
        held.append(InputRecord(topic, 0, len(held), stamp, key, value))

    async def seek(self, positions: Mapping[str, int]) -> None:
        self.positions = dict(positions)

    async def at_end(self) -> bool:
        return all(self.positions[t] == len(self.records[t]) for t in self.topics)

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        self.waits.append(seconds)
        taken: list[Record] = []
        for topic in self.topics:
            taken += self.records[topic][self.positions[topic] :][:500]
            self.positions[topic] = min(len(self.records[topic]), self.positions[topic] + 500)
        return Batch(taken) if taken else None

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        if last >= len(self.records[topic]):
            raise BadLog("gone", "")
        return self.records[topic][first : last + 1]

    async def resolve_start(self, topics: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(topics, 0)

    async def still_member(self) -> bool:
        return True


class OneSet:
    """`is_away`: nobody's rules are in force, what plans name is known all the same."""

    def __init__(self, rule_set: CompiledRuleSet) -> None:
        self.rule_set, self.is_away = rule_set, False

    def rules_of(self, named: Mapping[str, str | None] | None) -> Mapping[str, CompiledRuleSet]:
        if named is None:
            return {} if self.is_away else {"izi": self.rule_set}
        return {"izi": self.rule_set} if any(named.values()) else {}

    async def learn(self, named: Mapping[str, str | None]) -> None: ...


class Place:
    def __init__(self) -> None:
        self.inputs, self.clock, self.log = Inputs(), Now(), MemoryLog()
        self.tables, self.publisher = MemoryLane(), MemoryPublisher(TOPICS)
        self.rules = OneSet(compile_rule_set(load_rule_set(RULES, "rules.yaml")))

    def lane(self) -> Lane:
        ports = LanePorts(
            source=self.inputs,
            log=self.log,
            tables=self.tables,
            publisher=self.publisher.lane(0),
            evaluator=LoyaltyEvaluator(CHANNELS, self.rules, make_terms(300, 120, 180)),
            clock=self.clock,
            observer=SilentObserver(),
        )
        return Lane(0, ports, LaneSettings("me"), CacheBudget(1 << 24))

    async def turn(self, lane: Lane, until: int = 200) -> None:
        """As often round the lane's loop as it has something to do."""
        if lane.owned is None:
            lane.owned = await acquire(lane)
        for _ in range(until):
            due = await next_due(lane)
            if await rings(lane, due, lane.process):
                continue
            batch = await self.inputs.poll(False, patience(lane, due))
            if batch is None:
                return
            await lane.process(batch)
        raise AssertionError("the lane never rests")

    async def plans(self) -> list[Plan]:
        raw = [record for _, record in await self.log.read(0, len(self.log) - 1)]
        return [plan for plan in map(decode_record, raw) if isinstance(plan, Plan)]

    async def plans_of_timers(self) -> list[int]:
        return [plan.timers for plan in await self.plans() if plan.timers]

    def credits_of(self, rule: str) -> list[str]:
        values = [r.value or b"" for r in self.publisher.records(Channel.BONUS_COMMANDS)]
        commands = map(json.loads, values)
        return [each["clientId"] for each in commands if each["ruleId"] == rule]


CROWD = 2_300


async def crowd() -> tuple[Place, Lane]:
    """So many birthdays on one day."""
    place = Place()
    for number in range(CROWD):
        name = f"c-{number:05d}"
        place.inputs.add("CLIENTS", BEGIN, name, "e", type="CLIENT_UPDATED", birthday="1990-03-19")
    lane = place.lane()
    await place.turn(lane)
    return place, lane


async def test_a_crowd_at_one_instant_rings_in_order_each_once_some_thousand_a_plan() -> None:
    place, lane = await crowd()
    assert place.credits_of("gift") == []
    place.clock.at = TEN + 3
    await place.turn(lane)
    everybody = [f"c-{number:05d}" for number in range(CROWD)]
    assert place.credits_of("gift") == everybody
    assert await place.plans_of_timers() == [1000, 1000, 300]
    # A day and the grace later all of it lapses at one instant, and then rings.
    place.clock.at = TEN + DAY_US + 130 * SECOND_US
    await place.turn(lane)
    assert place.credits_of("sorry") == everybody
    of_timers = (await place.plans_of_timers())[3:]
    assert sum(of_timers) == 2 * CROWD
    assert max(of_timers) < 2 * 1000


async def test_the_next_owner_repeats_a_crowd_exactly() -> None:
    place, lane = await crowd()
    place.clock.at = TEN + 3
    await place.turn(lane)
    before = lane.held().head
    place.tables = MemoryLane()
    again = place.lane()
    again.owned = await acquire(again)
    head = again.held().head
    assert (head.seq, head.clock, head.timer) == (before.seq, before.clock, before.timer)
    await place.turn(again)
    assert len(set(place.credits_of("gift"))) == CROWD
    assert await place.plans_of_timers() == [1000, 1000, 300]


class CountedLoads(MemoryLane):
    """`most`: so many values were asked for at once."""

    most = 0

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        self.most = max(self.most, len(keys))
        return await super().load(head, keys)


async def test_of_a_crowd_that_is_late_each_plan_loads_a_part_also_when_it_is_repeated() -> None:
    """The rules are away while everybody's credit lapses, and come back a day later."""
    place = Place()
    place.tables = tables = CountedLoads()
    for number in range(CROWD):
        name = f"c-{number * 7919 % CROWD:05d}"  # the index has another order than the clients
        place.inputs.add("CLIENTS", BEGIN, name, "e", type="CLIENT_UPDATED", birthday="1990-03-19")
    lane = place.lane()
    await place.turn(lane)
    place.clock.at = TEN + 3
    await place.turn(lane)
    place.rules.is_away = True
    place.clock.at = TEN + 2 * DAY_US
    noon = datetime(2026, 3, 21, 6, 59, tzinfo=UTC)
    place.inputs.add("CLIENTS", noon, "x", "e2", type="CLIENT_UPDATED", birthday="1990-05-05")
    await place.turn(lane)
    assert place.credits_of("sorry") == []
    tables.most, before = 0, len(await place.plans())
    place.rules.is_away = False
    lane.cache.clear()
    place.clock.at += 60 * SECOND_US
    await place.turn(lane)
    everybody = [f"c-{number:05d}" for number in range(CROWD)]
    assert place.credits_of("sorry") == everybody
    late = [plan.timers for plan in (await place.plans())[before:] if plan.timers]
    assert sum(late) == 2 * CROWD  # each lapses, then BONUS_EXPIRED rings
    assert max(late) < 2 * 1000
    assert tables.most <= 1000
    head = lane.held().head
    place.tables = tables = CountedLoads()
    again = place.lane()
    again.owned = await acquire(again)
    found = again.held().head
    assert (found.seq, found.clock, found.timer) == (head.seq, head.clock, head.timer)
    assert tables.most <= 2 * 1000
    assert list(dict.fromkeys(place.credits_of("sorry"))) == everybody


async def test_a_lane_waits_for_records_no_longer_than_until_something_is_due() -> None:
    place = Place()
    place.inputs.add("CLIENTS", BEGIN, "c", "e", type="CLIENT_UPDATED", birthday="1990-03-19")
    lane = place.lane()
    await place.turn(lane)
    assert place.inputs.waits[-1] == 1.0
    place.clock.at = TEN - 250_000
    await place.turn(lane)
    assert place.inputs.waits[-1] == 0.25
    plans = len(await place.plans())
    place.clock.at = TEN
    await place.turn(lane)
    assert place.credits_of("gift") == ["c"]
    assert len(await place.plans()) == plans + 1


async def test_nothing_rings_before_a_record_that_is_unread() -> None:
    place = Place()
    place.inputs.add("CLIENTS", BEGIN, "c", "e", type="CLIENT_UPDATED", birthday="1990-03-19")
    lane = place.lane()
    await place.turn(lane)
    before = BEGIN + timedelta(hours=1)
    place.inputs.add("CLIENTS", before, "c", "e2", type="CLIENT_UPDATED", birthday="1990-05-05")
    place.clock.at = TEN + DAY_US
    await place.turn(lane)
    assert place.credits_of("gift") == []


async def test_a_new_rule_on_a_quiet_lane_pays_no_day_that_is_past() -> None:
    place = Place()
    silent = RULES.replace('at: "10:00"', 'at: "10:00", enabled: false')
    rules, place.rules = place.rules, OneSet(compile_rule_set(load_rule_set(silent, "rules.yaml")))
    place.inputs.add("CLIENTS", BEGIN, "c", "e", type="CLIENT_UPDATED", birthday="1990-03-19")
    lane = place.lane()
    await place.turn(lane)
    place.clock.at = TEN + 3_600 * SECOND_US
    await place.turn(lane)
    evaluator = lane.ports.evaluator
    assert isinstance(evaluator, LoyaltyEvaluator)
    evaluator._rules = rules
    place.clock.at += 60 * SECOND_US
    await place.turn(lane)
    late = BEGIN + timedelta(hours=20)
    place.inputs.add("CLIENTS", late, "d", "e2", type="CLIENT_UPDATED", birthday="1990-03-20")
    await place.turn(lane)
    assert place.credits_of("gift") == []
    assert (await place.plans())[-1].since == TEN + 3_660 * SECOND_US
    place.clock.at = TEN + DAY_US
    await place.turn(lane)
    assert place.credits_of("gift") == ["d"]


# ---------------------------------------------------------------------- payments

PAYMENTS = [f"izi\x1fc\x1f{MARK}\x1fp{number}" for number in range(2)]


async def lane_with_an_old_payment(place: Place) -> Lane:
    """Of two payments, made on two days, the first is older than payments are remembered."""
    fields = {"totalAmountMajor": "9", "bonusAmountMajor": "5", "productType": "BAR"}
    for number, days in enumerate((0, 1)):
        at = BEGIN + timedelta(days=days)
        name = f"p{number}"
        fields |= {"productId": "cola", "paymentId": name}
        place.inputs.add("PAYMENTS", at, "c", name, type="PAYMENT_MADE", **fields)
    place.clock.at += DAY_US
    lane = place.lane()
    await place.turn(lane)
    head = lane.held().raw_head
    assert all(await place.tables.load(head, PAYMENTS) or [])
    place.clock.at = int(BEGIN.timestamp()) * SECOND_US + 180 * DAY_US + 1
    place.inputs.add(
        "CLIENTS",
        BEGIN + timedelta(days=180, seconds=1),
        "d",
        "e",
        type="CLIENT_UPDATED",
        birthday="1990-03-20",
    )
    place.clock.at += 2 * SECOND_US
    await place.turn(lane)
    return lane


async def payments_there(place: Place, lane: Lane) -> list[bool]:
    found = await place.tables.load(lane.held().raw_head, PAYMENTS)
    assert found is not None
    return [value is not None for value in found]


async def test_payments_are_deleted_by_the_clock_of_the_lane() -> None:
    place = Place()
    lane = await lane_with_an_old_payment(place)
    await Housekeeping().drop_outdated(lane)
    assert await payments_there(place, lane) == [False, True]


async def test_a_payment_is_deleted_again_where_the_tables_lost_its_deletion_alone() -> None:
    """No plan was lost, the head is the same: nothing tells the lane but the tables themselves."""
    place = Place()
    lane = await lane_with_an_old_payment(place)
    fallen = deepcopy(place.tables)
    await Housekeeping().drop_outdated(lane)
    place.tables = fallen
    lane.ports = replace(lane.ports, tables=fallen)
    lane.index = IndexView(fallen)
    await Housekeeping().drop_outdated(lane)
    assert await payments_there(place, lane) == [False, True]


# ---------------------------------------------------------------------- the view of the index


async def test_a_view_reads_nothing_of_what_it_knows_to_be_later() -> None:
    tables = MemoryLane()
    view = IndexView(tables)
    early, late = b"L\x1fizi\x1f100\x1fa", b"L\x1fizi\x1f200\x1fb"
    view.note(IndexChange(add=(early, late)))
    await tables.commit(b"", b"1", b"", {}, view.change)
    view.committed()
    assert await view.earliest(b"1", [b"L\x1fizi\x1f"]) == [early]
    # With another head a read would raise Moved: these do not read.
    assert await view.look(b"0", [IndexRange(b"L\x1fizi\x1f", early, 9)]) == [[]]
    view.note(IndexChange(add=(b"L\x1fizi\x1f050\x1fc",), drop=(early,)))
    assert await view.earliest(b"0", [b"L\x1fizi\x1f"]) == [b"L\x1fizi\x1f050\x1fc"]
    whole = IndexRange(b"L\x1fizi\x1f", b"L\x1fizi\x20", 9)
    assert await view.look(b"1", [whole]) == [[b"L\x1fizi\x1f050\x1fc", late]]


async def test_stale_entries_go_with_the_next_commit_and_are_passed_over_until_then() -> None:
    tables = MemoryLane()
    view = IndexView(tables)
    first = IndexChange(add=(b"v\x1fa", b"v\x1fb"))
    for head, change in ((b"1", first), (b"2", IndexChange(drop=(b"v\x1fa",)))):
        view.note(change)
        old, _ = await tables.peek()
        await tables.commit(old, head, b"", {}, view.change)
        view.committed()
    everything = IndexRange(b"v\x1f", b"v\x20", 1)
    assert await tables.look(b"2", [IndexRange(b"v\x1f", b"v\x20", 9)]) == [[b"v\x1fa", b"v\x1fb"]]
    assert await view.look(b"2", [everything]) == [[b"v\x1fb"]]
    assert view.change == IndexChange([], [b"v\x1fa"])
    await view.tidy(b"2")
    assert await tables.look(b"2", [IndexRange(b"v\x1f", b"v\x20", 9)]) == [[b"v\x1fb"]]


async def test_a_lane_that_is_left_leaves_no_stale_entries_behind() -> None:
    """Its next owner knows nothing of them: each rebalance would leave some in Redis for ever."""
    place = Place()
    for name, birthday in (("e0", "1990-03-25"), ("e1", "1990-04-26")):
        place.inputs.add("CLIENTS", BEGIN, "c", name, type="CLIENT_UPDATED", birthday=birthday)
        lane = place.lane()
        await lane.run(_one_batch(lane))
    head, _ = await place.tables.peek()
    found = await place.tables.look(head, [IndexRange(b"b", b"c", 9)])
    assert found == [[fact_prefix(Fact.BIRTHDAY, "izi", 426) + b"c"]]


async def test_an_entry_that_a_crash_left_behind_rings_for_nobody_and_goes_when_it_is_read() -> (
    None
):
    """The heir cannot know of it: the state before the last plan, which says what became stale, is
    overwritten. The search of the day that it names finds it, and nobody behind it."""
    place = Place()
    for name, birthday in (("e0", "1990-03-19"), ("e1", "1990-04-26")):
        place.inputs.add("CLIENTS", BEGIN, "c", name, type="CLIENT_UPDATED", birthday=birthday)
        lane = place.lane()
        lane.owned = await acquire(lane)
        batch = await place.inputs.poll()
        assert batch is not None
        await lane.process(batch)  # and here the process died
    stale, held = (fact_prefix(Fact.BIRTHDAY, "izi", day) + b"c" for day in (319, 426))
    birthdays = [IndexRange(b"b", b"c", 9)]
    assert await place.tables.look((await place.tables.peek())[0], birthdays) == [[stale, held]]
    heir = place.lane()
    place.clock.at = TEN + 3
    await place.turn(heir)
    await heir.index.tidy(heir.held().raw_head)
    assert place.credits_of("gift") == []
    assert await place.tables.look((await place.tables.peek())[0], birthdays) == [[held]]


def _one_batch(lane: Lane) -> Callable[[Batch], Awaitable[None]]:
    async def process(batch: Batch) -> None:
        await lane.process(batch)
        lane.stop()

    return process
