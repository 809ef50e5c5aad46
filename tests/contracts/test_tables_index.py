"""The contract of the index beside a lane's values: never less than the state needs."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contracts.test_tables import KINDS, open_kind
from tests.parts.redis import RedisServer
from worker.errors import OutcomeUnknown
from worker.tables.factory import TablesFactory, open_tables
from worker.tables.port import IndexChange, IndexRange, Tables

EVERYTHING = IndexRange(b"", b"\xff", 100_000)


@pytest.fixture(params=KINDS)
async def factory(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[TablesFactory]:
    tables = open_kind(request.param, request, prefix)
    yield tables
    await tables.close()


@pytest.fixture
def lane(factory: TablesFactory) -> Tables:
    return factory.lane(3)


def adding(*entries: bytes) -> IndexChange:
    return IndexChange(add=entries)


async def held(lane: Tables, head: bytes) -> list[bytes]:
    found = await lane.look(head, [EVERYTHING])
    assert found is not None
    return found[0]


async def test_a_new_lane_has_an_empty_index(lane: Tables) -> None:
    assert await held(lane, b"") == []
    assert await lane.look(b"", []) == []
    assert await lane.look(b"some head", [EVERYTHING]) is None


async def test_a_commit_adds_entries_in_the_order_of_their_bytes(lane: Tables) -> None:
    entries = (b"b", b"a\x1f2", b"a\x1f10", b"\x00", "ж".encode(), b"a")
    assert await lane.commit(b"", b"1", b"outbox", {"k": b"v"}, adding(*entries)) == "OK"
    assert await held(lane, b"1") == sorted(entries)
    assert await lane.peek() == (b"1", b"outbox")
    assert await lane.load(b"1", ["k"]) == [b"v"]


async def test_ranges_end_before_their_end_and_at_their_limit(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"", {}, adding(*(b"e%d" % n for n in range(6))))
    found = await lane.look(
        b"1",
        [
            IndexRange(b"e1", b"e3", 10),
            IndexRange(b"e1", b"e9", 2),
            IndexRange(b"e9", b"f", 10),
            IndexRange(b"e3", b"e3", 10),
        ],
    )
    assert found == [[b"e1", b"e2"], [b"e1", b"e2"], [], []]


async def test_entries_are_seen_under_their_head_only(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"", {}, adding(b"a"))
    assert await lane.look(b"0", [EVERYTHING]) is None
    assert await lane.look(b"", []) is None


async def test_a_commit_drops_what_the_state_before_it_had_no_need_of(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"", {}, adding(b"a", b"b", b"c"))
    change = IndexChange(add=(b"d", b"c"), drop=(b"a", b"unknown"))
    assert await lane.commit(b"1", b"2", b"", {}, change) == "OK"
    assert await held(lane, b"2") == [b"b", b"c", b"d"]


async def test_dropping_alone_is_a_commit_too(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"", {}, adding(b"a", b"b"))
    assert await lane.commit(b"1", b"2", b"", {}, IndexChange(drop=(b"b",))) == "OK"
    assert await held(lane, b"2") == [b"a"]


async def test_a_repeated_commit_is_done_and_drops_nothing(lane: Tables) -> None:
    """What it drops may be needed again by now; what it adds is at most too much."""
    await lane.commit(b"", b"1", b"", {}, adding(b"a"))
    await lane.commit(b"1", b"2", b"", {}, adding(b"b"))
    again = IndexChange(add=(b"b",), drop=(b"a",))
    assert await lane.commit(b"1", b"2", b"", {}, again) == "DONE"
    assert await held(lane, b"2") == [b"a", b"b"]


async def test_a_commit_on_another_head_drops_nothing(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"", {}, adding(b"a"))
    assert await lane.commit(b"0", b"2", b"", {}, IndexChange((b"x",), (b"a",))) == "MOVED"
    assert b"a" in await held(lane, b"1")


async def test_tidy_deletes_under_its_head_only(lane: Tables) -> None:
    values = {"k": b"1", "l": b"2"}
    await lane.commit(b"", b"1", b"", values, adding(b"a", b"b", b"c"))
    await lane.tidy(b"0", [b"a"], ["k"])
    assert await held(lane, b"1") == [b"a", b"b", b"c"]
    await lane.tidy(b"1", [b"a", b"c", b"unknown"], ["k", "unknown"])
    assert await held(lane, b"1") == [b"b"]
    assert await lane.load(b"1", ["k", "l"]) == [None, b"2"]
    await lane.tidy(b"1", [])
    assert await held(lane, b"1") == [b"b"]


async def test_more_entries_than_one_script_takes(lane: Tables) -> None:
    entries = [b"%06d" % n for n in range(10_000)]
    assert await lane.commit(b"", b"1", b"", {"k": b"v"}, adding(*entries)) == "OK"
    assert await held(lane, b"1") == entries
    change = IndexChange(add=(b"x",), drop=entries[:9_000])
    assert await lane.commit(b"1", b"2", b"", {}, change) == "OK"
    await lane.tidy(b"2", entries[9_000:])
    assert await held(lane, b"2") == [b"x"]


async def test_lanes_have_indexes_of_their_own(factory: TablesFactory) -> None:
    await factory.lane(1).commit(b"", b"1", b"", {}, adding(b"a"))
    assert await held(factory.lane(2), b"") == []
    assert await held(factory.lane(1), b"1") == [b"a"]


# ---------------------------------------------------------------------- what only Redis can do


@pytest.fixture
async def redis_lane(redis_server: RedisServer, prefix: str) -> AsyncIterator[tuple[Tables, str]]:
    tables = open_tables(redis_server.url, prefix)
    yield tables.lane(0), prefix
    await tables.close()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """One that a test may reconfigure."""
    with RedisServer(["--maxmemory-policy", "noeviction"]) as server:
        yield server


@pytest.mark.redis
async def test_a_head_never_becomes_one_whose_entries_are_missing(
    redis_server: RedisServer, redis_lane: tuple[Tables, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's late removal between the writing of the entries and the commit."""
    lane, prefix = redis_lane
    await lane.commit(b"", b"1", b"", {}, adding(b"a", b"b"))
    index = redis_server.cli("--scan", "--pattern", f"*{prefix}*index")
    send = lane._tables._send_all  # type: ignore[attr-defined]

    async def interrupted(key: str, calls: list[tuple[bytes, ...]]) -> list[object]:
        answers: list[object] = await send(key, calls[:-1])
        redis_server.cli("ZREM", index, "b")
        answers += await send(key, calls[-1:])
        return answers

    with monkeypatch.context() as patch:
        patch.setattr(lane._tables, "_send_all", interrupted)  # type: ignore[attr-defined]
        with pytest.raises(OutcomeUnknown, match="went missing"):
            await lane.commit(b"1", b"2", b"", {}, adding(b"b", b"c"))
    assert await lane.peek() == (b"1", b"")
    assert await lane.commit(b"1", b"2", b"", {}, adding(b"b", b"c")) == "OK"
    assert await held(lane, b"2") == [b"a", b"b", b"c"]


@pytest.mark.redis
async def test_full_memory_refuses_a_commit_with_its_entries(
    own_redis: RedisServer,
) -> None:
    tables = open_tables(own_redis.url, "loyalty:", deadline_seconds=2.0)
    lane = tables.lane(0)
    await lane.commit(b"", b"1", b"", {"k": b"v"})
    own_redis.cli("CONFIG", "SET", "maxmemory", "1mb")
    with pytest.raises(OutcomeUnknown, match="used memory"):
        await lane.commit(b"1", b"2", b"", {"k": b"w"}, adding(b"a"))
    own_redis.cli("CONFIG", "SET", "maxmemory", "0")
    assert await lane.peek() == (b"1", b"")
    assert await lane.commit(b"1", b"2", b"", {"k": b"w"}, adding(b"a")) == "OK"
    assert await held(lane, b"2") == [b"a"]
    await tables.close()


@pytest.mark.redis
async def test_a_restarted_redis_learns_the_scripts_again_and_nothing_is_torn(
    own_redis: RedisServer,
) -> None:
    tables = open_tables(own_redis.url, "loyalty:", deadline_seconds=2.0)
    lane = tables.lane(0)
    await lane.commit(b"", b"1", b"", {"k": b"v"}, adding(b"a"))
    own_redis.cli("SCRIPT", "FLUSH")
    assert await lane.commit(b"1", b"2", b"", {}, IndexChange((b"b",), (b"a",))) == "OK"
    own_redis.cli("SCRIPT", "FLUSH")
    assert await held(lane, b"2") == [b"b"]
    own_redis.cli("SCRIPT", "FLUSH")
    await lane.tidy(b"2", [b"b"], ["k"])
    assert await held(lane, b"2") == []
    assert b"MULTI" not in own_redis.append_only_file().read_bytes()
    await tables.close()
