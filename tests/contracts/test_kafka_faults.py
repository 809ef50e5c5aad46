"""What lane log and publisher make of a Kafka that fails: nothing guessed, nothing lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from schemas.records import Output
from tests.conftest import MakeTopic
from tests.parts.kafka import KafkaServer
from tests.parts.topics import create_topic, delete_topic, forget_before, read_topic
from worker.errors import BadLog, LogUnavailable, Misconfigured, OutcomeUnknown, Unavailable
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.publisher import KafkaPublisher

pytestmark = pytest.mark.kafka


@pytest.fixture
async def log(kafka: KafkaServer, make_topic: MakeTopic) -> AsyncIterator[KafkaLaneLog]:
    opened = KafkaLaneLog(kafka.client, await make_topic("lane-log", 2), append_seconds=1.0)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
def running(kafka: KafkaServer) -> Iterator[KafkaServer]:
    """A broker that a test may stop; it runs again afterwards."""
    yield kafka
    kafka.thaw() if kafka.running else kafka.start()


async def test_an_append_without_an_answer_is_unknown_after_its_deadline(
    running: KafkaServer, log: KafkaLaneLog
) -> None:
    lane = log.lane(0)
    await lane.append(b"start")
    running.freeze()
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        await lane.append(b"plan")
    assert time.monotonic() - begun > 0.9
    running.thaw()
    offset = await _until_acknowledged(log, b"next start")
    found = [record for _, record in await lane.read(-1, offset)]
    assert found[0] == b"start"
    assert found[-1] == b"next start"
    assert found.count(b"plan") <= 1, "never sent again, so at most once"


async def _until_acknowledged(log: KafkaLaneLog, record: bytes) -> int:
    """What a lane does: after each unknown outcome a new start, here the same record."""
    for _ in range(40):
        try:
            return await log.lane(0).append(record)
        except (OutcomeUnknown, LogUnavailable):
            await asyncio.sleep(0.25)
    raise AssertionError("the log did not come back")


async def test_the_log_goes_on_after_the_broker_was_killed(
    running: KafkaServer, log: KafkaLaneLog
) -> None:
    lanes = [log.lane(0), log.lane(1)]
    for lane in lanes:
        await lane.append(b"before")
    running.kill()
    failed = await asyncio.gather(
        *(lane.append(b"while") for lane in lanes), return_exceptions=True
    )
    assert all(isinstance(error, Unavailable) for error in failed)
    await asyncio.to_thread(running.start)
    last = await _until_acknowledged(log, b"after")
    read = await lanes[0].read(-1, last)
    assert read[0] == (0, b"before")
    assert read[-1] == (last, b"after")


async def test_an_absent_broker_is_unavailable_and_nothing_is_sent(
    running: KafkaServer, make_topic: MakeTopic
) -> None:
    topic = await make_topic("lane-log")
    running.kill()
    log = KafkaLaneLog(running.client, topic)
    with pytest.raises(LogUnavailable, match="cannot be reached"):
        await log.lane(0).append(b"start")
    with pytest.raises(LogUnavailable, match="cannot be reached"):
        await log.lane(0).read(-1, 0)
    await asyncio.to_thread(running.start)
    assert await log.lane(0).append(b"start") == 0
    await log.stop()


async def test_a_log_that_lost_its_head_is_a_bad_log(
    kafka: KafkaServer, make_topic: MakeTopic
) -> None:
    topic = await make_topic("lane-log")
    log = KafkaLaneLog(kafka.client, topic)
    lane = log.lane(0)
    for i in range(5):
        await lane.append(b"%d" % i)
    await forget_before(kafka.bootstrap, topic, 0, 3)
    assert list(await lane.read(3, 4)) == [(3, b"3"), (4, b"4")]
    with pytest.raises(BadLog, match="begins at offset 3, offset 2 is gone"):
        await lane.read(2, 4)
    with pytest.raises(BadLog, match="a lane without a state needs offset 0"):
        await lane.read(-1, 4)
    await log.stop()


async def test_a_recreated_log_is_a_bad_log(kafka: KafkaServer, make_topic: MakeTopic) -> None:
    topic = await make_topic("lane-log")
    log = KafkaLaneLog(kafka.client, topic)
    for i in range(5):
        await log.lane(0).append(b"%d" % i)
    await log.stop()
    await delete_topic(kafka.bootstrap, topic)
    await asyncio.sleep(0.5)
    await create_topic(kafka.bootstrap, topic)
    log = KafkaLaneLog(kafka.client, topic)
    own = await log.lane(0).append(b"start")
    with pytest.raises(BadLog, match="ends before offset 1, offset 4 is not in it"):
        await log.lane(0).read(own, 4)
    await log.stop()


async def test_a_lane_without_a_partition_is_misconfigured(log: KafkaLaneLog) -> None:
    with pytest.raises(Misconfigured, match="has 2 partitions, lane 2 needs more"):
        await log.lane(2).append(b"start")
    assert await log.lane(1).append(b"start") == 0


async def test_a_plan_that_the_topic_never_takes_is_misconfigured(
    kafka: KafkaServer, make_topic: MakeTopic
) -> None:
    log = KafkaLaneLog(
        kafka.client, await make_topic("lane-log", 2, **{"max.message.bytes": "1000"})
    )
    with pytest.raises(Misconfigured, match=r"max\.message\.bytes"):
        await log.lane(0).append(b"x" * 5000)
    assert await log.lane(0).append(b"small") == 0
    assert await log.lane(1).append(b"small") == 0
    await log.stop()


def command(i: int, size: int = 200) -> Output:
    return Output("BONUS_COMMANDS", b"c", b"%06d" % i + b"x" * size)


async def _published(kafka: KafkaServer, topic: str) -> list[int]:
    return [int(record.value[:6]) for record in await read_topic(kafka.bootstrap, topic)]


def _first_times(numbers: list[int]) -> list[int]:
    """What a reader that drops repeats sees."""
    return list(dict.fromkeys(numbers))


async def test_publishing_waits_for_the_broker_and_keeps_the_order(
    running: KafkaServer, make_topic: MakeTopic
) -> None:
    topic = await make_topic("bonus")
    publisher = KafkaPublisher(running.client, {"BONUS_COMMANDS": topic})
    await publisher.lane(0).publish([command(0)])
    outputs = [command(i, 5000) for i in range(1, 2000)]
    publishing = asyncio.create_task(publisher.lane(0).publish(outputs))
    await asyncio.sleep(0.02)
    await asyncio.to_thread(running.kill)
    await asyncio.sleep(0.5)
    assert not publishing.done()
    await asyncio.to_thread(running.start)
    await asyncio.wait_for(publishing, 120)
    assert _first_times(await _published(running, topic)) == list(range(2000))
    await publisher.stop()


async def test_a_publisher_started_without_a_broker_publishes_when_it_comes(
    running: KafkaServer, make_topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await make_topic("bonus")
    running.kill()
    publisher = KafkaPublisher(running.client, {"BONUS_COMMANDS": topic})
    publishing = asyncio.create_task(publisher.lane(0).publish([command(0), command(1)]))
    await asyncio.sleep(0.2)
    await asyncio.to_thread(running.start)
    await asyncio.wait_for(publishing, 120)
    assert _first_times(await _published(running, topic)) == [0, 1]
    await publisher.stop()


async def test_a_topic_of_small_batches_gets_small_batches(
    kafka: KafkaServer, make_topic: MakeTopic
) -> None:
    topic = await make_topic("bonus", 1, **{"max.message.bytes": "3000"})
    publisher = KafkaPublisher(kafka.client, {"BONUS_COMMANDS": topic})
    await publisher.lane(0).publish([command(i, 500) for i in range(40)])
    assert await _published(kafka, topic) == list(range(40))
    await publisher.stop()


async def test_a_record_that_the_topic_never_takes_stops_loudly(
    kafka: KafkaServer, make_topic: MakeTopic
) -> None:
    topic = await make_topic("bonus", 1, **{"max.message.bytes": "3000"})
    publisher = KafkaPublisher(kafka.client, {"BONUS_COMMANDS": topic})
    with pytest.raises(Misconfigured, match=r"4007 bytes is larger than .* Raise max"):
        await publisher.lane(0).publish([command(0), command(1, 4000), command(2)])
    assert await _published(kafka, topic) == [0]
    await publisher.lane(0).publish([command(3)])
    assert await _published(kafka, topic) == [0, 3]
    await publisher.stop()


async def test_a_lane_without_an_output_partition_is_misconfigured(
    kafka: KafkaServer, make_topic: MakeTopic
) -> None:
    publisher = KafkaPublisher(kafka.client, {"BONUS_COMMANDS": await make_topic("bonus", 2)})
    with pytest.raises(Misconfigured, match="has 2 partitions, lane 3 needs more"):
        await publisher.lane(3).publish([command(0)])
    await publisher.stop()
