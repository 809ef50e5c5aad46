"""A worker killed at every named point of its procedure, on a real Kafka and a real Redis: what
comes out is what would have come out without.

The order of the deaths matters: each leaves the next worker what its own point needs (a plan that
is not committed, an outbox that is not published, a Redis that lost everything), whatever else the
dead one's lanes did before it fell.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.deadly import Order
from tests.chaos.nursery import Nursery
from tests.integration.deployment import Deployment
from tests.integration.traffic import RULES, Sent, traffic
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.processes import free_port
from tests.parts.redis import RedisServer
from worker.lane.points import Point

BUDGET = "\nlimits: {budget: {amountMajor: 9000, per: LIFETIME}}\n"
"""So lanes have something to say to each other, and records that are tried in vain."""

DECIDING = (
    Order(Point.APPENDING, behind=Point.FOLDED),
    Order(Point.EMPTY_APPENDED),
    Order(Point.SOUGHT),
    Order(Point.POLLED),
    Order(Point.LOADED),
    Order(Point.EVALUATED),
    Order(Point.APPENDING, behind=Point.EVALUATED),
    Order(Point.APPENDING, soon=1, behind=Point.EVALUATED),
    Order(Point.APPENDING, nth=3, soon=3, behind=Point.EVALUATED),
    Order(Point.APPENDED),
    Order(Point.REPLAY_EVALUATED),
    Order(Point.COMMITTING, behind=Point.REPLAY_EVALUATED),
    Order(Point.REPLAY_COMMITTED),
    Order(Point.APPENDED, nth=3),
    Order(Point.PUBLISHING, behind=Point.REPLAY_COMMITTED),
    Order(Point.APPENDED),
    Order(Point.REPLAY_PUBLISHED),
    Order(Point.TRIMMED),
)
"""From nothing to plans that the next worker has to carry out. Where the first plan is to be in the
log and no further, no lane may have had one before; where a replay is to publish, the plan that was
left must have outputs: so events are top-ups here, each with its reward."""
PUBLISHING = (
    Order(Point.EMPTY_COMMITTED),
    Order(Point.COMMITTING, behind=Point.APPENDED),
    Order(Point.COMMITTING, nth=3, soon=1, behind=Point.APPENDED),
    Order(Point.COMMITTED),
    Order(Point.PUBLISHING, behind=Point.COMMITTED),
    Order(Point.PUBLISHING, behind=Point.FOLDED),
    Order(Point.OUTBOX_PUBLISHED),
    Order(Point.PUBLISHING, nth=3, soon=2, behind=Point.COMMITTED),
    Order(Point.PUBLISHED, nth=3),
    Order(Point.PEEKED),
    Order(Point.STARTED),
    Order(Point.FOLDED),
)
"""From nothing to outputs that the next worker has to publish, with events of every kind."""
AFTER_A_LOSS = (
    Order(Point.REPLAY_EVALUATED, nth=9),
    Order(Point.REPLAY_COMMITTED, nth=2),
)
"""There are as many: each of the six lanes has at least its first plan, and commits by itself."""


@pytest.fixture(name="loyalty", params=[RULES], ids=["rules"])
async def _loyalty(
    request: pytest.FixtureRequest,
    kafka: KafkaServer,
    redis_server: RedisServer,
    tmp_path: Path,
) -> AsyncIterator[Deployment]:
    settings = {"HTTP_PORT": "0", "BATCH_MAX_EVENTS": "20"}
    async with Deployment(kafka, redis_server, tmp_path, request.param, **settings) as loyalty:
        yield loyalty


def rewarded(seed: int, count: int) -> list[Sent]:
    """The top-ups among so many events, each once: any batch of them has outputs."""
    unique = dict.fromkeys(traffic(seed, count))
    return [sent for sent in unique if b"BALANCE_TOPPED_UP" in (sent[2] or b"")]


def test_every_point_has_its_death() -> None:
    assert {order.point for order in (*DECIDING, *PUBLISHING)} == set(Point)


async def test_dying_before_and_after_a_decision_loses_and_doubles_nothing(
    loyalty: Deployment, tmp_path: Path
) -> None:
    async with Deaths(loyalty, tmp_path, rewarded) as deaths:
        for order in DECIDING:
            await deaths.die(order)
        await deaths.live()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    assert verdict.due > 500


async def test_dying_before_and_after_a_publication_loses_and_doubles_nothing(
    loyalty: Deployment, redis_server: RedisServer, tmp_path: Path
) -> None:
    async with Deaths(loyalty, tmp_path, traffic) as deaths:
        for order in PUBLISHING:
            await deaths.die(order)
        for order in AFTER_A_LOSS:
            forget_everything(redis_server, loyalty.prefix)
            await deaths.die(order)
        await deaths.live()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    assert verdict.due > 500


class Deaths:
    """Worker after worker, with fresh events for each. A dead static member is replaced at once,
    not after its session."""

    def __init__(
        self, loyalty: Deployment, directory: Path, events: Callable[[int, int], list[Sent]]
    ) -> None:
        self._loyalty, self._events, self._seeds = loyalty, events, count()
        environment = loyalty.environment(KAFKA_GROUP_INSTANCE_ID="one")
        self._nursery = Nursery(environment, directory / "workers.log")

    async def __aenter__(self) -> "Deaths":
        await self._nursery.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._nursery.__aexit__(*error)

    async def die(self, order: Order) -> None:
        await self._send(100)
        await self._nursery.die(order, lambda: self._send(20))

    async def live(self) -> None:
        """One that works everything off, and stops when asked to. It has something to do, or the
        group would have nothing to wait for before it is even up."""
        await self._send(20)
        worker = await self._nursery.start(None)
        await self._loyalty.caught_up()
        os.kill(worker, signal.SIGTERM)
        assert await self._nursery.ended() == 0

    async def _send(self, events: int) -> None:
        await self._loyalty.send(self._events(next(self._seeds), events))


@pytest.mark.parametrize("loyalty", [RULES + BUDGET], indirect=True, ids=["budget"])
async def test_two_zombies_that_wake_up_behind_their_heir_pay_nothing(
    loyalty: Deployment, tmp_path: Path
) -> None:
    """One stood still before its plan was sent: the plan lands behind the heir's start, void. The
    other stood still between plan and commit: it makes the commit that the heir has made."""
    places = (Point.EVALUATED, Point.COMMITTING)
    async with AsyncExitStack() as stack:
        zombies = []
        for point in places:
            log = tmp_path / f"zombie-{point}.log"
            nursery = await stack.enter_async_context(Nursery(loyalty.environment(), log))
            zombies.append((nursery, await nursery.start(Order(point, nth=30, how="stall"))))
        for seed in range(100, 140):
            await loyalty.send(traffic(seed, 150))
            await asyncio.sleep(0.1)
        for _, process in zombies:
            await _stands_still(process)
        heir = loyalty.start_worker(HTTP_PORT=str(free_port()))
        await heir.ready()
        await loyalty.caught_up()
        for _, process in zombies:
            os.kill(process, signal.SIGCONT)
        await asyncio.sleep(1)
        for nursery, process in zombies:
            os.kill(process, signal.SIGTERM)
            assert await nursery.ended() == 0
        await loyalty.caught_up()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict


async def _stands_still(process: int) -> None:
    for _ in range(300):
        if _state(process) == "T":
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"process {process} did not come to its point")


def _state(process: int) -> str:
    """By the kernel: T is stopped."""
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]


def forget_everything(redis_server: RedisServer, prefix: str) -> None:
    """Redis as after the loss of its disk."""
    keys = redis_server.cli("--scan", "--pattern", f"*{prefix}*").split("\n")
    assert keys
    for first in range(0, len(keys), 500):
        redis_server.cli("del", *keys[first : first + 500])
