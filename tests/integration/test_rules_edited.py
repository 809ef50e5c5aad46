"""A directory's rules are edited under load, an edit is bad and workers restart, a push hangs."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.records import InputRecord
from schemas.topics import Channel
from tests.integration.deployment import COMMANDS, Deployment, WorkerProcess
from tests.integration.rule_authors import Author, paid, rules, versions
from tests.integration.traffic import RULES, traffic
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from tests.parts.waiting import STOPS_WITHIN, until
from worker.kafka.transactions import exclusive_writer

ELSEWHERE = """
  - id: elsewhere-{number}
    trigger: BALANCE_TOPPED_UP
    clubIds: [club-elsewhere-{club}]
    when: "topupAmountMajor >= {threshold} and topUpSource == 'CASH'"
    actions: [{{type: ADD_BONUS, formula: "percent(topupAmountMajor, {version})"}}]
"""
BAD = rules("2", "topupAmuntMajor")
CARET = """\
   10 |     actions: [{type: ADD_BONUS, formula: "topupAmuntMajor", expiresInDays: 30}]
      |                                           ^^^^^^^^^^^^^^^
      = did you mean 'topupAmountMajor'?"""


def traffic_rules(version: int, more: int) -> str:
    """Those of the traffic, in versions that pay differently, with so many that never fire."""
    text = RULES.replace('version: "1"', f'version: "{version}"')
    text = text.replace("percent: 12", f"percent: {11 + version}")
    text = text.replace('"1 + ', f'"{version} + ')
    for number in range(more):
        place = {"number": number, "club": number % 50, "threshold": 100 + number + version}
        text += ELSEWHERE.format(version=version, **place)
    return text


def save(loyalty: Deployment, text: str) -> None:
    """As an editor does: written beside, renamed into place."""
    beside = loyalty.rules / ".izi.yaml.new"
    beside.write_text(text)
    beside.rename(loyalty.rules / "izi.yaml")


@pytest.fixture(name="edited")
async def _edited(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    """Workers watch a directory."""
    async with Deployment(kafka, redis_server, tmp_path, rules("1", "1")) as loyalty:
        yield loyalty


@pytest.mark.parametrize("more", [pytest.param(0, id="few"), pytest.param(1000, id="thousand")])
async def test_an_edit_under_load_decides_from_one_record_on(edited: Deployment, more: int) -> None:
    """Every input is answered once: before the edit by the old set, behind it by the new one."""
    loyalty, old, new = edited, traffic_rules(1, more), traffic_rules(2, more)
    save(loyalty, old)
    for _ in range(2):
        loyalty.start_worker()
    for worker in loyalty.workers:
        await worker.ready()
    await loyalty.send(traffic(100, 300))
    await loyalty.caught_up()
    flowing = asyncio.Event()
    flowing.set()
    flow = asyncio.create_task(_flow(loyalty, flowing))
    await asyncio.sleep(0.3)
    save(loyalty, new)
    await until(lambda: versions(loyalty) == ["2", "2"])
    await asyncio.sleep(0.3)
    flowing.clear()
    assert await flow > 2
    await loyalty.caught_up()
    await loyalty.send(traffic(900, 300))
    await loyalty.caught_up()
    verdict = await verify(loyalty, [old, new])
    assert verdict.clean, verdict
    assert (verdict.repeats, verdict.void) == (0, 0)
    assert {w.metric("loyalty_lanes_owned") for w in loyalty.workers} == {3}
    for channel in (*COMMANDS, Channel.BONUS_JOURNAL):
        told = [_decided(channel, record) for record in await loyalty.read(channel)]
        assert {version for seed, version, _ in told if seed == "100"} == {"1"}
        assert {version for seed, version, _ in told if seed == "900"} == {"2"}
        for lane in {lane for *_, lane in told}:
            order = [version for _, version, number in told if number == lane]
            assert order == sorted(order)


async def _flow(loyalty: Deployment, flowing: asyncio.Event) -> int:
    """Batches that were sent."""
    number = 0
    while flowing.is_set():
        await loyalty.send(traffic(200 + number, 30))
        number += 1
        await asyncio.sleep(0.05)
    return number


def _decided(channel: Channel, record: InputRecord) -> tuple[str, str, int]:
    """The seed of the traffic that caused it, the version that decided, and the lane."""
    told = json.loads(record.value or b"")
    version = told.get("ruleSetVersion")
    if channel is Channel.BONUS_JOURNAL:
        version = dict(record.headers)["ruleSetVersion"].decode()
    return told["causedBy"]["eventId"].split("-")[0], version, record.partition


async def test_workers_that_restart_on_a_bad_edit_pay_by_the_last_good_set(
    edited: Deployment, tmp_path: Path
) -> None:
    """Stopped in order or killed; the finding stands in the log and in the status until the good
    edit comes."""
    loyalty, ann = edited, Author(edited, tmp_path)
    for _ in range(2):
        loyalty.start_worker()
    for worker in loyalty.workers:
        await worker.ready()
    assert await paid(loyalty, "a") == "1: 1.00"
    save(loyalty, BAD)
    await _refused_by_all(loyalty, ann, loyalty.workers)
    assert await paid(loyalty, "b") == "1: 1.00"
    stopped, killed = loyalty.workers
    stopped.send(signal.SIGTERM)
    assert await asyncio.to_thread(stopped.wait, STOPS_WITHIN) == 0
    killed.kill()
    heirs = [loyalty.start_worker() for _ in range(2)]
    for worker in heirs:
        await worker.ready()
    assert await paid(loyalty, "c") == "1: 1.00"
    await _refused_by_all(loyalty, ann, heirs)
    save(loyalty, rules("3", "3"))
    await until(lambda: versions(loyalty) == ["3", "3"])
    assert await paid(loyalty, "d") == "3: 3.00"
    good = await ann.run("rules", "status")
    assert (good.code, "refused" in good.out + good.err) == (0, False), good.out + good.err


async def _refused_by_all(loyalty: Deployment, ann: Author, workers: list[WorkerProcess]) -> None:
    """Each says so where its author looks, and in its log."""
    await until(lambda: all(w.metric("loyalty_rule_set_rejections_total") for w in workers))
    for worker in workers:
        assert "version 1 stays in force:\nizi.yaml:10:43: there is no" in worker.log.read_text()
        assert CARET in worker.log.read_text()
    told = await ann.run("rules", "status", "izi")
    assert told.code == 1
    assert told.out.count("\t1\t") == 2
    assert told.err.count("refused a set of izi:\nizi.yaml:10:43: there is no") == 2
    assert told.err.count(CARET) == 2


async def test_a_worker_waits_for_the_first_push_while_that_hangs(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    async with (
        Deployment(kafka, redis_server, tmp_path, "", RULES_SOURCE="kafka:") as loyalty,
        exclusive_writer(kafka.client, f"{loyalty.name}-hangs") as pusher,
    ):
        topic = loyalty.topic(Channel.RULES)
        await pusher._producer.begin_transaction()
        await pusher._producer.send_and_wait(topic, rules("1", "1").encode(), key=b"izi")
        worker = loyalty.start_worker()
        await until(lambda: "under way; trying again" in worker.log.read_text())
        assert worker.process.poll() is None
        await pusher._producer.commit_transaction()
        await worker.ready()
        assert await paid(loyalty, "a") == "1: 1.00"
