"""The contract of `worker.rules.ports.RuleSource`: memory, directory and topic."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import MakeTopic
from tests.parts.kafka import KafkaServer
from tests.parts.topics import produce
from worker.errors import Misconfigured, SourceUnavailable
from worker.kafka.transactions import exclusive_writer
from worker.rules.fakes import MemorySource
from worker.rules.ports import RuleSource
from worker.rules.sources import DirectorySource, KafkaSource

KINDS = [
    pytest.param("memory"),
    pytest.param("directory"),
    pytest.param("topic", marks=pytest.mark.kafka),
]


@dataclass
class Shelf:
    """A source and how its author changes it: None removes."""

    source: RuleSource
    put: Callable[[str, str | None], Awaitable[None]]

    async def texts(self) -> Mapping[str, str]:
        return {file: text.text for file, text in (await self.source.read()).items()}


@pytest.fixture(params=KINDS)
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shelf]:
    if request.param == "topic":
        shelf = await _topic(request)
    else:
        shelf = _memory() if request.param == "memory" else _directory(tmp_path)
    yield shelf
    await shelf.source.close()


def _memory() -> Shelf:
    source = MemorySource({})

    async def put(file: str, text: str | None) -> None:
        source.texts = {f: t for f, t in {**source.texts, file: text}.items() if t is not None}

    return Shelf(source, put)


def _directory(path: Path) -> Shelf:
    async def put(file: str, text: str | None) -> None:
        if text is None:
            (path / file).unlink()
        else:
            (path / file).write_text(text, encoding="utf-8", newline="")

    return Shelf(DirectorySource(path), put)


async def _topic(request: pytest.FixtureRequest) -> Shelf:
    server: KafkaServer = request.getfixturevalue("kafka")
    make_topic: MakeTopic = request.getfixturevalue("make_topic")
    topic = await make_topic("rules", 2, **{"cleanup.policy": "compact"})

    async def put(organization: str, text: str | None) -> None:
        value = None if text is None else text.encode()
        await produce(server.bootstrap, topic, [(organization.encode(), value)])

    return Shelf(KafkaSource(server.client, topic), put)


async def test_an_empty_source_holds_nothing(shelf: Shelf) -> None:
    assert await shelf.texts() == {}


async def test_rule_tests_beside_a_rule_set_are_none(tmp_path: Path) -> None:
    shelf = _directory(tmp_path)
    for name in ("izi.yaml", "izi.test.yaml", "izi.limits.test.yml", "izi.test.json", "test.yaml"):
        await shelf.put(name, f"organizationId: {name}\n")
    assert set(await shelf.texts()) == {"izi.yaml", "test.yaml"}


async def test_it_holds_what_its_author_put_there(shelf: Shelf) -> None:
    await shelf.put("izi.yaml", "organizationId: izi\r\nversion: ёж\n")
    await shelf.put("pro.json", '{"organizationId": "pro"}')
    assert await shelf.texts() == {
        "izi.yaml": "organizationId: izi\r\nversion: ёж\n",
        "pro.json": '{"organizationId": "pro"}',
    }


async def test_a_change_is_seen_and_told_by_its_hash(shelf: Shelf) -> None:
    await shelf.put("izi.yaml", "version: 1")
    await shelf.put("pro.yml", "version: 1")
    before = await shelf.source.read()
    assert await shelf.source.read() == before
    await shelf.put("izi.yaml", "version: 2")
    after = await shelf.source.read()
    assert after["izi.yaml"].text == "version: 2"
    assert after["izi.yaml"].content_hash != before["izi.yaml"].content_hash
    assert after["pro.yml"] == before["pro.yml"]


async def test_what_was_removed_is_gone(shelf: Shelf) -> None:
    await shelf.put("izi.yaml", "a")
    await shelf.put("pro.yaml", "b")
    await shelf.source.read()
    await shelf.put("izi.yaml", None)
    assert await shelf.texts() == {"pro.yaml": "b"}


async def test_a_directory_gives_its_rule_sets_only(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yml", "c.json", "README.md", "d.yaml.swp", ".e.yaml", "f.yaml~"):
        (tmp_path / name).write_text("x")
    (tmp_path / "g.yaml").mkdir()
    assert set(await DirectorySource(tmp_path).read()) == {"a.yaml", "b.yml", "c.json"}


async def test_what_cannot_be_read_is_there_and_says_why(tmp_path: Path) -> None:
    """A link that leads nowhere, or in a circle, is no removal; a file that is good is."""
    source = DirectorySource(tmp_path)
    for name, target in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml"), ("c.yaml", "nowhere")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "d.yaml").write_text("version: 1")
    found = {file: text.unreadable for file, text in (await source.read()).items()}
    loop, nowhere = os.strerror(errno.ELOOP), os.strerror(errno.ENOENT)
    assert found == {"a.yaml": loop, "b.yaml": loop, "c.yaml": nowhere, "d.yaml": None}
    (tmp_path / "nowhere").write_text("version: 1")
    assert (await source.read())["c.yaml"].text == "version: 1"
    (tmp_path / "c.yaml").unlink()
    assert "c.yaml" not in await source.read()


async def test_a_config_map_is_seen_through_both_swaps(tmp_path: Path) -> None:
    """Kubernetes: izi.yaml → ..data/izi.yaml, ..data → ..1; an update swaps ..data."""
    mount = tmp_path / "mount"
    mount.mkdir()
    _swap(mount, "..1", {"izi.yaml": "version: 1"})
    (mount / "izi.yaml").symlink_to("..data/izi.yaml")
    source = DirectorySource(mount)
    assert (await source.read())["izi.yaml"].text == "version: 1"
    for number in (2, 3):
        _swap(mount, f"..{number}", {"izi.yaml": f"version: {number}"})
        assert (await source.read())["izi.yaml"].text == f"version: {number}"


def _swap(mount: Path, name: str, files: Mapping[str, str]) -> None:
    (mount / name).mkdir()
    for file, text in files.items():
        (mount / name / file).write_text(text)
    (mount / "..data_tmp").symlink_to(name)
    os.replace(mount / "..data_tmp", mount / "..data")


async def test_a_file_that_is_being_written_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.rules.sources.SETTLE_SECONDS", 1.0)
    source = DirectorySource(tmp_path)
    file = tmp_path / "izi.yaml"
    file.write_text("rules: []")
    await source.read()
    file.write_text("rules:")
    reading = asyncio.create_task(source.read())
    await asyncio.sleep(0.1)
    file.write_text("rules: [all of them]")
    assert (await reading)["izi.yaml"].text == "rules: [all of them]"


async def test_bytes_that_are_no_utf8_keep_their_identity(tmp_path: Path) -> None:
    """So that loading refuses them instead of taking a look-alike."""
    source = DirectorySource(tmp_path)
    (tmp_path / "izi.yaml").write_bytes(b"version: \xff")
    first = (await source.read())["izi.yaml"]
    assert first.text.encode(errors="surrogateescape") == b"version: \xff"
    (tmp_path / "izi.yaml").write_bytes(b"version: \xfe")
    assert (await source.read())["izi.yaml"].content_hash != first.content_hash


async def test_a_directory_that_was_never_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="RULES_SOURCE"):
        await DirectorySource(tmp_path / "absent").read()


async def test_changes_are_noticed_in_a_directory_that_came_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a link to a release, or where a volume was mounted again."""
    monkeypatch.setattr("worker.rules.sources.WATCH_AGAIN_SECONDS", 0.1)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "izi.yaml").write_text(name)
    (tmp_path / "current").symlink_to("one")
    source = DirectorySource(tmp_path / "current")
    await source.changed(0.5)
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "current")
    await source.changed(1.0)
    async with asyncio.timeout(20):
        noticed = asyncio.create_task(source.changed(60.0))
        while not noticed.done():
            (tmp_path / "two" / "izi.yaml").write_text("edited")
            await asyncio.sleep(0.2)
    await source.close()


async def test_a_directory_that_vanished_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    source = DirectorySource(tmp_path / "rules")
    await source.read()
    (tmp_path / "rules").rename(tmp_path / "moved")
    with pytest.raises(SourceUnavailable):
        await source.read()
    (tmp_path / "moved").rename(tmp_path / "rules")
    assert await source.read() == {}


@pytest.mark.kafka
async def test_a_topic_that_does_not_exist_is_unavailable(
    kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.kafka.reader.READ_SECONDS", 0.5)
    source = KafkaSource(kafka.client, "no-such-topic")
    with pytest.raises(SourceUnavailable, match="no-such-topic"):
        await source.read()
    await source.close()


@pytest.mark.kafka
async def test_of_a_first_push_under_way_nobody_knows_yet(
    kafka: KafkaServer, make_topic: MakeTopic
) -> None:
    """Empty would end a worker that starts now; behind other sets a push is like one of later."""
    topic = await make_topic("rules")
    source = KafkaSource(kafka.client, topic)
    async with exclusive_writer(kafka.client, f"{topic}-first") as pusher:
        await pusher._producer.begin_transaction()
        await pusher._producer.send_and_wait(topic, b"version: 1", key=b"izi")
        for _ in range(2):
            with pytest.raises(SourceUnavailable, match="has no rules yet, but a push is under"):
                await source.read()
        await pusher._producer.abort_transaction()
        assert await _once_it_ended(source, None) is None
        await source.close()
        await pusher.write([(topic, b"izi", b"version: 1")])
        await pusher._producer.begin_transaction()
        await pusher._producer.send_and_wait(topic, b"version: 2", key=b"izi")
        assert await _once_it_ended(source, "version: 1") == "version: 1"
        await pusher._producer.commit_transaction()
    assert await _once_it_ended(source, "version: 2") == "version: 2"
    await source.close()


async def _once_it_ended(source: KafkaSource, expected: str | None) -> str | None:
    """The text, once it is the expected one: a broker says that a transaction ended, and then ends
    it on every partition."""
    found: str | None = ""
    for _ in range(100):
        with suppress(SourceUnavailable):
            text = (await source.read()).get("izi")
            found = None if text is None else text.text
            if found == expected:
                break
        await asyncio.sleep(0.1)
    return found
