"""Kafka away under a worker that has nothing to do: seen by the probes and told once in the log."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.deployment import Deployment
from tests.integration.traffic import RULES
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from tests.parts.waiting import until


@pytest.fixture(name="loyalty")
async def _loyalty(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    async with Deployment(kafka, redis_server, tmp_path, RULES, LOG_FORMAT="json") as loyalty:
        yield loyalty


async def test_an_outage_without_traffic_is_seen_and_told_once(
    loyalty: Deployment, kafka: KafkaServer
) -> None:
    worker = loyalty.start_worker()
    await worker.ready()

    def tells(words: str) -> bool:
        return words in worker.log.read_text()

    kafka.freeze()
    try:
        await until(lambda: tells("Kafka has not answered for"), every=0.5)
        await until(lambda: worker.get("/health/ready") is None, every=0.5)
        await until(lambda: worker.get("/health/live") is not None, every=0.5)
    finally:
        kafka.thaw()
    await until(lambda: tells("Kafka answers again after"), every=0.5)
    await worker.ready()
    lines = [json.loads(line) for line in worker.log.read_text().splitlines()]
    told = [line for line in lines if line["logger"] == "worker.kafka.contact"]
    begins = [" ".join(line["message"].split()[:3]) for line in told]
    assert begins[:2] == ["Kafka has not", "Kafka answers again"]
    assert not tells("was never retrieved"), "nothing was given up in the middle of a question"
