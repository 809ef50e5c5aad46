"""What the Redis tables make of a Redis that fails: nothing torn, nothing guessed."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.parts.proxy import Proxy
from tests.parts.redis import RedisServer
from worker.errors import OutcomeUnknown, TablesUnavailable
from worker.tables.factory import TablesFactory, open_tables

pytestmark = pytest.mark.redis

DEADLINE = 0.4


@pytest.fixture
async def proxy(redis_server: RedisServer) -> AsyncIterator[Proxy]:
    async with Proxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
async def factory(proxy: Proxy, prefix: str) -> AsyncIterator[TablesFactory]:
    url = f"redis://127.0.0.1:{proxy.port}/0"
    tables = open_tables(url, prefix, deadline_seconds=DEADLINE)
    yield tables
    await tables.close()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """One that a test may reconfigure and stop."""
    with RedisServer(["--maxmemory-policy", "noeviction"]) as server:
        yield server


@pytest.fixture
async def own_factory(own_redis: RedisServer) -> AsyncIterator[TablesFactory]:
    tables = open_tables(own_redis.url, "loyalty:", deadline_seconds=2.0)
    yield tables
    await tables.close()


async def test_a_cut_connection_under_a_commit_is_unknown(
    proxy: Proxy, factory: TablesFactory
) -> None:
    lane = factory.lane(0)
    await lane.commit(b"", b"1", b"", {})
    proxy.delay_seconds = 0.2
    committing = asyncio.create_task(lane.commit(b"1", b"2", b"", {"k": b"v"}))
    await asyncio.sleep(0.05)
    proxy.cut()
    with pytest.raises(OutcomeUnknown):
        await committing
    proxy.delay_seconds = 0
    assert await lane.commit(b"1", b"2", b"", {"k": b"v"}) == "DONE"


async def test_every_call_ends_at_the_deadline(proxy: Proxy, factory: TablesFactory) -> None:
    lane = factory.lane(0)
    await lane.commit(b"", b"1", b"", {})
    proxy.silent = True
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="did not answer in time"):
        await lane.commit(b"1", b"2", b"", {})
    for call in (lane.peek(), lane.load(b"1", ["k"]), lane.trim(b"1")):
        with pytest.raises(TablesUnavailable, match="did not answer in time"):
            await call
    assert time.monotonic() - begun >= 4 * DEADLINE
    proxy.silent = False
    assert await lane.commit(b"1", b"2", b"", {}) == "DONE"


async def test_a_cancelled_caller_does_not_tear_the_commit(
    proxy: Proxy, factory: TablesFactory
) -> None:
    lane = factory.lane(0)
    await lane.commit(b"", b"1", b"", {})
    proxy.delay_seconds = 0.15
    committing = asyncio.create_task(lane.commit(b"1", b"2", b"", {"k": b"v"}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    committing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await committing
    await factory.close()  # waits for it
    proxy.delay_seconds = 0
    assert await lane.load(b"2", ["k"]) == [b"v"]


async def test_connections_work_again_after_faults(proxy: Proxy, factory: TablesFactory) -> None:
    lanes = [factory.lane(n) for n in range(8)]
    proxy.silent = True
    failed = await asyncio.gather(
        *(lane.commit(b"", b"1", b"", {}) for lane in lanes), return_exceptions=True
    )
    assert all(isinstance(answer, OutcomeUnknown) for answer in failed)
    proxy.cut()
    proxy.silent = False
    answers = await asyncio.gather(*(lane.commit(b"", b"1", b"", {}) for lane in lanes))
    assert set(answers) <= {"OK", "DONE"}
    assert [await lane.peek() for lane in lanes] == [(b"1", b"")] * 8


async def test_a_restarted_redis_no_longer_knows_the_scripts(
    own_redis: RedisServer, own_factory: TablesFactory
) -> None:
    lane = own_factory.lane(0)
    await lane.commit(b"", b"1", b"outbox", {"k": b"v"})
    own_redis.restart()
    await asyncio.sleep(0.05)  # the pool hears of its closed connections
    assert await lane.load(b"1", ["k"]) == [b"v"]
    assert await lane.commit(b"1", b"2", b"", {"k": b"w"}) == "OK"
    await lane.trim(b"2")
    assert await lane.peek() == (b"2", b"")


async def test_a_commit_is_one_write_command(
    own_redis: RedisServer, own_factory: TablesFactory
) -> None:
    """A script of several writes stands in the file as MULTI..EXEC, which Redis 7.0 can tear."""
    own_redis.cli("CONFIG", "SET", "appendfsync", "always")  # else perhaps after the reply
    lane = own_factory.lane(0)
    await lane.commit(b"", b"1", b"outbox", {"a": b"1", "b": b"2"})
    await lane.trim(b"1")
    written = own_redis.append_only_file().read_bytes()
    assert written.count(b"MSET") == 1
    assert written.upper().count(b"DEL") == 1
    assert b"MULTI" not in written


async def test_full_memory_refuses_a_commit_whole_and_a_trim_still_works(
    own_redis: RedisServer, own_factory: TablesFactory
) -> None:
    lane = own_factory.lane(0)
    await lane.commit(b"", b"1", b"outbox", {"k": b"v"})
    own_redis.cli("CONFIG", "SET", "maxmemory", "1mb")
    with pytest.raises(OutcomeUnknown, match="used memory"):
        await lane.commit(b"1", b"2", b"", {"k": b"w"})
    assert await lane.commit(b"", b"1", b"", {}) == "DONE"
    await lane.trim(b"1")
    assert await lane.peek() == (b"1", b"")
    own_redis.cli("CONFIG", "SET", "maxmemory", "0")
    assert await lane.commit(b"1", b"2", b"", {"k": b"w"}) == "OK"


async def test_a_replica_refuses_to_write(
    own_redis: RedisServer, own_factory: TablesFactory, redis_server: RedisServer
) -> None:
    lane = own_factory.lane(0)
    await lane.commit(b"", b"1", b"outbox", {})
    own_redis.cli("REPLICAOF", "127.0.0.1", str(redis_server.port))
    with pytest.raises(OutcomeUnknown):
        await lane.commit(b"1", b"2", b"", {})
    assert any("replica" in f.message for f in await own_factory.check())


async def test_an_absent_redis_is_unavailable(own_redis: RedisServer) -> None:
    tables = open_tables(own_redis.url, "loyalty:")
    own_redis.stop()
    with pytest.raises(TablesUnavailable):
        await tables.lane(0).peek()
    findings = await tables.check()
    assert [(f.part, f.severity) for f in findings] == [("redis", "ERROR")]
    assert "REDIS_URL" in findings[0].remedy
    await tables.close()


async def test_a_redis_that_would_forget_is_found(
    own_redis: RedisServer, own_factory: TablesFactory
) -> None:
    own_redis.cli("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    own_redis.cli("CONFIG", "SET", "appendonly", "no")
    findings = await own_factory.check()
    assert [(f.severity, f.remedy) for f in findings] == [
        ("ERROR", "Set maxmemory-policy noeviction."),
        ("WARNING", "Set appendonly yes."),
    ]


async def test_a_wrong_password_is_named_and_not_shown(own_redis: RedisServer) -> None:
    own_redis.cli("CONFIG", "SET", "requirepass", "right")
    wrong = open_tables(own_redis.url, "loyalty:", password="wrong-secret")
    findings = await wrong.check()
    assert "password" in findings[0].message
    assert "wrong-secret" not in str(findings[0])
    await wrong.close()
    right = open_tables(own_redis.url, "loyalty:", password="right")
    assert list(await right.check()) == []
    await right.close()
