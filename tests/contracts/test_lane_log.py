"""The contract of `worker.lane.ports.LaneLog`: in memory and in Kafka."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import MakeTopic
from tests.parts.kafka import KafkaServer
from worker.errors import BadLog
from worker.kafka.fakes import MemoryLaneLog
from worker.kafka.lane_log import KafkaLaneLog

AnyLog = MemoryLaneLog | KafkaLaneLog
KINDS = [pytest.param("memory"), pytest.param("kafka", marks=pytest.mark.kafka)]


@pytest.fixture(params=KINDS)
async def log(request: pytest.FixtureRequest) -> AsyncIterator[AnyLog]:
    opened: AnyLog = MemoryLaneLog()
    if request.param == "kafka":
        server: KafkaServer = request.getfixturevalue("kafka")
        make_topic: MakeTopic = request.getfixturevalue("make_topic")
        opened = KafkaLaneLog(server.client, await make_topic("lane-log", 3))
    await opened.start()
    yield opened
    await opened.stop()


async def test_offsets_count_from_zero_without_holes(log: AnyLog) -> None:
    lane = log.lane(1)
    assert [await lane.append(b"%d" % i) for i in range(5)] == [0, 1, 2, 3, 4]


async def test_each_lane_has_its_own_offsets(log: AnyLog) -> None:
    assert await log.lane(0).append(b"a") == 0
    assert await log.lane(2).append(b"b") == 0
    assert await log.lane(0).append(b"c") == 1
    assert list(await log.lane(0).read(-1, 1)) == [(0, b"a"), (1, b"c")]


async def test_two_handles_of_a_lane_write_one_log(log: AnyLog) -> None:
    assert [await log.lane(0).append(b"a"), await log.lane(0).append(b"b")] == [0, 1]


async def test_read_gives_exactly_the_range(log: AnyLog) -> None:
    lane = log.lane(0)
    for i in range(6):
        await lane.append(b"record %d" % i)
    assert list(await lane.read(2, 4)) == [(i, b"record %d" % i) for i in (2, 3, 4)]
    assert list(await lane.read(5, 5)) == [(5, b"record 5")]
    assert list(await lane.read(-1, 0)) == [(0, b"record 0")]


async def test_an_empty_range_is_empty(log: AnyLog) -> None:
    lane = log.lane(0)
    await lane.append(b"a")
    assert list(await lane.read(1, 0)) == []
    assert list(await lane.read(-1, -1)) == []


async def test_bytes_come_back_as_they_were(log: AnyLog) -> None:
    lane = log.lane(0)
    every_byte = bytes(range(256)) * 40
    await lane.append(every_byte)
    await lane.append(b"")
    assert list(await lane.read(0, 1)) == [(0, every_byte), (1, b"")]


async def test_many_records_are_read_whole(log: AnyLog) -> None:
    lane = log.lane(0)
    for i in range(300):
        await lane.append(b"%d" % i * 100)
    read = await lane.read(-1, 299)
    assert [offset for offset, _ in read] == list(range(300))
    assert read[299][1] == b"299" * 100


async def test_a_range_beyond_the_end_is_a_bad_log(log: AnyLog) -> None:
    """A state that knows more than its log: read without an end it would wait for ever."""
    lane = log.lane(0)
    await lane.append(b"a")
    with pytest.raises(BadLog):
        await lane.read(0, 1)
    with pytest.raises(BadLog):
        await lane.read(7, 9)


async def test_an_empty_log_does_not_hold_a_range(log: AnyLog) -> None:
    with pytest.raises(BadLog):
        await log.lane(0).read(-1, 0)
