"""The feeder: every record once, in order per lane, never far ahead of a lane."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.records import Record
from tests.unit.demo.test_totals import batch, records
from worker.demo import feeder as feeding
from worker.demo.broker import FETCH_MAX_WAIT_MS, EmbeddedBroker
from worker.demo.feeder import Feeder
from worker.demo.totals import Totals
from worker.demo.traffic import traffic

TOPICS = {"TOPUPS": "topups", "VISITS": "visits", "PAYMENTS": "payments"}
LANES = 3


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(dict.fromkeys(TOPICS.values(), LANES), brokers=LANES) as running:
        yield running


async def test_records_arrive_once_and_in_order(broker: EmbeddedBroker) -> None:
    sent = list(traffic(4, 600))
    feeder = Feeder(broker.bootstrap_servers, TOPICS, LANES, Totals())
    await feeder.feed(sent)
    arrived = await read_all(broker, len(sent))
    for channel, topic in TOPICS.items():
        for key in {record.key for record in sent}:
            expected = [r.value for r in sent if (r.channel, r.key) == (channel, key)]
            assert [r.value for r in arrived if (r.topic, r.key) == (topic, key)] == expected
    assert feeder.sent == Counter(record.partition for record in arrived)
    assert {len(record.headers) for record in arrived} == {0, 1}


async def test_a_lane_that_is_behind_is_waited_for(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is taken: 50 records of a lane go out. Half of them taken: up to 50 again."""
    monkeypatch.setattr(feeding, "AHEAD", 50)
    monkeypatch.setattr(feeding, "BURST", 10)
    totals = Totals()
    feeder = Feeder(broker.bootstrap_servers, TOPICS, LANES, totals)
    task = asyncio.create_task(feeder.feed(traffic(4, 2000)))
    try:
        first = await settled(feeder)
        assert max(first.values()) == 50
        blocked = max(first, key=lambda lane: first[lane])
        totals.batch_published(batch(), records(blocked, 24))
        assert await settled(feeder) == first
        totals.batch_published(batch(), records(blocked, 1))
        second = await settled(feeder)
        assert second.total() > first.total()
        assert max(second[lane] - totals.lanes[lane] for lane in range(LANES)) == 50
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_rate_is_kept_in_pulses(broker: EmbeddedBroker) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await Feeder(broker.bootstrap_servers, TOPICS, LANES, Totals(), rate=200).feed(traffic(4, 61))
    assert loop.time() - began >= 0.3


async def settled(feeder: Feeder) -> Counter[int]:
    """What is sent once nothing more is for a while."""
    before = Counter[int]()
    for _ in range(50):
        await asyncio.sleep(0.15)
        if feeder.sent == before and before:
            break
        before = feeder.sent.copy()
    return before


async def read_all(broker: EmbeddedBroker, count: int) -> list[Record]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, fetch_max_wait_ms=FETCH_MAX_WAIT_MS
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(t, n) for t in TOPICS.values() for n in range(LANES)])
        await consumer.seek_to_beginning()
        arrived: list[Record] = []
        async with asyncio.timeout(60):
            while len(arrived) < count:
                for found in (await consumer.getmany(timeout_ms=200)).values():
                    arrived += found
    finally:
        await consumer.stop()
    return arrived
