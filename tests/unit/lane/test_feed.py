"""Lanes inside one process: what was dropped must not go on beside its successor, and no lane may
end or fail to open unnoticed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiokafka import TopicPartition

from worker.agent import take_batches
from worker.errors import Misconfigured, SourceUnavailable
from worker.feed import Consuming, LaneFeed, Surroundings, _Rebalance
from worker.kafka.source import KafkaSource, SourceSettings
from worker.lane.ports import Batch
from worker.open_lanes import Lanes, OpenLane

NOTHING = Batch([])
SOURCE = SourceSettings(
    topics=("b", "t"),
    internal="b",
    partitions=2,
    start_from="earliest",
    batch_max=10,
    linger=0,
    idle=0,
)


class Consumer:
    """Notes where it is sought to."""

    def __init__(self) -> None:
        self.sought: list[tuple[TopicPartition, int]] = []

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append((partition, offset))


class ToyLane:
    """Runs until `process` says so."""

    number = 0
    owned = None
    acquired = True

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self.work = work
        self.stopping = False

    async def process(self, batch: Batch) -> None:
        await self.work()

    async def run(self, process: Callable[[Batch], Awaitable[None]]) -> None:
        await process(NOTHING)

    def stop(self) -> None:
        self.stopping = True


class Agent:
    """`take_batches` on a queue instead of Faust's channel."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.create_task(take_batches(self._stream()))

    async def _stream(self) -> AsyncIterator[Any]:
        while True:
            yield await self.queue.get()

    def give(self, work: Callable[[], Awaitable[None]]) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue.put_nowait((ToyLane(work), NOTHING, done))
        return done


@pytest.fixture(name="agent")
async def _agent() -> AsyncIterator[Agent]:
    agent = Agent()
    yield agent
    agent.task.cancel()
    await asyncio.gather(agent.task, return_exceptions=True)


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# ---------------------------------------------------------------------- the agent


async def test_outcome_and_failure_go_back_to_the_lane(agent: Agent) -> None:
    async def good() -> None: ...

    async def bad() -> None:
        raise SourceUnavailable("no")

    failing, fine = agent.give(bad), agent.give(good)
    with pytest.raises(SourceUnavailable):
        await failing
    await fine


async def test_a_batch_that_nobody_waits_for_is_cancelled_and_the_next_one_taken(
    agent: Agent,
) -> None:
    events: list[str] = []

    async def stuck() -> None:
        events.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            events.append("left")

    async def next_owner() -> None:
        events.append("next")

    done = agent.give(stuck)
    await turn()
    done.cancel()
    await agent.give(next_owner)
    assert events == ["begun", "left", "next"]


async def test_a_batch_is_not_begun_for_a_lane_that_left(agent: Agent) -> None:
    begun: list[str] = []

    async def work() -> None:
        begun.append("begun")

    agent.give(work).cancel()
    await agent.give(turn)
    assert begun == []


async def test_an_agent_that_is_stopped_takes_its_batch_along(agent: Agent) -> None:
    left: list[str] = []

    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("left")

    done = agent.give(stuck)
    await turn()
    agent.task.cancel()
    await turn()
    assert done.cancelled()
    assert left == ["left"]


# ---------------------------------------------------------------------- the source


async def test_a_stopped_source_leaves_the_consumer_to_the_next_lane() -> None:
    consumer = Consumer()
    source = KafkaSource(consumer, 0, SOURCE)
    await source.seek({"b": 0, "t": 3})
    assert [offset for _, offset in consumer.sought] == [0, 3]
    source.stop()
    await source.seek({"b": 5, "t": 6})
    with pytest.raises(SourceUnavailable):
        await source.fetch("t", 1, 2)
    assert len(consumer.sought) == 2


# ---------------------------------------------------------------------- the lanes


async def test_a_lane_that_is_cancelled_unasked_stops_the_worker() -> None:
    failures: list[BaseException] = []

    async def dispatch(lane: object, batch: Batch) -> None:
        raise asyncio.CancelledError

    lane = ToyLane(turn)
    source = KafkaSource(Consumer(), 0, SOURCE)
    lanes = Lanes(
        lambda _: OpenLane(lane, source),  # type: ignore[arg-type]
        dispatch,
        failures.append,
    )
    lanes.assign([0])
    await turn()
    assert [str(error) for error in failures] == ["lane 0 was cancelled"]


# ---------------------------------------------------------------------- the feed


def feed_of(make_lane: Callable[..., Any]) -> tuple[LaneFeed, list[BaseException]]:
    failures: list[BaseException] = []

    async def nothing(*_: object) -> None: ...

    consuming = Consuming("w", {}, "g", None, 6.0, 1.0, SOURCE)
    around = Surroundings(nothing, nothing, make_lane, nothing, failures.append)
    feed = LaneFeed(None, consuming, around, None)
    feed._consumer = Consumer()
    return feed, failures


def assignment(*numbers: int) -> list[TopicPartition]:
    return [TopicPartition(topic, n) for topic in SOURCE.topics for n in numbers]


async def test_a_lane_that_cannot_open_stops_the_worker() -> None:
    """aiokafka only logs what a listener raises."""

    def refuse(*_: object) -> None:
        raise Misconfigured("no place for it", "")

    feed, failures = feed_of(refuse)
    await _Rebalance(feed).on_partitions_assigned(assignment(0, 1))
    assert [type(error) for error in failures] == [Misconfigured]


async def test_a_lane_is_not_opened_beside_itself() -> None:
    feed, failures = feed_of(lambda *_: ToyLane(asyncio.Event().wait))  # type: ignore[arg-type]
    await _Rebalance(feed).on_partitions_assigned(assignment(0))
    await _Rebalance(feed).on_partitions_assigned(assignment(0))
    assert ["while it is open" in str(error) for error in failures] == [True]
    await feed.lanes.revoke()


async def test_topics_that_have_grown_are_refused() -> None:
    feed, failures = feed_of(lambda *_: pytest.fail("a lane was opened"))
    await _Rebalance(feed).on_partitions_assigned(assignment(0, 2))
    assert ["have grown" in str(error) for error in failures] == [True]


async def test_a_lane_with_only_some_of_its_topics_is_refused() -> None:
    feed, failures = feed_of(lambda *_: pytest.fail("a lane was opened"))
    await _Rebalance(feed).on_partitions_assigned([TopicPartition("t", 0)])
    assert ["only some of their topics" in str(error) for error in failures] == [True]
