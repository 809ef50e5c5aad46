"""The readers of `examples/consumer`: repeats and crashes at every step, each effect once."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from examples.consumer import crm, push_gateway
from examples.consumer.commands import Command, read_command
from examples.consumer.crm import Ledger
from examples.consumer.push_gateway import MARK_SECONDS, Pushes
from examples.consumer.reader import Effects, NotNow, Reader
from tests.parts.redis import RedisServer
from worker.demo.broker import FETCH_MAX_WAIT_MS, EmbeddedBroker

TOPIC = crm.TOPICS[0]
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def body(number: int, kind: str = "ADD_BONUS", **fields: Any) -> dict[str, Any]:
    command_id = f"00000000-0000-5000-8000-{number:012d}"
    own = {"amountMajor": "10.10", "currency": "RUB", "batchId": command_id, "expiresAt": None}
    return {
        "commandId": command_id,
        "type": kind,
        "organizationId": "izi",
        "clientId": "anna",
        "issuedAt": "2026-03-03T09:00:00+00:00",
        **(own if kind == "ADD_BONUS" else {}),
        **fields,
    }


def command(number: int, kind: str = "ADD_BONUS", **fields: Any) -> Command:
    return read_command(json.dumps(body(number, kind, **fields)).encode())


class Crash(Exception):
    """The process dies here."""


# --------------------------------------------------------------------------- the loop, and the CRM


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker({TOPIC: 1}) as running:
        yield running


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "crm.db")
    yield opened
    opened.close()


async def send(broker: EmbeddedBroker, numbers: Sequence[int]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    await producer.start()
    for number in numbers:
        await producer.send(TOPIC, json.dumps(body(number)).encode(), key=b"anna", partition=0)
    await producer.stop()


@asynccontextmanager
async def consuming(broker: EmbeddedBroker) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=broker.bootstrap_servers,
        group_id="crm",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read_until(broker: EmbeddedBroker, effects: Effects, offset: int) -> None:
    """Runs a reader until the group's offset is there, or it crashes."""
    async with consuming(broker) as consumer:
        reader = Reader(consumer, effects)
        running = asyncio.create_task(reader.run())
        partition = TopicPartition(TOPIC, 0)
        for _ in range(2400):
            if running.done() or await consumer.committed(partition) == offset:
                break
            await asyncio.sleep(0.05)
        reader.stop()
        await running
        assert await consumer.committed(partition) == offset


async def test_repeats_are_dropped(broker: EmbeddedBroker, ledger: Ledger) -> None:
    await send(broker, [1, 2, 3, 2, 3, 4])
    await read_until(broker, ledger, 6)
    assert ledger.credited("anna") == ["10.10"] * 4


class Dying:
    """Effects whose process dies right after it applied so many commands."""

    def __init__(self, effects: Effects, after: int) -> None:
        self._effects, self._left = effects, after

    async def apply(self, command: Command) -> bool:
        applied = await self._effects.apply(command)
        self._left -= 1
        if self._left == 0:
            raise Crash
        return applied


async def test_a_crash_before_the_offsets_are_committed_pays_nothing_twice(
    broker: EmbeddedBroker, ledger: Ledger
) -> None:
    await send(broker, [1, 2, 3, 4, 5])
    with pytest.raises(Crash):
        await read_until(broker, Dying(ledger, after=3), 5)
    assert ledger.credited("anna") == ["10.10"] * 3
    await read_until(broker, ledger, 5)
    assert ledger.credited("anna") == ["10.10"] * 5


class Reluctant:
    """Effects that refuse the first attempts."""

    def __init__(self, effects: Effects, refusals: int) -> None:
        self._effects, self.refusals = effects, refusals

    async def apply(self, command: Command) -> bool:
        if self.refusals:
            self.refusals -= 1
            raise NotNow("the database is locked")
        return await self._effects.apply(command)


async def test_what_cannot_be_applied_now_is_waited_for_not_skipped(
    broker: EmbeddedBroker, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examples.consumer.reader.RETRY_SECONDS", 0.01)
    await send(broker, [1, 2])
    await read_until(broker, Reluctant(ledger, refusals=3), 2)
    assert ledger.credited("anna") == ["10.10"] * 2


async def test_mark_and_effect_are_one_transaction(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two leaves neither."""
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "_effect", _crash)
        with pytest.raises(Crash):
            await ledger.apply(command(1))
    assert await ledger.apply(command(1))
    assert not await ledger.apply(command(1))
    assert ledger.credited("anna") == ["10.10"]


def _crash(_: Command) -> None:
    raise Crash


async def test_groups_are_assigned_and_unassigned(ledger: Ledger) -> None:
    await ledger.apply(command(1, "ASSIGN_GROUP", groupId="newcomers"))
    await ledger.apply(command(2, "ASSIGN_GROUP", groupId="regulars"))
    await ledger.apply(command(3, "ASSIGN_GROUP", groupId="regulars"))
    await ledger.apply(command(4, "UNASSIGN_GROUP", groupId="newcomers"))
    assert ledger.groups("anna") == ["regulars"]


async def test_a_command_of_an_unknown_type_stops_the_reader_unmarked(ledger: Ledger) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="REVOKE_EVERYTHING"):
            await ledger.apply(command(1, "REVOKE_EVERYTHING"))


async def test_marks_outlive_the_horizon_by_a_day(ledger: Ledger, tmp_path: Path) -> None:
    await ledger.apply(command(1))
    await ledger.apply(command(2))
    with ledger._database as database:
        age = "UPDATE applied SET applied_at = datetime('now', ?) WHERE command_id LIKE ?"
        database.execute(age, ("-191 hours", "%1"))
        database.execute(age, ("-193 hours", "%2"))
    assert ledger.forget_old_marks() == 1
    assert not await ledger.apply(command(1))


# --------------------------------------------------------------------------- the push gateway


class Provider:
    """A push provider that remembers what it was given."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.failure: Exception | None = None

    async def send(self, command: Command) -> None:
        if isinstance(self.failure, NotNow):
            raise self.failure
        self.sent.append(command.command_id)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_server.url)
    yield client
    await client.aclose()


@pytest.fixture
def pushes(redis: Redis, provider: Provider, prefix: str) -> Pushes:
    return Pushes(redis, provider.send, prefix, now=lambda: NOON)


def push(number: int, not_after: str | None = None) -> Command:
    return command(number, "SEND_PUSH", title="Hi", body="There", notAfter=not_after)


@pytest.mark.redis
async def test_a_push_goes_out_once_and_its_mark_outlives_the_horizon(
    pushes: Pushes, provider: Provider, redis: Redis, prefix: str
) -> None:
    assert await pushes.apply(push(1))
    assert not await pushes.apply(push(1))
    assert provider.sent == [push(1).command_id]
    left = await redis.ttl(prefix + push(1).command_id)
    assert MARK_SECONDS - 60 < left <= MARK_SECONDS == 8 * 86_400


@pytest.mark.redis
async def test_a_crash_between_sending_and_marking_repeats_and_never_loses(
    pushes: Pushes, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window that the README names: the claim holds others off, then runs out."""
    monkeypatch.setattr(push_gateway, "CLAIM_SECONDS", 1)
    provider.failure = Crash()
    with pytest.raises(Crash):
        await pushes.apply(push(1))
    provider.failure = None
    with pytest.raises(NotNow):
        await pushes.apply(push(1))
    await asyncio.sleep(1.1)
    assert await pushes.apply(push(1))
    assert provider.sent == [push(1).command_id] * 2


@pytest.mark.redis
async def test_what_the_provider_refuses_is_tried_again_at_once(
    pushes: Pushes, provider: Provider
) -> None:
    provider.failure = NotNow("too many requests")
    with pytest.raises(NotNow):
        await pushes.apply(push(1))
    provider.failure = None
    assert await pushes.apply(push(1))
    assert provider.sent == [push(1).command_id]


@pytest.mark.redis
async def test_two_readers_do_not_send_the_same_push_at_once(
    redis: Redis, provider: Provider, prefix: str
) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(command: Command) -> None:
        entered.set()
        await leave.wait()
        await provider.send(command)

    first, second = Pushes(redis, slow, prefix), Pushes(redis, provider.send, prefix)
    sending = asyncio.create_task(first.apply(push(1)))
    await entered.wait()
    with pytest.raises(NotNow):
        await second.apply(push(1))
    leave.set()
    assert await sending
    assert not await second.apply(push(1))
    assert provider.sent == [push(1).command_id]


@pytest.mark.redis
@pytest.mark.parametrize(
    ("not_after", "sent"),
    [(None, 1), ("2026-03-03T12:00:01+00:00", 1), ("2026-03-03T15:00:00+03:00", 0)],
)
async def test_a_push_past_its_time_is_dropped(
    pushes: Pushes, provider: Provider, not_after: str | None, sent: int
) -> None:
    assert await pushes.apply(push(1, not_after))
    assert len(provider.sent) == sent


async def test_without_redis_a_push_waits(provider: Provider) -> None:
    nowhere = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    with pytest.raises(NotNow, match="Redis"):
        await Pushes(nowhere, provider.send).apply(push(1))
    await nowhere.aclose()
    assert provider.sent == []
