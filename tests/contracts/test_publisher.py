"""The contract of `worker.lane.ports.Publisher`: in memory and to Kafka."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from schemas.records import Output, Record
from tests.conftest import MakeTopic
from tests.parts.kafka import KafkaServer
from tests.parts.topics import read_topic
from worker.kafka.fakes import MemoryPublisher
from worker.kafka.publisher import KafkaPublisher

KINDS = [pytest.param("memory"), pytest.param("kafka", marks=pytest.mark.kafka)]
PARTITIONS = 4


@dataclass
class Outlet:
    """A publisher and what has come out of it, by channel."""

    publisher: MemoryPublisher | KafkaPublisher
    published: Callable[[str], Awaitable[Sequence[Record]]]


@pytest.fixture(params=KINDS)
async def outlet(request: pytest.FixtureRequest) -> AsyncIterator[Outlet]:
    outlet = _memory() if request.param == "memory" else await _kafka(request)
    await outlet.publisher.start()
    yield outlet
    await outlet.publisher.stop()


def _memory() -> Outlet:
    memory = MemoryPublisher({"BONUS_COMMANDS": "bonus", "DEAD_LETTERS": "dead"})
    names = {"BONUS_COMMANDS": "bonus", "DEAD_LETTERS": "dead"}

    async def published(channel: str) -> Sequence[Record]:
        return memory.records(names[channel])

    return Outlet(memory, published)


async def _kafka(request: pytest.FixtureRequest) -> Outlet:
    server: KafkaServer = request.getfixturevalue("kafka")
    make_topic: MakeTopic = request.getfixturevalue("make_topic")
    names = {
        "BONUS_COMMANDS": await make_topic("bonus", PARTITIONS),
        "DEAD_LETTERS": await make_topic("dead", PARTITIONS),
    }

    async def published(channel: str) -> Sequence[Record]:
        return await read_topic(server.bootstrap, names[channel])

    return Outlet(KafkaPublisher(server.client, names), published)


def command(i: int, value: bytes | None = None) -> Output:
    return Output("BONUS_COMMANDS", b"c-%d" % i, value or b"%d" % i, (("type", b"ADD_BONUS"),))


async def test_what_was_published_is_there_when_the_call_returns(outlet: Outlet) -> None:
    await outlet.publisher.lane(2).publish([command(1)])
    [record] = await outlet.published("BONUS_COMMANDS")
    assert (record.partition, record.offset) == (2, 0)
    assert (record.key, record.value) == (b"c-1", b"1")
    assert list(record.headers) == [("type", b"ADD_BONUS")]


async def test_nothing_is_published_without_outputs(outlet: Outlet) -> None:
    await outlet.publisher.lane(0).publish([])
    assert list(await outlet.published("BONUS_COMMANDS")) == []


async def test_each_channel_has_its_topic(outlet: Outlet) -> None:
    letter = Output("DEAD_LETTERS", b"k", b"v", (("error.code", b"SCHEMA"), ("x", b"")))
    await outlet.publisher.lane(1).publish([command(1), letter, command(2)])
    assert [r.value for r in await outlet.published("BONUS_COMMANDS")] == [b"1", b"2"]
    [record] = await outlet.published("DEAD_LETTERS")
    assert list(record.headers) == [("error.code", b"SCHEMA"), ("x", b"")]


async def test_order_is_kept_over_many_batches(outlet: Outlet) -> None:
    outputs = [command(i, b"%04d" % i * 500) for i in range(1500)]
    await outlet.publisher.lane(0).publish(outputs)
    assert [r.value for r in await outlet.published("BONUS_COMMANDS")] == [
        output.value for output in outputs
    ]


async def test_a_lane_writes_only_to_its_partition(outlet: Outlet) -> None:
    await asyncio.gather(
        *(outlet.publisher.lane(n).publish([command(n)] * 3) for n in range(PARTITIONS))
    )
    records = await outlet.published("BONUS_COMMANDS")
    assert sorted((r.partition, r.value) for r in records) == [
        (n, b"%d" % n) for n in range(PARTITIONS) for _ in range(3)
    ]


async def test_a_dead_letter_may_have_neither_key_nor_value(outlet: Outlet) -> None:
    await outlet.publisher.lane(0).publish([Output("DEAD_LETTERS", None, None)])
    [record] = await outlet.published("DEAD_LETTERS")
    assert (record.key, record.value) == (None, None)
