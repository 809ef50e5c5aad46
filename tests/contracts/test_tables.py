"""The contract of `worker.tables.port.Tables`: in memory, as the simulation has it, on Redis and on
a Redis Cluster."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.parts.redis import RedisServer
from tests.simulation.tables import SimulatedFactory
from worker.errors import BadLog, Misconfigured
from worker.lane.plan import EMPTYING, decode_head
from worker.tables.factory import TablesFactory, open_tables
from worker.tables.limits import COMMIT_VALUES
from worker.tables.port import IndexChange, IndexRange, Tables
from worker.tables.slots import lane_tag

KINDS = [
    pytest.param("memory", id="memory"),
    pytest.param("simulated", id="simulated"),
    pytest.param("redis", id="redis", marks=pytest.mark.redis),
    pytest.param("cluster", id="cluster", marks=pytest.mark.redis),
]


def open_kind(kind: str, request: pytest.FixtureRequest, prefix: str) -> TablesFactory:
    if kind == "memory":
        return open_tables("memory://", prefix)
    if kind == "simulated":
        return SimulatedFactory()
    if kind == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        return open_tables(server.url, prefix)
    nodes: list[RedisServer] = request.getfixturevalue("redis_masters")
    return open_tables(f"redis+cluster://127.0.0.1:{nodes[0].port}", prefix)


@pytest.fixture(params=KINDS)
async def factory(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[TablesFactory]:
    tables = open_kind(request.param, request, prefix)
    yield tables
    await tables.close()


@pytest.fixture
def lane(factory: TablesFactory) -> Tables:
    return factory.lane(3)


async def test_a_new_lane_is_empty(lane: Tables) -> None:
    assert await lane.peek() == (b"", b"")
    assert await lane.load(b"", ["izi/c-1"]) == [None]
    assert await lane.load(b"some head", ["izi/c-1"]) is None


async def test_commit_writes_head_outbox_and_values(lane: Tables) -> None:
    assert await lane.commit(b"", b"1", b"outbox", {"izi/c-1": b"a", "izi/c-2": b"b"}) == "OK"
    assert await lane.peek() == (b"1", b"outbox")
    assert await lane.load(b"1", ["izi/c-2", "izi/c-3", "izi/c-1"]) == [b"b", None, b"a"]


async def test_commit_keeps_values_that_it_does_not_name(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"", {"izi/c-1": b"a", "izi/c-2": b"b"})
    await lane.commit(b"1", b"2", b"", {"izi/c-2": b"B"})
    assert await lane.load(b"2", ["izi/c-1", "izi/c-2"]) == [b"a", b"B"]


async def test_commit_repeated_is_done_and_writes_nothing(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"outbox", {"izi/c-1": b"a"})
    assert await lane.commit(b"", b"1", b"other", {"izi/c-1": b"other"}) == "DONE"
    assert await lane.peek() == (b"1", b"outbox")
    assert await lane.load(b"1", ["izi/c-1"]) == [b"a"]


async def test_commit_on_another_head_moved_and_writes_nothing(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"outbox", {"izi/c-1": b"a"})
    assert await lane.commit(b"", b"2", b"other", {"izi/c-1": b"other"}) == "MOVED"
    assert await lane.commit(b"0", b"2", b"other", {}) == "MOVED"
    assert await lane.peek() == (b"1", b"outbox")
    assert await lane.load(b"1", ["izi/c-1"]) == [b"a"]


async def test_load_answers_only_under_its_head(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"", {"izi/c-1": b"a"})
    assert await lane.load(b"0", ["izi/c-1"]) is None
    assert await lane.load(b"", ["izi/c-1"]) is None
    assert await lane.load(b"0", []) is None
    assert await lane.load(b"1", []) == []


async def test_trim_empties_the_outbox_under_its_head_only(lane: Tables) -> None:
    await lane.commit(b"", b"1", b"outbox", {})
    await lane.trim(b"0")
    assert await lane.peek() == (b"1", b"outbox")
    await lane.trim(b"1")
    assert await lane.peek() == (b"1", b"")
    assert await lane.commit(b"1", b"2", b"next", {}) == "OK"
    assert await lane.peek() == (b"2", b"next")


async def test_bytes_and_keys_come_back_as_they_were(lane: Tables) -> None:
    every_byte = bytes(range(256))
    keys = {"izi/клиент": every_byte, "izi/a b\r\n{x}": b"", "izi/" + "long" * 500: b"\x00"}
    assert await lane.commit(b"", every_byte, every_byte * 100, keys) == "OK"
    assert await lane.peek() == (every_byte, every_byte * 100)
    assert await lane.load(every_byte, list(keys)) == list(keys.values())


async def test_the_largest_commit_and_a_load_of_more_keys_than_one_script_takes(
    lane: Tables,
) -> None:
    first = {f"izi/c-{i}": str(i).encode() for i in range(COMMIT_VALUES)}
    assert await lane.commit(b"", b"1", b"", first) == "OK"
    second = {f"izi/d-{i}": str(i).encode() for i in range(COMMIT_VALUES)}
    assert await lane.commit(b"1", b"2", b"", second) == "OK"
    everything = {**first, **second}
    assert await lane.load(b"2", list(everything)) == list(everything.values())
    assert await lane.load(b"1", list(everything)) is None


async def test_a_commit_that_nobody_could_carry_out_is_refused(lane: Tables) -> None:
    too_many = {str(i): b"" for i in range(COMMIT_VALUES + 1)}
    with pytest.raises(ValueError, match="3901 values in one commit, at most 3900"):
        await lane.commit(b"", b"1", b"", too_many)
    assert await lane.peek() == (b"", b"")


async def test_lanes_do_not_see_each_other(factory: TablesFactory) -> None:
    one, other = factory.lane(1), factory.lane(2)
    await one.commit(b"", b"1", b"outbox", {"izi/c-1": b"a"})
    assert await other.peek() == (b"", b"")
    assert await other.load(b"", ["izi/c-1"]) == [None]


async def test_two_handles_of_a_lane_are_one_lane(factory: TablesFactory) -> None:
    await factory.lane(5).commit(b"", b"1", b"", {"izi/c-1": b"a"})
    assert await factory.lane(5).load(b"1", ["izi/c-1"]) == [b"a"]
    assert await factory.lane(5).commit(b"", b"2", b"", {}) == "MOVED"


async def test_only_one_of_many_rivals_commits(factory: TablesFactory) -> None:
    rivals = [factory.lane(7).commit(b"", str(i).encode(), b"", {"k": b"%d" % i}) for i in range(8)]
    answers = await asyncio.gather(*rivals)
    assert sorted(answers) == ["MOVED"] * 7 + ["OK"]
    winner = str(answers.index("OK")).encode()
    assert await factory.lane(7).peek() == (winner, b"")
    assert await factory.lane(7).load(winner, ["k"]) == [winner]


async def test_a_good_part_has_no_findings(factory: TablesFactory) -> None:
    assert list(await factory.check()) == []


async def test_a_lane_beyond_the_table_of_tags_is_refused(factory: TablesFactory) -> None:
    with pytest.raises(Misconfigured, match="lanes are numbered 0 to 1023"):
        factory.lane(1024)


@pytest.mark.parametrize("url", ["http://host", "redis", "", "redis+sentinel://host"])
def test_an_unknown_scheme_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="scheme"):
        open_tables(url, "loyalty:")


async def test_emptied_lanes_are_as_if_they_had_never_been(factory: TablesFactory) -> None:
    for n in (1, 2, 3):
        values = {f"izi/c-{i}[*]": b"a" for i in range(20)}
        add = IndexChange(add=(b"entry",))
        assert await factory.lane(n).commit(b"", b"1", b"outbox", values, add) == "OK"
    assert await factory.empty([1, 3]) == 2 * (20 + 1), "values and index"
    for n in (1, 3):
        lane = factory.lane(n)
        assert await lane.peek() == (b"", b"")
        assert await lane.load(b"", ["izi/c-1[*]"]) == [None]
        assert await lane.look(b"", [IndexRange(b"a", b"z", 9)]) == [[]]
    untouched = factory.lane(2)
    assert await untouched.peek() == (b"1", b"outbox")
    assert await untouched.load(b"1", ["izi/c-1[*]"]) == [b"a"]
    assert await factory.empty([1, 3]) == 0


@pytest.mark.redis
async def test_an_owner_that_comes_while_a_lane_is_emptied_finds_no_state_to_trust(
    redis_server: RedisServer, prefix: str
) -> None:
    """Broken off after the first deletions, as a connection or a process may be."""
    tables = open_tables(redis_server.url, prefix)
    lane = tables.lane(0)
    await lane.commit(b"", b"1", b"", {"izi/c-1": b"a", "izi/c-2": b"b"})
    tag = "{" + prefix + lane_tag(0) + "}:"
    redis_server.cli("SET", f"{tag}head", EMPTYING.decode())
    redis_server.cli("DEL", f"{tag}v:izi/c-1")
    head, _ = await lane.peek()
    with pytest.raises(BadLog, match="rebuild"):
        decode_head(head)
    assert await lane.load(b"1", ["izi/c-2"]) is None
    assert await lane.commit(b"1", b"2", b"", {}) == "MOVED"
    assert await tables.empty([0]) == 1
    assert await lane.load(b"", ["izi/c-2"]) == [None]
    await tables.close()
