"""`loyalty rebuild` on a real Kafka and a real Redis."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.topics import Channel
from tests.chaos.nursery import Nursery
from tests.integration.deployment import PARTITIONS, Deployment
from tests.integration.indexed import index_key, kinds, lane_values, unindexed
from tests.integration.traffic import RULES, Sent, traffic
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from tests.parts.topics import forget_before
from worker.cli.application import run
from worker.rebuild import jobs

BUDGET = "\nlimits: {budget: {amountMajor: 1500, per: LIFETIME}}\n"
EXPIRED = """
  - id: expired
    trigger: BONUS_EXPIRED
    actions: [{type: SEND_PUSH, title: Gone, body: "{expiredAmountMajor}"}]
"""
ALL_RULES = RULES.replace("regulars}\n  -", "regulars, expiresInDays: 30}\n  -") + EXPIRED + BUDGET
"""Every kind of fact has clients that a timer may look for by it."""
Shown = pytest.CaptureFixture[str]


class Site:
    """A deployment, workers that start in next to no time, and the command beside them."""

    def __init__(self, loyalty: Deployment, nursery: Nursery, shown: Shown) -> None:
        self.loyalty, self._nursery, self._shown = loyalty, nursery, shown

    async def works_off(self, seed: int, count: int) -> int:
        """A worker that has; its process id."""
        process = await self._nursery.start(None)
        await self.loyalty.send(clients_own(seed))
        await self.loyalty.send(traffic(seed, count, clients=20))
        await self.loyalty.caught_up()
        return process

    async def stop(self, process: int) -> None:
        os.kill(process, signal.SIGTERM)
        assert await self._nursery.ended() == 0

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `loyalty …`."""
        self._shown.readouterr()
        code = await asyncio.to_thread(run, arguments)
        out, err = self._shown.readouterr()
        return code, out, err

    async def state(self) -> Mapping[bytes, bytes | None]:
        """All values that Redis has of the deployment. Not the index of timers, which may hold
        more than they call for: how much more is a matter of which plans joined in a commit."""
        redis = self.loyalty.redis_client()
        try:
            found = [key async for key in redis.scan_iter(f"*{self.loyalty.prefix}*", 1000)]
            keys = [key for key in found if not key.endswith(b":index")]
            return dict(zip(keys, await redis.mget(keys), strict=True))
        finally:
            await redis.aclose()

    async def unindexed(self) -> Mapping[int, set[bytes]]:
        """By lane what its index lacks, where it lacks something."""
        redis, prefix = self.loyalty.redis_client(), self.loyalty.prefix
        try:
            lacking, called_for = {}, set()
            for lane in range(PARTITIONS):
                values = await lane_values(redis, prefix, lane)
                called_for |= kinds(values)
                lacking[lane] = await unindexed(redis, prefix, lane, values)
            assert called_for == {b"v", b"f", b"b", b"d", b"L", b"E", b"p"}
            return {lane: missing for lane, missing in lacking.items() if missing}
        finally:
            await redis.aclose()


def clients_own(seed: int) -> list[Sent]:
    """Birthdays, and promo codes whose bonuses lapse as soon as the lane has nothing else to do."""
    ending = datetime.now(UTC) - timedelta(days=1, seconds=1)
    code = {"type": "PROMO_CODE_REDEEMED", "code": "X", "amountMajor": "7", "expiresInDays": 1}
    sent: list[Sent] = []
    for number in range(6):
        born = {"type": "CLIENT_UPDATED", "birthday": f"199{seed}-02-0{1 + number}"}
        for channel, fields in ((Channel.PAYMENTS, code), (Channel.CLIENTS, born)):
            event = {
                "eventId": f"{channel}-{seed}-{number}",
                "organizationId": "izi",
                "clubId": "club-1",
                "clientId": f"c-{number}",
                "occurredAt": ending.isoformat(),
                **fields,
            }
            sent.append((channel, b"c-%d" % number, json.dumps(event).encode()))
    return sent


@pytest.fixture(name="site")
async def _site(
    kafka: KafkaServer,
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Shown,
) -> AsyncIterator[Site]:
    settings = {"BATCH_MAX_EVENTS": "10", "HTTP_PORT": "0", "LAPSE_GRACE_SECONDS": "0"}
    async with (
        Deployment(kafka, redis_server, tmp_path, ALL_RULES, **settings) as loyalty,
        Nursery(loyalty.environment(), tmp_path / "workers.log") as nursery,
    ):
        for name, value in loyalty.environment().items():
            monkeypatch.setenv(name, value)
        yield Site(loyalty, nursery, capsys)


async def test_a_rebuild_brings_back_the_same_state_and_publishes_nothing_again(
    site: Site,
) -> None:
    loyalty = site.loyalty
    worker = await site.works_off(1, 400)
    code, out, err = await site.command("rebuild", "--yes")
    assert (code, out) == (1, "")
    assert "Stop them" in err, "the worker runs"
    await site.stop(worker)
    before = await site.state()
    assert await site.unindexed() == {}
    commands = len(await loyalty.read(Channel.BONUS_COMMANDS))

    code, out, err = await site.command("rebuild", "--format", "json")
    surveyed = json.loads(out)
    assert (code, surveyed["good"]) == (1, True)
    assert "repeat the command with --yes" in err, "nobody is at a terminal to confirm"
    assert await site.state() == before, "without --yes nothing is done"
    code, out, err = await site.command("rebuild", "--yes", "--jobs", "2", "--format", "json")
    assert code == 0, err
    rebuilt = json.loads(out)["rebuilt"]
    assert json.loads(out)["failed"] == []
    assert [each["plans"] for each in rebuilt] == [each["plans"] for each in surveyed["lanes"]]
    assert sum(each["records"] for each in rebuilt) > 400
    assert await site.state() == before
    assert await site.unindexed() == {}
    repeated = len(await loyalty.read(Channel.BONUS_COMMANDS)) - commands
    assert repeated < 60, "at most the last plan of each lane"

    await site.stop(await site.works_off(2, 100))
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    assert verdict.timers > 0


async def test_what_log_or_topics_no_longer_hold_keeps_a_rebuild_from_touching_anything(
    site: Site, redis_server: RedisServer, kafka: KafkaServer
) -> None:
    loyalty = site.loyalty
    await site.stop(await site.works_off(1, 200))
    before = await site.state()
    topups, log = loyalty.topic(Channel.TOPUPS), loyalty.topic(Channel.LANE_LOG)
    await forget_before(kafka.bootstrap, topups, 2, 3)
    await forget_before(kafka.bootstrap, log, 4, 2)
    code, _, err = await site.command("rebuild", "--yes")
    assert code == 1
    assert f"Lane 2: {topups} begins at offset 3, and its plans take it from 0" in err
    assert "Lane 4: Its log begins at offset 2" in err
    assert "Nothing was emptied." in err
    assert await site.state() == before
    assert redis_server.cli("del", index_key(loyalty.prefix, 1)) == "1"
    assert set(await site.unindexed()) == {1}
    code, _, err = await site.command("rebuild", "--yes", "--lane", "1", "--lane", "3")
    assert code == 0, err
    assert await site.state() == before
    assert await site.unindexed() == {}
    code, _, err = await site.command("rebuild", "--lane", "6")
    assert code == 2
    assert "lanes are numbered 0 to 5" in err


async def test_a_topic_or_a_rule_set_that_is_missing_is_named_before_anything_is_touched(
    site: Site, kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loyalty = site.loyalty
    await site.stop(await site.works_off(1, 60))
    before = await site.state()
    history = loyalty.topic(Channel.RULES_HISTORY)
    with monkeypatch.context() as patched:
        patched.setenv("LOYALTY_TOPIC_VISITS", "nowhere")
        begun = time.monotonic()
        code, _, err = await site.command("rebuild", "--yes")
        assert time.monotonic() - begun < 15
    assert code == 1
    assert "nowhere: It does not exist." in err
    await forget_before(kafka.bootstrap, history, 0, 1)
    code, _, err = await site.command("rebuild", "--yes")
    assert code == 1
    assert "which the topic of rule-set history does not hold" in err
    assert "Nothing was emptied." in err
    assert await site.state() == before


async def test_what_is_not_whole_after_a_rebuild_is_named(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that is killed: its lanes are named, and repeating those mends them."""
    await site.stop(await site.works_off(1, 200))
    before = await site.state()
    dying = f"import os, sys; sys.stdin.readline(); os.kill(os.getpid(), {signal.SIGKILL:d})"
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "JOB", (sys.executable, "-c", dying))
        code, out, err = await site.command("rebuild", "--yes", "--lane", "1", "--lane", "2")
    assert (code, out) == (1, "")
    assert "Lane 1, 2: The process for it was ended by signal 9 (SIGKILL)." in err
    assert "loyalty rebuild --lane 1 --lane 2" in err
    assert await site.state() != before
    code, _, err = await site.command("rebuild", "--yes", "--lane", "1", "--lane", "2")
    assert code == 0, err
    assert await site.state() == before
