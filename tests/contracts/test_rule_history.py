"""The contract of `worker.rules.ports.RuleHistory`: in memory and in Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.conftest import MakeTopic
from tests.parts.kafka import KafkaServer
from tests.parts.topics import produce, read_topic
from worker.kafka.transactions import TRANSACTION_MS, exclusive_writer
from worker.rules.fakes import MemoryHistory
from worker.rules.history import HistoryRecord, KafkaRuleHistory, Pushed
from worker.rules.ports import RuleHistory, StoredRules

KINDS = [pytest.param("memory"), pytest.param("kafka", marks=pytest.mark.kafka)]


@pytest.fixture(params=KINDS)
async def history(request: pytest.FixtureRequest) -> AsyncIterator[RuleHistory]:
    opened: RuleHistory = MemoryHistory()
    if request.param == "kafka":
        server: KafkaServer = request.getfixturevalue("kafka")
        make_topic: MakeTopic = request.getfixturevalue("make_topic")
        opened = KafkaRuleHistory(server.client, await make_topic("rules-history", 2))
    await opened.load()
    yield opened
    await opened.close()


def stored(version: str, organization: str = "izi", file: str = "izi.yaml") -> StoredRules:
    return StoredRules(organization, version, f"{organization}-{version}", file, f"text {version}")


async def test_an_empty_history_knows_nothing(history: RuleHistory) -> None:
    assert history.by_hash("izi-1") is None
    assert history.latest("izi") is None
    assert history.latest_of_file("izi.yaml") is None


async def test_what_was_recorded_is_known_at_once(history: RuleHistory) -> None:
    await history.record(stored("1"))
    assert history.by_hash("izi-1") == stored("1")
    assert history.latest("izi") == stored("1")
    assert history.latest_of_file("izi.yaml") == stored("1")


async def test_older_sets_stay_known_by_hash(history: RuleHistory) -> None:
    await history.record(stored("1"))
    await history.record(stored("2"))
    await history.record(stored("1", "pro", "pro.yaml"))
    assert history.by_hash("izi-1") == stored("1")
    assert history.latest("izi") == stored("2")
    assert history.latest("pro") == stored("1", "pro", "pro.yaml")


async def test_going_back_makes_the_older_set_the_latest(history: RuleHistory) -> None:
    await history.record(stored("1"))
    await history.record(stored("2"))
    await history.record(stored("1"))
    assert history.latest("izi") == stored("1")
    await history.load()
    assert history.latest("izi") == stored("1")


@pytest.mark.kafka
async def test_workers_see_each_other_s_sets(kafka: KafkaServer, make_topic: MakeTopic) -> None:
    topic = await make_topic("rules-history")
    one, other = (KafkaRuleHistory(kafka.client, topic) for _ in range(2))
    await one.record(stored("1"))
    await other.load()
    assert other.latest("izi") == stored("1")
    await one.record(stored("2"))
    await other.load()
    assert other.latest("izi") == stored("2")
    await one.close()
    await other.close()


@pytest.mark.kafka
async def test_the_record_on_the_wire(kafka: KafkaServer, make_topic: MakeTopic) -> None:
    topic = await make_topic("rules-history")
    history = KafkaRuleHistory(kafka.client, topic)
    await history.record(stored("1"))
    [record] = await read_topic(kafka.bootstrap, topic)
    assert record.key == b"izi"
    assert json.loads(record.value) == {
        "organizationId": "izi",
        "version": "1",
        "hash": "izi-1",
        "file": "izi.yaml",
        "text": "text 1",
    }
    await history.close()


@pytest.mark.kafka
async def test_a_record_of_another_kind_is_passed_over(
    kafka: KafkaServer, make_topic: MakeTopic, caplog: pytest.LogCaptureFixture
) -> None:
    topic = await make_topic("rules-history")
    history = KafkaRuleHistory(kafka.client, topic)
    await produce(kafka.bootstrap, topic, [(b"izi", b"{}"), (b"izi", b"\xff"), (b"izi", None)])
    await history.record(stored("1"))
    await history.load()
    assert history.latest("izi") == stored("1")
    assert caplog.text.count("holds a record that is no rule set") == 3
    await history.close()


@pytest.mark.kafka
async def test_a_pusher_that_dies_in_its_transaction_holds_no_worker_back(
    kafka: KafkaServer, make_topic: MakeTopic
) -> None:
    """What a worker recorded behind the open push decides already: its heir must find it at once,
    and a push that never was is nobody's last good set."""
    topic = await make_topic("rules-history")
    one, heir = (KafkaRuleHistory(kafka.client, topic) for _ in range(2))
    async with exclusive_writer(kafka.client, "push-that-dies") as pusher:
        await pusher._producer.begin_transaction()
        pushed = Pushed("ann", "a try", "2026-11-22T12:00:00+00:00", None)
        record = HistoryRecord("izi", "9", "izi-9", "izi", "text 9", pushed)
        await pusher._producer.send_and_wait(topic, msgspec.json.encode(record), key=b"izi")
        await one.record(stored("1"))
        async with asyncio.timeout(TRANSACTION_MS / 1000 - 1):
            await heir.load()
        assert heir.by_hash("izi-1") == heir.latest("izi") == stored("1")
        assert heir.by_hash("izi-9") is None
        await pusher._producer.abort_transaction()
    await heir.load()
    assert heir.latest("izi") == stored("1")
    await one.close()
    await heir.close()
