"""The worker as a process, on real Kafka and Redis, through everything that its day may bring.

Every test ends the same way: an independent verifier works out from lane log and inputs what must
have been paid, and holds commands, dead letters and states against it.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from schemas.topics import Channel
from tests.integration.deployment import Deployment
from tests.integration.traffic import RULES, traffic
from tests.integration.verifier import Verdict, verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from tests.parts.waiting import STOPS_WITHIN, until


@pytest.fixture(name="loyalty")
async def _loyalty(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    async with Deployment(kafka, redis_server, tmp_path, RULES) as loyalty:
        yield loyalty


async def clean(loyalty: Deployment) -> Verdict:
    await loyalty.caught_up()
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    return verdict


async def kinds(loyalty: Deployment, channel: Channel) -> set[str]:
    return {dict(record.headers)["type"].decode() for record in await loyalty.read(channel)}


async def test_three_topics_in_four_commands_out(loyalty: Deployment) -> None:
    await loyalty.send(traffic(1, 2000))
    worker = loyalty.start_worker()
    await worker.ready()
    await loyalty.send(traffic(2, 1000))
    verdict = await clean(loyalty)
    assert verdict.due > 1500
    assert verdict.repeats == 0
    assert await kinds(loyalty, Channel.BONUS_COMMANDS) == {"ADD_BONUS", "REVOKE_BONUS"}
    assert await kinds(loyalty, Channel.GROUP_COMMANDS) == {"ASSIGN_GROUP", "UNASSIGN_GROUP"}
    assert await kinds(loyalty, Channel.PUSH_COMMANDS) == {"SEND_PUSH"}
    assert await kinds(loyalty, Channel.BONUS_JOURNAL) == {
        *("BONUS_CREDIT", "BONUS_PAYMENT", "BONUS_WRITE_OFF", "BONUS_REFUND", "BONUS_EXPIRY"),
        *("BONUS_REVOKED", "PROMO_CREDIT"),
    }
    assert worker.metric("loyalty_lanes_owned") == 6
    assert worker.metric("loyalty_duplicates_total") > 10


async def test_sigterm_ends_within_ten_seconds_and_the_next_worker_goes_on(
    loyalty: Deployment,
) -> None:
    first = loyalty.start_worker()
    await first.ready()
    await loyalty.send(traffic(3, 1500))
    first.send(signal.SIGTERM)
    assert await asyncio.to_thread(first.wait, STOPS_WITHIN) == 0
    await loyalty.send(traffic(4, 500))
    second = loyalty.start_worker()
    await second.ready()
    verdict = await clean(loyalty)
    assert verdict.repeats == 0


async def test_workers_join_and_leave(loyalty: Deployment) -> None:
    first = loyalty.start_worker()
    await first.ready()
    sending = asyncio.create_task(_send_slowly(loyalty, range(10, 22)))
    second = loyalty.start_worker()
    await second.ready()
    await until(lambda: second.metric("loyalty_lanes_owned") == 3)
    first.send(signal.SIGTERM)
    assert await asyncio.to_thread(first.wait, STOPS_WITHIN) == 0
    third = loyalty.start_worker()
    await third.ready()
    await sending
    await clean(loyalty)


async def test_a_worker_killed_mid_batch_loses_and_doubles_nothing(loyalty: Deployment) -> None:
    sending = asyncio.create_task(_send_slowly(loyalty, range(30, 42)))
    random = Random(5)
    for _ in range(3):
        worker = loyalty.start_worker()
        await worker.ready()
        await asyncio.sleep(random.uniform(0.2, 0.9))
        worker.kill()
    await sending
    last = loyalty.start_worker()
    await last.ready()
    await clean(loyalty)


async def test_redis_restarts_under_load(loyalty: Deployment, redis_server: RedisServer) -> None:
    worker = loyalty.start_worker()
    await worker.ready()
    sending = asyncio.create_task(_send_slowly(loyalty, range(50, 62)))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(redis_server.restart)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(redis_server.kill)
    await asyncio.to_thread(redis_server.start)
    await sending
    await clean(loyalty)


async def test_redis_that_lost_everything_is_rebuilt_from_the_log(
    loyalty: Deployment, redis_server: RedisServer
) -> None:
    worker = loyalty.start_worker()
    await worker.ready()
    await loyalty.send(traffic(70, 1500))
    await loyalty.caught_up()
    worker.kill()
    keys = redis_server.cli("--scan", "--pattern", f"*{loyalty.prefix}*").split("\n")
    assert keys
    for first in range(0, len(keys), 500):
        redis_server.cli("del", *keys[first : first + 500])
    await loyalty.send(traffic(71, 500))
    again = loyalty.start_worker()
    await again.ready()
    await clean(loyalty)


async def test_a_frozen_worker_that_wakes_up_pays_nothing_twice(loyalty: Deployment) -> None:
    zombie = loyalty.start_worker()
    await zombie.ready()
    sending = asyncio.create_task(_send_slowly(loyalty, range(80, 110)))
    await asyncio.sleep(0.6)
    zombie.send(signal.SIGSTOP)
    heir = loyalty.start_worker()
    await heir.ready()
    await asyncio.sleep(1)
    zombie.send(signal.SIGCONT)
    await sending
    await clean(loyalty)


async def _send_slowly(loyalty: Deployment, seeds: range) -> None:
    for seed in seeds:
        await loyalty.send(traffic(seed, 150))
        await asyncio.sleep(0.3)


POISON = {
    "NOT_UTF8": b'{"eventId": "\xff"}',
    "NOT_JSON": b'{"eventId": NaN}',
    "SCHEMA": b'{"type": "BALANCE_TOPPED_UP"}',
    "UNKNOWN_TYPE": b'{"type": "CLIENT_ABSENT"}',
    "WRONG_TOPIC": None,
    "OUT_OF_RANGE": None,
    "KEY_MISMATCH": None,
    "EVENT_ID_REUSED": None,
    "IN_FUTURE": None,
    "TOO_LARGE": b'{"a": "' + b"x" * 262_144 + b'"}',
}


async def test_poison_of_every_kind_becomes_a_dead_letter_and_stops_nothing(
    loyalty: Deployment,
) -> None:
    good = {
        "eventId": "good",
        "type": "BALANCE_TOPPED_UP",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "occurredAt": datetime.now(UTC).isoformat(),
        "topupAmountMajor": "400",
        "topUpSource": "POS_TERMINAL",
    }
    shaped = {
        "WRONG_TOPIC": {**good, "eventId": "w", "type": "VISIT_STARTED", "visitId": "v"},
        "OUT_OF_RANGE": {**good, "eventId": "o", "topupAmountMajor": "1.001"},
        "KEY_MISMATCH": {**good, "eventId": "k", "clientId": "c-2"},
        "EVENT_ID_REUSED": {**good, "topupAmountMajor": "500"},
        "IN_FUTURE": {**good, "eventId": "f", "occurredAt": "2099-01-01T00:00:00+00:00"},
    }
    worker = loyalty.start_worker()
    await worker.ready()
    await loyalty.send([(Channel.TOPUPS, b"c-1", json.dumps(good).encode())])
    for code, raw in POISON.items():
        value = raw if raw is not None else json.dumps(shaped[code]).encode()
        await loyalty.send([(Channel.TOPUPS, b"c-1", value)])
    await loyalty.send([(Channel.TOPUPS, b"c-1", None)])
    named = [{**good, "clientId": "c-9", "eventId": f"named-{n}"} for n in range(2)]
    values = [json.dumps(named[0]).encode(), b"{", json.dumps(named[1]).encode()]
    await loyalty.send_with_unreadable_header(values)
    after = {**good, "eventId": "after"}
    await loyalty.send([(Channel.TOPUPS, b"c-1", json.dumps(after).encode())])
    verdict = await clean(loyalty)
    assert verdict.dead_letters == dict.fromkeys(POISON, 1) | {"NOT_JSON": 3}
    assert verdict.due == 4 * 4  # commands, and a record of each
    letters = await loyalty.read(Channel.DEAD_LETTERS)
    originals = [r.value for r in letters if dict(r.headers)["error.code"] == b"NOT_UTF8"]
    assert originals == [POISON["NOT_UTF8"]]
