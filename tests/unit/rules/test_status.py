"""What a worker says of its rule sets."""

import asyncio

import msgspec
import pytest

from tests.parts.waiting import until
from worker.errors import OutcomeUnknown
from worker.rules import status
from worker.rules.listener import Applied, Refusal
from worker.rules.status import Status, StatusBoard


class Topic:
    """A compacted topic: the latest value of each key. `fails`: so many writes fail first."""

    def __init__(self, fails: int = 0) -> None:
        self.values: dict[str, Status] = {}
        self.fails = fails
        self.writes = 0

    async def write(self, key: bytes, value: bytes | None) -> None:
        if self.fails:
            self.fails -= 1
            raise OutcomeUnknown("no acknowledgement")
        self.writes += 1
        if value is None:
            self.values.pop(key.decode(), None)
        else:
            self.values[key.decode()] = msgspec.json.decode(value, type=Status)


async def test_applied_refused_applied_again_removed() -> None:
    topic = Topic()
    board = StatusBoard("w-1", topic.write)
    board.applied(Applied("izi", "1", "aa", ()))
    await until(lambda: "w-1\x1fizi" in topic.values)
    first = topic.values["w-1\x1fizi"]
    assert first.applied is not None
    assert (first.applied.version, first.applied.hash, first.refused) == ("1", "aa", None)
    board.refused(Refusal("izi", "ff", "izi.yaml:3:1: no such thing"))
    await until(lambda: topic.values["w-1\x1fizi"].refused is not None)
    second = topic.values["w-1\x1fizi"]
    assert second.applied == first.applied
    assert second.refused is not None
    assert (second.refused.text_hash, second.refused.findings) == (
        "ff",
        "izi.yaml:3:1: no such thing",
    )
    board.applied(Applied("izi", "0", "00", (), refused=True))
    await until(lambda: _version(topic) == "0")
    assert topic.values["w-1\x1fizi"].refused == second.refused
    board.applied(Applied("izi", "2", "bb", ()))
    await until(lambda: topic.values["w-1\x1fizi"].refused is None)
    board.removed("izi")
    await until(lambda: not topic.values)
    await board.stop()


def _version(topic: Topic) -> str | None:
    applied = topic.values["w-1\x1fizi"].applied
    return None if applied is None else applied.version


async def test_a_topic_that_is_away_gets_the_latest_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "WRITE_AGAIN_SECONDS", 0.01)
    topic = Topic(fails=3)
    board = StatusBoard("w-1", topic.write)
    board.applied(Applied("izi", "1", "aa", ()))
    board.applied(Applied("izi", "2", "bb", ()))
    await until(lambda: "w-1\x1fizi" in topic.values)
    applied = topic.values["w-1\x1fizi"].applied
    assert applied is not None
    assert applied.version == "2"
    await board.stop()


async def test_a_worker_that_stops_takes_its_word_back() -> None:
    topic = Topic()
    board = StatusBoard("w-1", topic.write)
    board.applied(Applied("izi", "1", "aa", ()))
    board.applied(Applied("other", "1", "cc", ()))
    await until(lambda: len(topic.values) == 2)
    await board.stop()
    assert topic.values == {}


async def test_a_refused_text_with_bytes_that_are_no_utf_8_stops_no_other_status() -> None:
    topic = Topic()
    board = StatusBoard("w-1", topic.write)
    board.refused(Refusal("\udcff", "ff", "found \udcff"))
    board.applied(Applied("izi", "1", "aa", ()))
    await until(lambda: len(topic.values) == 2)
    refused = topic.values["w-1\x1f\\udcff"].refused
    assert refused is not None
    assert refused.findings == "found \\udcff"
    await board.stop()


async def test_told_again_of_the_same_set_a_worker_has_it_since_before() -> None:
    topic = Topic()
    board = StatusBoard("w-1", topic.write)
    board.applied(Applied("izi", "1", "aa", ()))
    await until(lambda: "w-1\x1fizi" in topic.values)
    first = topic.values["w-1\x1fizi"]
    await asyncio.sleep(0.01)
    board.refused(Refusal("izi", "ff", "no"))
    await until(lambda: topic.values["w-1\x1fizi"].refused is not None)
    board.applied(Applied("izi", "1", "aa", ()))
    await until(lambda: topic.values["w-1\x1fizi"] == first)
    await board.stop()
