"""When Kafka counts as away, and how often that is told."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaConnectionError, KafkaError

from worker.kafka import contact
from worker.kafka.contact import Contact

LANE = TopicPartition("loyalty.topups", 3)
OFFSETS = {LANE: 7}


class Broker:
    """What a consumer finds: `down` answers with an error, `hangs` not at all."""

    def __init__(self) -> None:
        self.now = 0.0
        self.down = False
        self.commit_error: KafkaError | None = None
        self.thawed = asyncio.Event()
        self.thawed.set()
        self.asked: list[str] = []

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        assert offsets == OFFSETS
        await self._answer("commit")
        if self.commit_error is not None:
            raise self.commit_error

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> None:
        assert partitions == [LANE]
        await self._answer("end")

    async def _answer(self, question: str) -> None:
        self.asked.append(question)
        await self.thawed.wait()
        if self.down:
            raise KafkaConnectionError("refused")


@pytest.fixture(name="broker")
def _broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    monkeypatch.setattr(contact, "ANSWER_SECONDS", 0.01)
    return Broker()


@pytest.fixture(name="kafka")
async def _kafka(broker: Broker) -> AsyncIterator[Contact]:
    made = Contact(broker, LANE, lambda: broker.now)
    yield made
    await made.close()


async def look(kafka: Contact, broker: Broker, until: float, every: float = 2.0) -> None:
    while broker.now < until:
        broker.now += every
        await kafka.look(OFFSETS)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_broker_that_is_restarted_is_not_away(
    kafka: Contact, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.down = True
    await look(kafka, broker, until=8.0)
    assert kafka.away_seconds == 0.0
    broker.down = False
    await look(kafka, broker, until=10.0)
    broker.down = True
    await look(kafka, broker, until=18.0)
    assert kafka.away_seconds == 0.0
    assert told(caplog) == []


@pytest.mark.parametrize("hangs", [False, True], ids=["refused", "no answer"])
async def test_an_outage_is_told_when_it_begins_and_when_it_ends(
    kafka: Contact, broker: Broker, caplog: pytest.LogCaptureFixture, hangs: bool
) -> None:
    await look(kafka, broker, until=20.0)
    broker.down = not hangs
    if hangs:
        broker.thawed.clear()
    await look(kafka, broker, until=80.0)
    assert kafka.away_seconds == 60.0
    broker.down = False
    broker.thawed.set()
    await look(kafka, broker, until=84.0)
    assert kafka.away_seconds == 0.0
    assert told(caplog) == [
        "Kafka has not answered for 10 s: the lanes stand still until it does",
        "Kafka answers again after 62 s: the lanes go on",
    ]


async def test_whoever_answers_counts(kafka: Contact, broker: Broker) -> None:
    """The broker of the group is away, the others are not; a group that rebalances answers."""
    broker.commit_error = KafkaConnectionError("the coordinator is away")
    await look(kafka, broker, until=30.0)
    assert kafka.away_seconds == 0.0
    broker.commit_error, broker.down = CommitFailedError(), False
    await look(kafka, broker, until=60.0)
    assert kafka.away_seconds == 0.0


async def test_a_worker_that_stands_by_asks_too(kafka: Contact, broker: Broker) -> None:
    broker.down = True
    broker.now = 12.0
    await kafka.look({})
    assert kafka.away_seconds == 12.0
    assert broker.asked == ["end"]


async def test_one_question_of_a_kind_at_a_time(kafka: Contact, broker: Broker) -> None:
    broker.thawed.clear()
    await look(kafka, broker, until=20.0)
    assert broker.asked == ["commit", "end"]


async def test_the_last_offsets_of_a_lane_go_out_behind_what_is_under_way(
    kafka: Contact, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that leaves right after a look: its lag would be shown as long as it is away."""
    monkeypatch.setattr(contact, "ANSWER_SECONDS", 60.0)
    broker.thawed.clear()
    looking = asyncio.create_task(kafka.look(OFFSETS))
    await asyncio.sleep(0)
    leaving = asyncio.create_task(kafka.commit(OFFSETS))
    await asyncio.sleep(0.01)
    assert broker.asked == ["commit", "end"]
    broker.thawed.set()
    assert await leaving
    await looking
    assert broker.asked == ["commit", "end", "commit"]


async def test_a_question_that_fails_late_is_no_error_of_its_own(
    kafka: Contact, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.thawed.clear()
    await look(kafka, broker, until=4.0)
    broker.down = True
    broker.thawed.set()
    await look(kafka, broker, until=6.0)
    await kafka.close()
    gc.collect()
    assert told(caplog) == []


async def test_a_closed_contact_leaves_nothing_under_way(kafka: Contact, broker: Broker) -> None:
    broker.thawed.clear()
    await look(kafka, broker, until=2.0)
    await kafka.close()
    assert len(asyncio.all_tasks()) == 1


async def test_a_slow_answer_is_one(
    kafka: Contact, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes after every look has given up waiting, and before the next."""
    while broker.now < 30.0:
        broker.thawed.clear()
        await look(kafka, broker, until=broker.now + 2.0)
        broker.thawed.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert kafka.away_seconds == 0.0
    assert told(caplog) == []


async def test_a_look_that_waits_behind_an_older_question_asks_nothing_once_closed(
    kafka: Contact, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.thawed.clear()
    await look(kafka, broker, until=2.0)
    monkeypatch.setattr(contact, "ANSWER_SECONDS", 60.0)
    looking = asyncio.create_task(kafka.look(OFFSETS))
    await asyncio.sleep(0)
    await kafka.close()
    await looking
    assert broker.asked == ["commit", "end"]
    assert len(asyncio.all_tasks()) == 1
