"""`loyalty rebuild` on a real Kafka and a real Redis."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import Redis

from schemas.topics import Channel
from tests.integration.deployment import Deployment
from tests.integration.traffic import RULES, traffic
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from tests.parts.topics import forget_before

BUDGET = "\nlimits: {budget: {amountMajor: 4000, per: LIFETIME}}\n"


@pytest.fixture(name="loyalty")
async def _loyalty(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    settings = {"BATCH_MAX_EVENTS": "10"}
    async with Deployment(kafka, redis_server, tmp_path, RULES + BUDGET, **settings) as loyalty:
        yield loyalty


async def command(loyalty: Deployment, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `loyalty …`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "worker.cli.main", *arguments),
        env={**os.environ, **loyalty.environment()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def state_of(server: RedisServer, prefix: str) -> dict[bytes, bytes | None]:
    """All values that Redis has under the prefix. Not the index of timers, which may hold more than
    the values ask for: how much more is a matter of which plans joined in a commit."""
    with Redis(port=server.port) as redis:
        keys = [k for k in redis.scan_iter(f"*{prefix}*", 1000) if not k.endswith(b":index")]
        return dict(zip(keys, redis.mget(keys), strict=True))


async def test_a_rebuild_brings_back_the_same_state_and_publishes_nothing_again(
    loyalty: Deployment, redis_server: RedisServer
) -> None:
    worker = loyalty.start_worker()
    await worker.ready()
    await loyalty.send(traffic(1, 1200))
    await loyalty.caught_up()
    code, out, err = await command(loyalty, "rebuild", "--yes")
    assert (code, out) == (1, "")
    assert "Stop them" in err, "the worker runs"
    worker.send(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 10) == 0
    before = state_of(redis_server, loyalty.prefix)
    commands = len(await loyalty.read(Channel.BONUS_COMMANDS))

    code, out, _ = await command(loyalty, "rebuild", "--format", "json")
    surveyed = json.loads(out)
    assert (code, surveyed["good"]) == (2, True)
    assert state_of(redis_server, loyalty.prefix) == before, "without --yes nothing is done"
    code, out, err = await command(loyalty, "rebuild", "--yes", "--format", "json")
    assert code == 0, err
    rebuilt = json.loads(out)["rebuilt"]
    assert [each["plans"] for each in rebuilt] == [each["plans"] for each in surveyed["lanes"]]
    assert sum(each["records"] for each in rebuilt) > 1200
    assert state_of(redis_server, loyalty.prefix) == before
    repeated = len(await loyalty.read(Channel.BONUS_COMMANDS)) - commands
    assert repeated < 60, "at most the last plan of each lane"

    again = loyalty.start_worker()
    await again.ready()
    await loyalty.send(traffic(2, 300))
    await loyalty.caught_up()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict


async def test_what_log_or_topics_no_longer_hold_keeps_a_rebuild_from_touching_anything(
    loyalty: Deployment, redis_server: RedisServer, kafka: KafkaServer
) -> None:
    worker = loyalty.start_worker()
    await worker.ready()
    await loyalty.send(traffic(1, 400))
    await loyalty.caught_up()
    worker.send(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 10) == 0
    before = state_of(redis_server, loyalty.prefix)
    topups, log = loyalty.topic(Channel.TOPUPS), loyalty.topic(Channel.LANE_LOG)
    await forget_before(kafka.bootstrap, topups, 2, 3)
    await forget_before(kafka.bootstrap, log, 4, 2)
    code, _, err = await command(loyalty, "rebuild", "--yes")
    assert code == 1
    assert f"Lane 2: {topups} begins at offset 3, and its plans take it from 0" in err
    assert "Lane 4: Its log begins at offset 2" in err
    assert "Nothing was emptied." in err
    assert state_of(redis_server, loyalty.prefix) == before
    code, _, err = await command(loyalty, "rebuild", "--yes", "--lane", "1", "--lane", "3")
    assert code == 0, err
    assert state_of(redis_server, loyalty.prefix) == before
    code, _, err = await command(loyalty, "rebuild", "--lane", "6")
    assert code == 2
    assert "lanes are numbered 0 to 5" in err
