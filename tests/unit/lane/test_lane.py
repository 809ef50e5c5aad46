"""The lane where its world contradicts it: what it must refuse, and what it must not refuse."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from schemas.records import InputRecord, Output, Record
from schemas.topics import Channel
from tests.simulation.parts import SilentObserver
from tests.simulation.toy import ToyEvaluator, ToyWorld
from tests.simulation.world import Step
from worker.errors import BadLog, Contradicted, LoudStop, OutcomeUnknown
from worker.kafka.fakes import MemoryLog, MemoryPublisher
from worker.lane.acquire import acquire
from worker.lane.batch import ranges
from worker.lane.cache import CacheBudget
from worker.lane.commit import encode_outbox
from worker.lane.lane import Lane, LanePorts, LaneSettings
from worker.lane.plan import Plan, decode_head, decode_record, encode
from worker.lane.ports import Batch
from worker.tables.memory import MemoryLane
from worker.tables.port import CommitAnswer

DAY_US = 24 * 3_600_000_000
NOON = 1_772_442_000_000_000
TOPICS = {channel.value: channel.value for channel in Channel}


def event(offset: int) -> InputRecord:
    return InputRecord("A", 0, offset, offset, b"x", f"A{offset}".encode())


class Inputs:
    """`Source` of one topic."""

    partitions = 1
    topics: Sequence[str] = ("A",)
    internal: str | None = None

    def __init__(self, count: int) -> None:
        self.records = [event(offset) for offset in range(count)]
        self.position = 0

    async def seek(self, positions: Mapping[str, int]) -> None:
        self.position = positions["A"]

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        records, self.position = self.records[self.position :], len(self.records)
        return Batch(records) if records else None

    async def at_end(self) -> bool:
        return self.position == len(self.records)

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        return self.records[first : last + 1]

    async def resolve_start(self, topics: Sequence[str]) -> dict[str, int]:
        return {"A": 0}

    async def still_member(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = NOON
        self.slept = 0

    def now_us(self) -> int:
        return self.now

    def perf(self) -> float:
        return self.now / 1_000_000

    async def sleep(self, seconds: float) -> None:
        self.slept += 1


class Place:
    """The world of one lane; `lane()` is another owner each time."""

    def __init__(self, count: int = 2, stale_outputs: str = "stop") -> None:
        self.inputs, self.clock = Inputs(count), Clock()
        self.log, self.tables = MemoryLog(), MemoryLane()
        self.publisher = MemoryPublisher(TOPICS)
        self.cache = CacheBudget(1 << 20)
        self.settings = LaneSettings("me", stale_outputs=stale_outputs)

    def lane(self) -> Lane:
        ports = LanePorts(
            source=self.inputs,
            log=self.log,
            tables=self.tables,
            publisher=self.publisher.lane(0),
            evaluator=ToyEvaluator(ToyWorld(0)),
            clock=self.clock,
            observer=SilentObserver(),
        )
        return Lane(0, ports, self.settings, self.cache)

    async def work_off(self) -> Lane:
        """An owner that takes everything, and does not trim."""
        lane = self.lane()
        lane.owned = await acquire(lane)
        batch = await self.inputs.poll()
        if batch is not None:
            await lane.process(batch)
        return lane

    async def plans(self) -> list[Plan]:
        raw = [record for _, record in await self.log.read(0, len(self.log) - 1)]
        return [p for p in map(decode_record, raw) if isinstance(p, Plan)]

    def forget_tables(self) -> None:
        self.tables = MemoryLane()

    def published(self, channel: Channel) -> int:
        return len(self.publisher.records(channel))


# ---------------------------------------------------------------------- the log under the state


async def test_a_log_recreated_under_the_state_stays_refused_however_often_it_is_tried() -> None:
    place = Place()
    await place.work_off()
    place.log = MemoryLog()
    for _ in range(10):
        with pytest.raises(BadLog):
            await acquire(place.lane())


# ---------------------------------------------------------------------- outputs past the horizon


async def test_an_old_plan_without_outputs_is_replayed_without_a_question() -> None:
    place = Place(count=1)
    await place.work_off()
    place.forget_tables()
    place.clock.now += 30 * DAY_US
    lane = await place.work_off()
    assert lane.held().head.seq == 2


async def test_old_outputs_that_nothing_calls_published_are_a_loud_stop() -> None:
    place = Place()
    await place.work_off()
    place.forget_tables()
    place.clock.now += 30 * DAY_US
    with pytest.raises(LoudStop, match="REPEAT_HORIZON_DAYS"):
        await place.work_off()


async def test_messages_between_lanes_are_said_however_old_they_are() -> None:
    """Their receivers count them and forget nothing: one that is left out is a gap for ever."""
    place = Place(stale_outputs="skip")
    await place.work_off()
    head = decode_head((await place.tables.peek())[0])
    said = [
        Output(Channel.BONUS_COMMANDS, b"x", b"credit"),
        Output(Channel.BUDGETS, b"o", b"request", partition=3),
    ]
    raw = encode(head)
    await place.tables.commit(raw, b"other", b"", {})
    await place.tables.commit(b"other", raw, encode_outbox(said), {})
    before = place.published(Channel.BONUS_COMMANDS)
    place.clock.now += 30 * DAY_US
    await acquire(place.lane())
    assert place.published(Channel.BONUS_COMMANDS) == before
    assert place.published(Channel.BUDGETS) == 1


# ---------------------------------------------------------------------- records and positions


def test_records_from_before_the_position_are_refused() -> None:
    with pytest.raises(BadLog, match="position"):
        ranges([event(3), event(4)], ("A",), {"A": 4})


def test_records_that_come_twice_are_refused() -> None:
    with pytest.raises(BadLog, match="position"):
        ranges([event(4), event(5), event(5)], ("A",), {"A": 4})


# ---------------------------------------------------------------------- idle


async def test_an_idle_lane_writes_an_empty_plan_after_an_hour_and_then_daily() -> None:
    place = Place()
    lane = await place.work_off()
    for _ in range(49):
        place.clock.now += DAY_US // 24 + 1
        await lane.rest()
    empty = [plan for plan in await place.plans() if plan.seq > 2]
    assert len(empty) == 3
    assert [plan.done for plan in empty][:1] == [2]


async def test_a_lane_at_rest_writes_its_daily_plan_whoever_owns_it() -> None:
    """It changes hands every eight hours."""
    place = Place()
    lane = await place.work_off()
    for _ in range(12):
        place.clock.now += DAY_US // 3 + 1
        lane = place.lane()
        lane.owned = await acquire(lane)
        await lane.rest()
        assert place.clock.now - (await place.plans())[-1].wall < DAY_US
    assert len(await place.plans()) == 2 + 4


# ---------------------------------------------------------------------- endings


async def test_a_lane_that_is_cancelled_gives_its_share_of_the_cache_back() -> None:
    place = Place()
    lane = place.lane()
    running = lane.run()

    async def stuck() -> Batch | None:
        await Step()
        return None

    real = place.inputs.poll
    polls = iter((real, stuck))
    place.inputs.poll = lambda *_: next(polls)()  # type: ignore[method-assign]
    running.send(None)
    assert place.cache.used > 0
    running.close()
    assert place.cache.used == 0


class Away(MemoryLane):
    """Takes no commit; asks how long the lane has tried."""

    def __init__(self, place: Place, lane: Lane) -> None:
        super().__init__()
        self._clock, self._lane = place.clock, lane
        self.tried: list[float] = []

    async def commit(self, *_: object) -> CommitAnswer:
        self._clock.now += 100_000
        self.tried.append((self._clock.now - NOON) / 1_000_000)
        if len(self.tried) == 30:
            self._lane.stop()
        raise OutcomeUnknown("no reply")


async def test_a_lane_that_is_left_does_not_wait_for_tables_that_are_away() -> None:
    """A rebalance waits for it; while it is not to be left it goes on for two minutes."""
    place = Place()
    lane = place.lane()
    away = Away(place, lane)
    lane.ports = replace(lane.ports, tables=away)
    await lane.run()
    assert away.tried[-1] == 3.0, "asked to leave after three seconds, it tried no more"
    heir = await place.work_off()
    assert heir.held().head.positions == {"A": 2}


async def test_a_message_that_never_fits_is_a_loud_stop_in_the_end() -> None:
    """Acquired anew and again contradicted, at the same head: the topic lost records."""
    place = Place()
    lane = place.lane()

    async def contradicted(_: Batch) -> None:
        raise Contradicted("message 3 of lane 1 came after 1")

    with pytest.raises(BadLog, match="message 3 of lane 1"):
        await lane.run(contradicted)
    assert place.clock.slept < 20
