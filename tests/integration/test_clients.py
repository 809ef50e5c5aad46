"""A club's clients moved in, one looked at, its bonus spent, and forgotten: the command line and
the worker on real Kafka and Redis."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from schemas.topics import Channel
from tests.integration.deployment import PARTITIONS, Deployment
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from worker.cli.application import run
from worker.kafka.dead_letters import partition_of

RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - id: welcome
    trigger: BALANCE_TOPPED_UP
    audience: {firstTopupOnly: true}
    actions: [{type: ADD_BONUS, formula: "1000"}]
  - id: regular
    trigger: BALANCE_TOPPED_UP
    audience: {anyOfGroups: [vip]}
    when: topupCount == 3
    actions: [{type: ADD_BONUS, formula: averageTopupMajor}]
"""
CLIENTS = 2_000
NOW = datetime.now(UTC).replace(microsecond=0)
Shown = pytest.CaptureFixture[str]


def ago(**how_long: int) -> str:
    return (NOW - timedelta(**how_long)).isoformat()


def line(number: int) -> dict[str, Any]:
    """Client n has 100 + n in two batches, one of which ends tomorrow, and may pay for bar only."""
    return {
        "clientId": f"c-{number}",
        "totalTopupMajor": "300",
        "topupCount": 3,
        "visitCount": 1,
        "firstVisitAt": ago(days=40),
        "lastVisitAt": ago(days=4),
        "groups": ["vip"],
        "batches": [
            {"amountMajor": 100, "expiresAt": ago(days=-1)},
            {"amountMajor": f"{number}.5", "restriction": {"productTypes": ["BAR"]}},
        ],
    }


@pytest.fixture(name="loyalty")
async def _loyalty(
    kafka: KafkaServer,
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Deployment]:
    async with Deployment(kafka, redis_server, tmp_path, RULES) as loyalty:
        for name, value in loyalty.environment().items():
            monkeypatch.setenv(name, value)
        yield loyalty


async def command(*arguments: str) -> int:
    return await asyncio.to_thread(run, ["clients", *arguments])


async def show(capsys: Shown, client: str) -> dict[str, Any]:
    capsys.readouterr()
    assert await command("show", "izi", client, "--format", "json") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def event(kind: str, client: str, number: int, **fields: Any) -> dict[str, object]:
    envelope = {"eventId": f"e-{number}", "type": kind, "organizationId": "izi"}
    given = {"clubId": "club-1", "clientId": client, "occurredAt": ago(minutes=60 - number)}
    return {**envelope, **given, **fields}


async def counted(loyalty: Deployment, channel: Channel) -> int:
    return len(await loyalty.read(channel))


async def payment_keys(loyalty: Deployment) -> int:
    async with Redis(port=loyalty.redis.port) as redis:
        found = [key async for key in redis.scan_iter(match=f"{{{loyalty.prefix}*payment*")]
    return len(found)


async def codes(loyalty: Deployment) -> list[str]:
    letters = await loyalty.read(Channel.DEAD_LETTERS)
    return [(dict(letter.headers)["error.code"] or b"").decode() for letter in letters]


async def test_a_client_from_export_to_erasure(
    loyalty: Deployment, capsys: Shown, tmp_path: Path
) -> None:
    export = tmp_path / "clients.jsonl"
    export.write_text("".join(json.dumps(line(number)) + "\n" for number in range(CLIENTS)))
    options = [str(export), "--organization", "izi", "--club", "club-1", "--at", ago(hours=2)]

    # The import: whole, by the key's partition, and only once.
    assert await command("import", *options, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    # 2,000 × 100.5 and the sum of 0 to 1,999
    assert (told["published"], told["bonusMajor"]) == (CLIENTS, {"izi": "2200000"})
    records = await loyalty.read(Channel.CLIENTS)
    assert len(records) == CLIENTS
    assert all(partition_of(each.key or b"", PARTITIONS) == each.partition for each in records)
    assert await command("import", *options) == 0
    assert "is published already" in capsys.readouterr().err
    assert await counted(loyalty, Channel.CLIENTS) == CLIENTS

    # The worker: repeats are duplicates, other content is refused.
    worker = loyalty.start_worker()
    await worker.ready()
    assert await command("import", *options, "--from-line", "1991") == 0
    export.write_text(json.dumps(line(7) | {"topupCount": 2}) + "\n")
    other = ["--checkpoint", str(tmp_path / "other")]
    assert await command("import", *options, *other) == 0
    await loyalty.caught_up()
    assert worker.metric("loyalty_duplicates_total") == 10
    assert await codes(loyalty) == ["NOT_IMPORTED"]

    # One client is what its line said.
    told = await show(capsys, "c-7")
    assert told["lane"] == partition_of(b"c-7", PARTITIONS)
    assert (told["bonusBalanceMajor"], told["groups"]) == ("107.50", ["vip"])
    assert [each["leftMajor"] for each in told["batches"]] == ["100.00", "7.50"]
    assert told["counters"]["topupCount"] == 3
    assert ("LAPSE", told["batches"][0]["expiresAt"]) in [
        (each["timer"], each["at"]) for each in told["timers"]
    ]

    # A regular: no welcome, and the bonus pays.
    bought = {"paymentId": "p-1", "totalAmountMajor": 200, "bonusAmountMajor": 104}
    product = {"productType": "BAR", "productId": "cola"}
    topup = {"topupAmountMajor": 50, "topUpSource": "POS_TERMINAL"}
    await loyalty.send_events([event("BALANCE_TOPPED_UP", "c-7", 1, **topup)], Channel.TOPUPS)
    await loyalty.caught_up()
    paid = event("PAYMENT_MADE", "c-7", 2, **bought, **product)
    await loyalty.send_events([paid], Channel.PAYMENTS)
    await loyalty.caught_up()
    told = await show(capsys, "c-7")
    # 107.50 + 300 ÷ 3 − 104; the batch that ends first pays first
    assert (told["bonusBalanceMajor"], len(told["batches"])) == ("103.50", 2)
    (payment,) = told["payments"]
    assert (payment["paymentId"], payment["spentMajor"]) == ("p-1", "104.00")

    # Nothing is left of it, and an old event pays nothing.
    assert await payment_keys(loyalty) == 1
    assert await command("forget", "izi", "c-7", "--yes") == 0
    await loyalty.caught_up()
    await loyalty.send_events([event("BALANCE_TOPPED_UP", "c-7", 1, **topup)], Channel.TOPUPS)
    await loyalty.caught_up()
    told = await show(capsys, "c-7")
    assert (told["timesForgotten"], told["accountIsOpen"]) == (1, False)
    nothing = ("batches", "groups", "payments", "timers", "limits", "cooldowns")
    assert not any(told[name] for name in nothing)
    assert told["counters"]["topupCount"] == 0
    assert (await show(capsys, "c-8"))["bonusBalanceMajor"] == "108.50"
    assert await payment_keys(loyalty) == 0
    commands = await loyalty.read(Channel.BONUS_COMMANDS)
    assert [json.loads(each.value or b"")["ruleId"] for each in commands] == ["regular"]
    journal = [json.loads(each.value or b"") for each in await loyalty.read(Channel.BONUS_JOURNAL)]
    of_client = [each for each in journal if each["clientId"] == "c-7"]
    assert [(each["type"], each["balanceAfterMajor"]) for each in of_client] == [
        ("BONUS_OPENING", "107.50"),
        ("BONUS_CREDIT", "207.50"),
        ("BONUS_PAYMENT", "103.50"),
        ("BONUS_ADJUSTMENT", "0.00"),
    ]
    verdict = await verify(loyalty)
    assert verdict.clean, verdict


async def test_who_is_not_there(loyalty: Deployment, capsys: Shown) -> None:
    assert await command("show", "izi", "c-1") == 1
    assert "There is no state in Redis under this prefix." in capsys.readouterr().err
    worker = loyalty.start_worker()
    await worker.ready()
    assert await command("show", "izi", "c-1") == 1
    assert "Nothing is known of this client." in capsys.readouterr().out
