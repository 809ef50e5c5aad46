"""Rules change while two workers run: pushed, edited, swapped, refused, taken back."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas.topics import Channel
from tests.integration.deployment import Deployment
from tests.integration.rule_authors import Author, paid, rules, versions
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer
from tests.parts.waiting import STOPS_WITHIN, until
from worker.publishing.errors import StaleBase
from worker.publishing.publish import Push, publish


@pytest.fixture(name="published")
async def _published(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    """Workers take their rules from the topic."""
    async with Deployment(kafka, redis_server, tmp_path, "", RULES_SOURCE="kafka:") as loyalty:
        yield loyalty


@pytest.fixture(name="edited")
async def _edited(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Deployment]:
    """Workers watch a directory."""
    async with Deployment(kafka, redis_server, tmp_path, rules("1", "1")) as loyalty:
        yield loyalty


async def test_push_status_refusal_restart_rollback(published: Deployment, tmp_path: Path) -> None:
    loyalty, ann = published, Author(published, tmp_path)
    # The first push, before anybody runs.
    first = await ann.push(rules("1", "1"), "the beginning")
    assert (first.code, first.json()["workers"]) == (0, {}), first.err
    for _ in range(2):
        loyalty.start_worker()
    for worker in loyalty.workers:
        await worker.ready()
    assert await paid(loyalty, "a") == "1: 1.00"
    # A second one, applied by both before the command ends.
    second = await ann.push(rules("2", "2"), "more for everybody")
    assert second.code == 0, second.err
    assert set(second.json()["workers"].values()) == {"APPLIED"}
    assert len(second.json()["workers"]) == 2
    assert "~ rule flat" in second.err
    assert await paid(loyalty, "b") == "2: 2.00"
    # A bad one never leaves the author's machine; the same by hand is refused by the workers.
    bad = await ann.push(rules("3", "topupAmuntMajor"))
    assert bad.code == 1
    assert "^^^^^^^^^^^^^^^" in bad.err
    assert "did you mean 'topupAmountMajor'?" in bad.err
    await by_hand(loyalty, rules("3", "topupAmuntMajor"))
    await until(lambda: all(w.metric("loyalty_rule_set_rejections_total") for w in loyalty.workers))
    told = await ann.status()
    assert told.code == 1
    [izi] = told.json()["organizations"]
    assert {worker["version"] for worker in izi["workers"]} == {"2"}
    assert all("did you mean" in worker["findings"] for worker in izi["workers"])
    shown = await ann.run("rules", "status")
    assert shown.code == 1
    assert shown.err.count("refused a set of izi:\nizi:10:43: there is no variable") == 2
    assert shown.err.count("      |" + " " * 43 + "^" * 15) == 2
    assert await paid(loyalty, "c") == "2: 2.00"
    # A worker that starts now pays by the last good set, too.
    loyalty.workers[0].process.send_signal(signal.SIGTERM)
    loyalty.workers[0].process.wait(STOPS_WITHIN)
    loyalty.workers[1].kill()
    await loyalty.start_worker().ready()
    assert await paid(loyalty, "d") == "2: 2.00"
    # Back to the first; the second stays in the history.
    back = await ann.run(
        *("rules", "rollback", "izi", "--to", "1", "--reason", "too dear", "--yes"),
        *("--author", "bob", "--timeout", "40", "--format", "json"),
    )
    assert back.code == 0, back.err
    assert await paid(loyalty, "e") == "1: 1.00"
    told = await ann.status()
    assert told.code == 0, told.out
    [izi] = told.json()["organizations"]
    assert [(h["version"], h["author"], h["reason"]) for h in izi["history"]] == [
        ("1", "ann", "the beginning"),
        ("2", "ann", "more for everybody"),
        ("1", "bob", "too dear"),
    ]
    ids = [dict(r.headers)["commandId"] for r in await loyalty.read(Channel.BONUS_COMMANDS)]
    assert len(set(ids)) == 5


async def by_hand(loyalty: Deployment, text: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=loyalty.kafka.bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait(loyalty.topic(Channel.RULES), text.encode(), key=b"izi")
    finally:
        await producer.stop()


async def test_a_push_on_a_stale_base_is_refused(published: Deployment, tmp_path: Path) -> None:
    from config.load import load_settings
    from rules_engine.author.load import load_rule_set

    ann = Author(published, tmp_path)
    first = (await ann.push(rules("1", "1"))).json()["hash"]
    assert (await ann.push(rules("2", "2"))).code == 0
    stale = await ann.push(rules("3", "3"), "late", "--base", first)
    assert stale.code == 1
    assert "changed since you looked: version 2 is live now" in stale.err
    assert stale.err.endswith("merge, and push again.\n")
    stranger = await ann.run("rules", "status", "nobody")
    assert stranger.code == 1
    assert "nothing is known of rules of 'nobody'; organizations here: izi" in stranger.err
    # Many at once on the same base: one gets through.
    settings = load_settings(published.environment(), needs=["kafka"])
    base = (await ann.status()).json()["organizations"][0]["hash"]
    texts = [rules(f"4.{n}", str(4 + n)) for n in range(4)]
    pushes = [Push(load_rule_set(text, "x"), text, "ann", "race", base) for text in texts]
    done = await asyncio.gather(
        *(publish(settings, push) for push in pushes), return_exceptions=True
    )
    assert sum(outcome is None for outcome in done) == 1, done
    assert all(outcome is None or isinstance(outcome, StaleBase) for outcome in done), done
    winner = pushes[done.index(None)].checked.version
    assert (await ann.status()).json()["organizations"][0]["version"] == winner


async def test_a_directory_is_swapped_ten_times_and_no_version_is_missed(
    edited: Deployment, tmp_path: Path
) -> None:
    """As Kubernetes updates a ConfigMap: files are links into `..data`, itself a link that is
    renamed into place."""
    loyalty = edited
    shutil.rmtree(loyalty.rules)
    loyalty.rules.mkdir()
    _swap(loyalty.rules, 0)
    (loyalty.rules / "izi.yaml").symlink_to(Path("..data") / "izi.yaml")
    for _ in range(2):
        loyalty.start_worker()
    for worker in loyalty.workers:
        await worker.ready()
    for number in range(1, 11):
        _swap(loyalty.rules, number)
        await until(lambda n=number: versions(loyalty) == [f"v{n}", f"v{n}"])
    assert await paid(loyalty, "a") == "v10: 10.00"
    _swap(loyalty.rules, 11, text="organizationId: izi\nversion: [")
    await until(lambda: all(w.metric("loyalty_rule_set_rejections_total") for w in loyalty.workers))
    assert await paid(loyalty, "b") == "v10: 10.00"


def _swap(directory: Path, number: int, text: str | None = None) -> None:
    fresh = directory / f"..{number}"
    fresh.mkdir()
    (fresh / "izi.yaml").write_text(text or rules(f"v{number}", str(number)))
    link = directory / "..data_tmp"
    link.symlink_to(fresh.name)
    link.rename(directory / "..data")
    before = directory / f"..{number - 1}"
    if before.exists():
        shutil.rmtree(before)
