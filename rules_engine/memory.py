"""The duplicate memory of one client: packed entries in order of arrival (INTERFACES, Duplicates).

An entry is 20 bytes: digest of the event id (8), digest of the content (4), `occurredAt` in
microseconds (8, big endian, signed). Remembered are the latest 16 by arrival and all within 48
hours of the client's latest `occurredAt`, at most 256, of which the latest by arrival stay.

The bytes may also hold some that are no longer remembered: an entry behind one that still is
stays until it comes to the front or room is needed. `recall` does not see them, so the answers
are those of a memory that forgets at once.
"""

from struct import Struct as StructFormat

from msgspec import Struct

ALWAYS = 16
AT_MOST = 256
WITHIN_US = 48 * 3600 * 1_000_000

ENTRY = 20
_DIGEST = 8
_CONTENT = 12

_pack = StructFormat(">8s4sq").pack
_KEPT = ALWAYS * ENTRY

_INSTANTS = StructFormat(">" + f"{_CONTENT}xq" * (AT_MOST + 1 - ALWAYS))
"""The instants of a memory with one entry too many, without those that stay in any case."""


class Entry(Struct, frozen=True, gc=False):
    """One remembered event."""

    content: bytes
    occurred_at: int


def recall(memory: bytes, digest: bytes, latest_at: int | None) -> Entry | None:
    """The remembered event with this id's digest, or one that begins so, if there is one.

    `latest_at` is the client's latest `occurredAt` before this event, None before the first.
    """
    start = memory.find(digest)
    while start >= 0:
        if start % ENTRY == 0 and _is_remembered(memory, start, latest_at):
            return Entry(memory[start + _DIGEST : start + _CONTENT], _occurred_at(memory, start))
        start = memory.find(digest, start + 1)
    return None


def remember(
    memory: bytes, digest: bytes, content: bytes, occurred_at: int, latest_at: int
) -> bytes:
    """The memory with one more event. `latest_at` is the client's latest with this event."""
    memory += _pack(digest, content, occurred_at)
    end = len(memory)
    if end <= _KEPT:
        return memory
    first = 0
    while end - first > _KEPT and _occurred_at(memory, first) < latest_at - WITHIN_US:
        first += ENTRY
    if end - first > AT_MOST * ENTRY:
        return _at_most(memory[first:], latest_at)
    return memory[first:] if first else memory


def _at_most(memory: bytes, latest_at: int) -> bytes:
    """Of one entry too many: what is remembered, and of that the latest by arrival."""
    earliest = min(_INSTANTS.unpack_from(memory))
    if earliest >= latest_at - WITHIN_US:
        return memory[ENTRY:]
    starts = range(0, len(memory), ENTRY)
    return b"".join(
        memory[start : start + ENTRY]
        for start in starts
        if _is_remembered(memory, start, latest_at)
    )


def _is_remembered(memory: bytes, start: int, latest_at: int | None) -> bool:
    if len(memory) - start <= _KEPT or latest_at is None:
        return True
    return _occurred_at(memory, start) >= latest_at - WITHIN_US


def _occurred_at(memory: bytes, start: int) -> int:
    return int.from_bytes(memory[start + _CONTENT : start + ENTRY], "big", signed=True)
