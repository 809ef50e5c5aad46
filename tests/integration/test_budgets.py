"""Budgets over six lanes and two workers on real Kafka and Redis: never exceeded, spent whole."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.topics import Channel
from tests.integration.deployment import Deployment
from tests.integration.traffic import traffic
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer

RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
limits:
  budget: {amountMajor: 4000, per: LIFETIME}
rules:
  - id: own-budget
    trigger: BALANCE_TOPPED_UP
    priority: 2
    limits: {budget: {amountMajor: 1500, per: LIFETIME}}
    actions: [{type: ADD_BONUS, formula: "7"}]
  - id: shared-budget
    trigger: BALANCE_TOPPED_UP
    actions: [{type: ADD_BONUS, formula: "3"}]
"""


@pytest.fixture(name="loyalty")
async def _loyalty(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    async with Deployment(kafka, redis_server, tmp_path, RULES) as loyalty:
        yield loyalty


async def test_a_budget_is_spent_to_the_last_unit_and_never_exceeded(loyalty: Deployment) -> None:
    first, second = loyalty.start_worker(), loyalty.start_worker()
    await first.ready()
    await second.ready()
    sent = 0
    for seed in range(20):
        sent += await loyalty.send(traffic(seed, 150))
        await asyncio.sleep(0.2)
        if seed == 10:
            first.kill()
    third = loyalty.start_worker()
    await third.ready()
    await loyalty.caught_up()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    paid: dict[str, Decimal] = {}
    seen = set()
    for record in await loyalty.read(Channel.BONUS_COMMANDS):
        command = json.loads(record.value or b"")
        if command["commandId"] not in seen:
            seen.add(command["commandId"])
            rule = command["ruleId"]
            paid[rule] = paid.get(rule, Decimal(0)) + Decimal(command["amountMajor"])
    assert sent > 2500
    assert paid["own-budget"] == 1498, "214 times 7; the next 7 do not fit 1500"
    assert paid["own-budget"] + paid["shared-budget"] == 4000 - (4000 - 1498) % 3
