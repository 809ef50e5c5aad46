"""SIGTERM while a dependency is away: the worker still leaves within ten seconds, and nothing is
lost or doubled by it."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.deployment import Deployment, WorkerProcess
from tests.integration.traffic import RULES, traffic
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.processes import free_port
from tests.parts.redis import RedisServer
from tests.parts.waiting import PATIENCE, STOPS_WITHIN, until


@pytest.fixture(name="loyalty")
async def _loyalty(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    async with Deployment(kafka, redis_server, tmp_path, RULES) as loyalty:
        yield loyalty


async def test_sigterm_while_redis_does_not_answer(
    loyalty: Deployment, redis_server: RedisServer
) -> None:
    worker = loyalty.start_worker()
    await worker.ready()
    await loyalty.send(traffic(1, 300))
    await asyncio.sleep(0.3)
    redis_server.freeze()
    try:
        await loyalty.send(traffic(2, 300))
        await asyncio.sleep(1)
        begun = time.monotonic()
        worker.send(signal.SIGTERM)
        code = await asyncio.to_thread(worker.wait, PATIENCE)
        took = time.monotonic() - begun
    finally:
        redis_server.thaw()
    again = loyalty.start_worker()
    await again.ready()
    await loyalty.caught_up()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    assert (code, took < STOPS_WITHIN) == (0, True), took


async def test_sigterm_while_kafka_does_not_answer(loyalty: Deployment, kafka: KafkaServer) -> None:
    worker = loyalty.start_worker()
    await worker.ready()
    await loyalty.send(traffic(1, 300))
    await asyncio.sleep(0.1)
    kafka.freeze()
    try:
        await asyncio.sleep(1)
        begun = time.monotonic()
        worker.send(signal.SIGTERM)
        code = await asyncio.to_thread(worker.wait, PATIENCE)
        took = time.monotonic() - begun
    finally:
        kafka.thaw()
    again = loyalty.start_worker()
    await again.ready()
    await loyalty.caught_up()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    assert (code, took < STOPS_WITHIN) == (0, True), took


async def test_sigterm_while_the_start_waits_for_kafka(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    environment = {
        "LOYALTY_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
        "LOYALTY_REDIS_URL": redis_server.url,
        "LOYALTY_RULES_SOURCE": f"directory:{tmp_path}",
        "LOYALTY_HTTP_PORT": "0",
    }
    worker = WorkerProcess(environment, tmp_path / "worker.log")
    await until(lambda: "trying again" in worker.log.read_text())
    worker.send(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, STOPS_WITHIN) == 0
    assert "nothing was consumed" in worker.log.read_text()
