"""The replay of many plans: what joins in one commit, what does not, and that it ends alike."""

from collections.abc import Mapping

import msgspec
import pytest
from msgspec.structs import replace

from schemas.topics import Channel
from tests.unit.lane.test_lane import Place
from worker.errors import Diverged
from worker.kafka.fakes import MemoryLog
from worker.lane import chain, refetch, replay
from worker.lane.acquire import acquire
from worker.lane.lane import Lane
from worker.lane.plan import decode_head
from worker.lane.ports import Batch
from worker.tables.memory import MemoryLane
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange

EVENTS = 12
"""Of one client, a plan each; every second one has an output."""


class Commits(MemoryLane):
    """Remembers what each commit brought: the head's sequence, and the outbox."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[tuple[int, bytes]] = []

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        self.made.append((decode_head(new).seq, outbox))
        return await super().commit(old, new, outbox, values, index)


async def a_plan_each(place: Place) -> Lane:
    lane = place.lane()
    lane.owned = await acquire(lane)
    for record in place.inputs.records:
        await lane.process(Batch([record]))
    return lane


async def replayed(place: Place) -> tuple[Lane, Commits]:
    """A lane that finds empty tables."""
    place.tables = tables = Commits()
    lane = place.lane()
    lane.owned = await acquire(lane)
    return lane, tables


async def test_published_plans_join_in_one_commit_and_the_last_stands_alone() -> None:
    """Genesis and 11 plans are called published by the twelfth; of that one nobody knows."""
    place = Place(EVENTS)
    first = await a_plan_each(place)
    said = place.published(Channel.BONUS_COMMANDS)
    lane, tables = await replayed(place)
    assert lane.held().head == first.held().head
    [(joined, silent), (last, outbox)] = tables.made
    assert (joined, silent) == (EVENTS, b"")
    assert last == EVENTS + 1
    assert outbox, "the twelfth event has an output"
    assert place.published(Channel.BONUS_COMMANDS) == said + 1


async def test_a_last_plan_that_owes_nothing_joins_too() -> None:
    place = Place(EVENTS - 1)
    await a_plan_each(place)
    _, tables = await replayed(place)
    assert tables.made == [(EVENTS, b"")]


@pytest.mark.parametrize(
    ("most_keys", "most_bytes", "window", "part", "commits"),
    [
        (3_500, 1 << 22, 2_000, 10_000, 2),
        (3_500, 1 << 22, 1, 10_000, 2),
        (3_500, 1 << 22, 5, 3, 2),
        (0, 1 << 22, 2_000, 10_000, EVENTS + 1),
        (3_500, 30, 4, 2, 7),  # genesis and 2 values of 12 bytes, then 2, 2, 2, 2, 1, the last
    ],
    ids=["whole", "window of one", "small parts", "no key", "few bytes"],
)
async def test_however_much_is_taken_at_once_the_end_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
    most_keys: int,
    most_bytes: int,
    window: int,
    part: int,
    commits: int,
) -> None:
    monkeypatch.setattr(replay, "MOST_KEYS", most_keys)
    monkeypatch.setattr(replay, "MOST_BYTES", most_bytes)
    monkeypatch.setattr(refetch, "WINDOW", window)
    monkeypatch.setattr(chain, "PART", part)
    place = Place(EVENTS)
    first = await a_plan_each(place)
    said = place.published(Channel.BONUS_COMMANDS)
    lane, tables = await replayed(place)
    raw = lane.held().raw_head
    assert raw == first.held().raw_head
    assert await tables.load(raw, ["x"]) == [b"12:" + (await _checksum(first, "x"))]
    assert place.published(Channel.BONUS_COMMANDS) == said + 1
    assert len(tables.made) == commits


async def _checksum(lane: Lane, key: str) -> bytes:
    held = lane.cache.take([key])[0][key]
    return held.split(b":")[1]


async def _as_logged_before_second_tries_were_dated(place: Place) -> None:
    """The same log, its plans without their last field."""
    older = MemoryLog()
    for _, raw in await place.log.read(0, len(place.log) - 1):
        fields = msgspec.msgpack.decode(raw)
        is_plan = fields[0] == "plan"
        await older.append(msgspec.msgpack.encode(fields[:-1] if is_plan else fields))
    place.log = older


async def test_plans_in_an_older_form_are_replayed_and_the_next_owner_stands_on_them() -> None:
    """The head names a plan by the bytes in the log, not by those that this release would write."""
    place = Place(EVENTS)
    await a_plan_each(place)
    await _as_logged_before_second_tries_were_dated(place)
    lane, _ = await replayed(place)
    heir = place.lane()
    heir.owned = await acquire(heir)
    assert heir.held().head == lane.held().head
    assert heir.held().head.seq == EVENTS + 1


async def test_a_plan_that_comes_out_otherwise_stops_before_anything_of_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refetch, "WINDOW", 4)
    monkeypatch.setattr(replay, "MOST_KEYS", 0)
    place = Place(EVENTS)
    await a_plan_each(place)
    said = place.published(Channel.BONUS_COMMANDS)
    place.inputs.records[6] = replace(place.inputs.records[6], value=b"another event")
    place.tables = tables = Commits()
    with pytest.raises(Diverged, match="plan 8 of lane 0"):
        await acquire(place.lane())
    assert tables.made[-1] == (6, b""), "plan 7 was in the open commit: it is replayed again"
    assert place.published(Channel.BONUS_COMMANDS) == said
