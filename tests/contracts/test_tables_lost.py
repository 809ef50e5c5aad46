"""What a commit makes of requests and replies that get lost: on Redis behind a proxy, and on the
simulation's tables, whose losses stand for those."""

from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from tests.parts.proxy import Proxy
from tests.parts.redis import RedisServer
from tests.simulation.tables import SimulatedFactory
from worker.errors import OutcomeUnknown
from worker.tables.factory import open_tables
from worker.tables.port import IndexChange, IndexRange, Tables

ADDED = IndexChange(add=(b"a",))


class Line(Protocol):
    """The connection between a lane and its tables."""

    @property
    def tables(self) -> Tables: ...

    def lose_the_reply(self) -> None:
        """Of the next commit."""

    def lose_requests(self, lost: bool) -> None:
        """Of all commits, or of none any more."""


class ProxiedLine:
    def __init__(self, tables: Tables, proxy: Proxy) -> None:
        self.tables, self._proxy = tables, proxy

    def lose_the_reply(self) -> None:
        self._proxy.lose_replies = 1

    def lose_requests(self, lost: bool) -> None:
        self._proxy.refuse = lost
        if lost:
            self._proxy.cut()


class SimulatedLine:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tables = SimulatedFactory().lane(0)
        self._luck: list[bool] = []
        self._lost = False
        monkeypatch.setattr(self.tables.world, "chance", self._chance)

    def _chance(self, _: float) -> bool:
        return self._luck.pop(0) if self._luck else self._lost

    def lose_the_reply(self) -> None:
        self._luck = [False, True]  # the request arrives

    def lose_requests(self, lost: bool) -> None:
        self._lost = lost


@pytest.fixture(params=["simulated", pytest.param("redis", marks=pytest.mark.redis)])
async def line(
    request: pytest.FixtureRequest, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Line]:
    if request.param == "simulated":
        yield SimulatedLine(monkeypatch)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    async with Proxy(server.port) as proxy:
        factory = open_tables(f"redis://127.0.0.1:{proxy.port}/0", prefix)
        yield ProxiedLine(factory.lane(0), proxy)
        await factory.close()


async def test_a_lost_reply_is_unknown_and_the_same_call_resolves_it(line: Line) -> None:
    lane = line.tables
    first = IndexChange(add=(b"0",))  # and with it the server learns the script
    await lane.commit(b"", b"1", b"", {}, first)
    line.lose_the_reply()
    with pytest.raises(OutcomeUnknown):
        await lane.commit(b"1", b"2", b"outbox", {"k": b"v"}, ADDED)
    assert await lane.commit(b"1", b"2", b"outbox", {"k": b"v"}, ADDED) == "DONE"
    assert await lane.load(b"2", ["k"]) == [b"v"]
    assert await lane.look(b"2", [IndexRange(b"", b"z", 9)]) == [[b"0", b"a"]]


async def test_a_commit_that_never_arrived_is_carried_out_by_the_repeat(line: Line) -> None:
    lane = line.tables
    line.lose_requests(True)
    with pytest.raises(OutcomeUnknown):
        await lane.commit(b"", b"1", b"", {"k": b"v"}, ADDED)
    line.lose_requests(False)
    assert await lane.peek() == (b"", b"")
    assert await lane.commit(b"", b"1", b"", {"k": b"v"}, ADDED) == "OK"
