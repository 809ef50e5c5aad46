"""The packed duplicate memory against a plain list that forgets at once."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.memory import (
    AT_MOST,
    ID,
    INSTANT,
    Entry,
    entries_in,
    last_instant,
    packed_memory,
    recall,
    remember,
)
from schemas.digests import event_digest
from schemas.instants import HOUR_US

CONTENT = b"abc"


@dataclass
class ListMemory:
    """The rule word by word: after every event, what is no longer remembered is thrown away."""

    entries: list[tuple[int, int]] = field(default_factory=list)
    latest: int | None = None

    def knows(self, number: int) -> bool:
        return any(known == number for known, _ in self.entries)

    def remember(self, number: int, at: int) -> None:
        self.latest = at if self.latest is None else max(self.latest, at)
        self.entries.append((number, at))
        last = len(self.entries) - 16
        kept = [
            (known, when)
            for index, (known, when) in enumerate(self.entries)
            if index >= last or self.latest - when <= 48 * HOUR_US
        ]
        self.entries = kept[-256:]


@dataclass
class PackedMemory:
    packed: bytes = b""
    latest: int | None = None

    def knows(self, number: int) -> bool:
        return recall(self.packed, event_digest(str(number)), self.latest) is not None

    def remember(self, number: int, at: int) -> None:
        self.latest = at if self.latest is None else max(self.latest, at)
        self.packed = remember(self.packed, event_digest(str(number)), CONTENT, at, self.latest)


hours = st.integers(-120, 120) | st.sampled_from([-49, -48, -47, 0, 1, 47, 48, 49])
steps = st.lists(st.tuples(hours, st.integers(1, 40)), min_size=1, max_size=40)


@given(steps)
def test_it_remembers_what_the_list_remembers(bursts: list[tuple[int, int]]) -> None:
    naive, packed = ListMemory(), PackedMemory()
    number = 0
    for hour, length in bursts:
        for index in range(length):
            at = hour * HOUR_US + index % 3 - 1
            naive.remember(number, at)
            packed.remember(number, at)
            number += 1
        known = {each for each, _ in naive.entries}
        assert {each for each in range(number) if packed.knows(each)} == known
        assert len(packed.packed) <= 2 + AT_MOST * (ID + INSTANT)


@given(st.lists(st.tuples(st.integers(0, 30), hours), max_size=60))
def test_ids_that_come_again(arrivals: list[tuple[int, int]]) -> None:
    naive, packed = ListMemory(), PackedMemory()
    for number, hour in arrivals:
        assert packed.knows(number) == naive.knows(number)
        if not naive.knows(number):
            naive.remember(number, hour * HOUR_US)
            packed.remember(number, hour * HOUR_US)


def filled(count: int, step: int) -> PackedMemory:
    memory = PackedMemory()
    for number in range(count):
        memory.remember(number, number * step)
    return memory


def test_an_entry_says_what_was_remembered() -> None:
    packed = remember(b"", event_digest("e-1"), b"\x00\xff\x0f", -5, -5)
    assert recall(packed, event_digest("e-1"), -5) == Entry(b"\x00\xff\x0f")
    assert recall(packed, event_digest("e-2"), -5) is None
    assert recall(b"", event_digest("e-1"), None) is None


def test_the_last_instant_is_known_while_it_is_young() -> None:
    young = remember(b"", event_digest("e-1"), CONTENT, 7, 7)
    assert (last_instant(b""), last_instant(young)) == (None, 7)
    late = 7 - 48 * HOUR_US
    assert last_instant(remember(young, event_digest("e-2"), CONTENT, late, 7)) == late
    alone = remember(b"", event_digest("e-2"), CONTENT, late - 1, 7)
    assert last_instant(alone) is None


@pytest.mark.parametrize(
    ("count", "step", "first_known"),
    [
        (16, 49 * HOUR_US, 0),  # the latest 16, however old
        (17, 49 * HOUR_US, 1),
        (17, 3 * HOUR_US, 0),  # the first is 48 hours old: still within
        (18, 3 * HOUR_US, 1),
        (100, HOUR_US, 51),
        (256, 1, 0),  # at most 256
        (257, 1, 1),
        (1000, 1, 744),
    ],
)
def test_how_far_it_reaches(count: int, step: int, first_known: int) -> None:
    memory = filled(count, step)
    assert [number for number in range(count) if memory.knows(number)] == list(
        range(first_known, count)
    )


@pytest.mark.parametrize("late", [0, 1, 100, 239, 240])
def test_room_is_made_first_by_what_is_too_old(late: int) -> None:
    memory = PackedMemory()
    for number in range(257):
        memory.remember(number, -49 * HOUR_US if number == late else 0)
    assert [number for number in range(257) if not memory.knows(number)] == [late]


@pytest.mark.parametrize(
    ("count", "step", "young", "known"),
    [
        (500, 49 * HOUR_US, 1, 16),
        (500, 12 * HOUR_US, 5, 16),
        (500, 3 * HOUR_US, 17, 17),
        (500, 1, 256, 256),
    ],
)
def test_how_small_it_is(count: int, step: int, young: int, known: int) -> None:
    """2 bytes, 9 for every event that is known, 8 for each that is within 48 hours."""
    packed = filled(count, step).packed
    assert len(packed) == 2 + 9 * known + 8 * young
    assert (entries_in(packed), entries_in(b"")) == (known, 0)


def test_a_digest_across_two_entries_or_inside_the_instants_is_no_entry() -> None:
    digest = event_digest("e-1")
    packed = remember(b"", b"6 byte", b"abc", 0, 0)
    packed = remember(packed, b"de" + digest[:4], digest[4:] + b"f", 0, 0)
    assert digest in packed
    assert recall(packed, digest, 0) is None
    instant = int.from_bytes(digest + b"\0\0", "big", signed=True)
    packed = remember(packed, b"others", CONTENT, instant, instant)
    assert packed.count(digest) == 2
    assert recall(packed, digest, instant) is None
    packed = remember(packed, digest, CONTENT, instant, instant)
    assert recall(packed, digest, instant) == Entry(CONTENT)


@given(steps)
def test_what_another_release_kept_is_what_this_one_would_have_kept(
    bursts: list[tuple[int, int]],
) -> None:
    packed, kept, number = PackedMemory(), KeptByVersion1(), 0
    for hour, length in bursts:
        for index in range(length):
            at = hour * HOUR_US + index % 3 - 1
            packed.remember(number, at)
            kept.remember(number, at)
            number += 1
        assert packed.latest is not None
        assert packed_memory(kept.entries, packed.latest) == packed.packed


@dataclass
class KeptByVersion1:
    """Which entries version 1 of the state's codec had, as a list."""

    entries: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    latest: int | None = None

    def remember(self, number: int, at: int) -> None:
        self.latest = at if self.latest is None else max(self.latest, at)
        horizon = self.latest - 48 * HOUR_US
        self.entries.append((event_digest(str(number)) + b"..", CONTENT + b".", at))
        while len(self.entries) > 16 and self.entries[0][2] < horizon:
            del self.entries[0]
        if len(self.entries) > 256:
            old = [n for n, entry in enumerate(self.entries[:-16]) if entry[2] < horizon]
            for n in reversed(old or [0]):
                del self.entries[n]
