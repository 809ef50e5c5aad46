"""What operators do from the command line, on a real Kafka and a real Redis."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from config.load import load_settings
from config.settings import VARIABLES
from schemas.dead_letters import Code, dead_letter
from schemas.decoded import Rejected
from schemas.records import InputRecord
from tests.parts.kafka import KafkaServer, unique
from tests.parts.redis import RedisServer
from tests.parts.topics import produce, read_topic
from worker.cli import clients_show
from worker.cli.application import run
from worker.kafka.dead_letters import partition_of

SAMPLES = Path(__file__).parents[2] / "config/samples"


@pytest.fixture
def names(
    kafka: KafkaServer, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Settings of an environment of its own; topic by channel."""
    mark = unique("cli")
    topics = {
        name.removeprefix("LOYALTY_TOPIC_"): f"{mark}.{name.removeprefix('LOYALTY_TOPIC_').lower()}"
        for name in VARIABLES
        if name.startswith("LOYALTY_TOPIC_")
    }
    for channel, topic in topics.items():
        monkeypatch.setenv(f"LOYALTY_TOPIC_{channel}", topic)
    monkeypatch.setenv("LOYALTY_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap)
    monkeypatch.setenv("LOYALTY_REDIS_URL", redis_server.url)
    monkeypatch.setenv("LOYALTY_REDIS_KEY_PREFIX", f"{mark}:")
    monkeypatch.setenv("LOYALTY_RULES_SOURCE", f"directory:{SAMPLES}")
    return topics


Shown = pytest.CaptureFixture[str]


def test_topics_are_made_once_and_checked(names: dict[str, str], capsys: Shown) -> None:
    assert run(["topics", "check"]) == 1
    assert f"error: {names['TOPUPS']}: It does not exist." in capsys.readouterr().err
    assert run(["rules", "status"]) == 1
    said = capsys.readouterr().err
    assert ".rules" in said
    assert "do not exist. Create them (loyalty topics create), or mend their TOPIC_ " in said
    create = ["topics", "create", "--partitions", "3", "--replication", "1", "--format", "json"]
    assert run(create) == 0
    made = json.loads(capsys.readouterr().out)["created"]
    assert set(made) == set(names.values())
    assert run(create) == 0
    assert json.loads(capsys.readouterr().out) == {"created": []}
    assert run(["topics", "create", "--partitions", "2"]) == 1
    shown = capsys.readouterr()
    assert f"error: {names['VISITS']}: It exists with 3 partitions, 2 are asked for." in shown.err
    assert shown.out == ""
    assert names["DEAD_LETTERS"] not in shown.err
    assert run(["topics", "check", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"good": True, "findings": []}


def test_check_names_what_is_wrong(
    names: dict[str, str], capsys: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(["topics", "create", "--partitions", "1", "--replication", "1"])
    capsys.readouterr()
    assert run(["check"]) == 0
    good = capsys.readouterr().out.splitlines()
    assert good == ["settings: good", "kafka: good", "redis: good", "rules: good"]

    (tmp_path / "bad.yaml").write_text("organizationId: izi\n")
    monkeypatch.setenv("LOYALTY_RULES_SOURCE", f"directory:{tmp_path}")
    monkeypatch.setenv("LOYALTY_REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("LOYALTY_TOPIC_VISITS", "nowhere")
    assert run(["check", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    wrong = {finding["part"] for finding in findings if finding["severity"] == "ERROR"}
    assert wrong == {"kafka", "redis", "rules"}


@pytest.mark.parametrize("source", ["directory:/nowhere", "kafka:"])
def test_check_without_rules(
    source: str, names: dict[str, str], capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(["topics", "create", "--partitions", "1", "--replication", "1"])
    monkeypatch.setenv("LOYALTY_RULES_SOURCE", source)
    capsys.readouterr()
    assert run(["check"]) == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert line.startswith("error: rules: ")
    if source == "kafka:":
        assert line.endswith(
            f"{names['RULES']}: The topic holds no rule set. Publish one (loyalty rules push): "
            "without one no lane opens."
        )


def test_rules_of_the_topic_are_checked_and_shown(
    names: dict[str, str], kafka: KafkaServer, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set under another organization's key is told as the worker refuses it; `clients show`
    reads the topic too."""
    run(["topics", "create", "--partitions", "1", "--replication", "1"])
    monkeypatch.setenv("LOYALTY_RULES_SOURCE", "kafka:")
    text = (SAMPLES / "izi.yaml").read_bytes()
    asyncio.run(produce(kafka.bootstrap, names["RULES"], [(b"izi", text)]))
    settings = load_settings(os.environ)
    shown = asyncio.run(clients_show._published(settings, "izi"))
    assert shown is not None
    assert shown.organization_id == "izi"
    assert asyncio.run(clients_show._published(settings, "other")) is None
    assert run(["check"]) == 0
    asyncio.run(produce(kafka.bootstrap, names["RULES"], [(b"other", text)]))
    capsys.readouterr()
    assert run(["check"]) == 1
    said = capsys.readouterr().err
    assert "the record's key is `other`, its set is that of `izi`" in said
    assert "[KEY_OF_ANOTHER_ORGANIZATION]" in said


def test_dead_letters_go_back(
    names: dict[str, str], kafka: KafkaServer, capsys: Shown, tmp_path: Path
) -> None:
    run(["topics", "create", "--partitions", "6", "--replication", "1"])
    topic, key = names["TOPUPS"], b"c-1"
    home = partition_of(key, 6)
    asyncio.run(_bury(kafka.bootstrap, names["DEAD_LETTERS"], topic, key, home))
    capsys.readouterr()

    assert run(["dead-letters", "list", "--format", "json", "--code", "IN_FUTURE"]) == 0
    lines = capsys.readouterr().out
    [line] = lines.splitlines()
    assert json.loads(line)["headers"]["source.topic"] == topic
    (tmp_path / "letters.jsonl").write_text(lines)

    assert run(["dead-letters", "redrive"]) == 1
    assert "nobody is there to confirm; repeat the command with --yes" in capsys.readouterr().err
    assert run(["dead-letters", "redrive", "--yes", "--format", "json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"sent": 1, "refused": 1}
    assert "it came from" in shown.err
    again = ["dead-letters", "redrive", "--file", str(tmp_path / "letters.jsonl"), "--yes"]
    assert run(again) == 0
    assert capsys.readouterr().out == "1 sent, 0 not sent.\n"

    records = asyncio.run(read_topic(kafka.bootstrap, topic))
    assert [(r.partition, r.key, r.value, r.headers) for r in records] == [
        (home, key, b'{"a": 1}', (("traceparent", b"00-1"),))
    ] * 2


def test_dead_letters_without_their_topic(names: dict[str, str], capsys: Shown) -> None:
    assert run(["dead-letters", "list"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: Topic {names['DEAD_LETTERS']} does not exist.")


async def _bury(bootstrap: str, dead: str, topic: str, key: bytes, home: int) -> None:
    """Two letters: one from the partition of its key, one from another."""
    now_ms = int(asyncio.get_running_loop().time()) + 10**13
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    for partition, code in ((home, Code.IN_FUTURE), ((home + 1) % 6, Code.SCHEMA)):
        headers = (("traceparent", b"00-1"),)
        record = InputRecord(topic, partition, 5, now_ms, key, b'{"a": 1}', headers)
        letter = dead_letter(record, Rejected(code, "…"))
        await producer.send_and_wait(
            dead, letter.value, letter.key, partition=0, headers=list(letter.headers)
        )
    await producer.stop()
