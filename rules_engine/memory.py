"""The duplicate memory of one client: packed entries in order of arrival.

Remembered are the latest 16 by arrival and all within 48 hours of the client's latest `occurredAt`,
at most 256, of which the latest by arrival stay.

Bytes: how many entries have an instant (2, big endian), then the ids of all entries, then the
instants of the last ones. An id is 9 bytes: digest of the event id (6), digest of the content (3).
An instant is `occurredAt` in microseconds (8, big endian, signed). An entry that is older than 48
hours needs none: the client's latest instant never goes back, so it stays old. The instants begin
with the first entry that is young, so that of more than 16 entries every one has its own.

The bytes may also hold some that are no longer remembered: an entry behind one that still is stays
until it comes to the front or room is needed. `recall` does not see them, so the answers are those
of a memory that forgets at once.

**False repeats.** An event whose id has the digest of another remembered one by chance is taken for
a repeat, or for a reused id where the content differs. Of n remembered events that happens once in
2^48 ÷ n events: with 16 of them 5.7e-14 an event, with 256 of them 9.1e-13. That it also goes
unnoticed, with equal digests of the contents, is 16.8 million times rarer still. A reused id with
other content passes for a repeat once in 16.8 million: neither has any effect.
"""

from collections.abc import Sequence
from struct import Struct as StructFormat

from msgspec import Struct

from schemas.digests import CONTENT_BYTES, EVENT_BYTES

ALWAYS = 16
AT_MOST = 256
WITHIN_US = 48 * 3600 * 1_000_000

DIGEST, CONTENT = EVENT_BYTES, CONTENT_BYTES
ID = DIGEST + CONTENT
INSTANT = 8
_HEAD = 2
_NONE_YOUNG = bytes(_HEAD)
_HEADS = tuple(young.to_bytes(_HEAD, "big") for young in range(AT_MOST + 1))

_instant = StructFormat(">q")
_instant_bytes, _instant_at = _instant.pack, _instant.unpack_from
_instants = StructFormat(f">{AT_MOST + 1}q")
"""The instants of a memory with one entry too many."""


class Entry(Struct, frozen=True, gc=False):
    """One remembered event: the digest of its content."""

    content: bytes


def recall(memory: bytes, digest: bytes, latest_at: int | None) -> Entry | None:
    """The remembered event with this id's digest, or one that begins so, if there is one.

    `latest_at` is the client's latest `occurredAt` before this event, None before the first.
    """
    start = memory.find(digest, _HEAD)
    while start >= 0:
        number, inside = divmod(start - _HEAD, ID)
        if not inside and _is_remembered(memory, number, latest_at):
            return Entry(memory[start + DIGEST : start + ID])
        start = memory.find(digest, start + 1)
    return None


def holds(memory: bytes, digest: bytes) -> bool:
    """Is there an entry with this id's digest, or one that begins so, remembered or not?"""
    start, cut = memory.find(digest, _HEAD), _cut(memory)
    while 0 <= start < cut:
        if (start - _HEAD) % ID == 0:
            return True
        start = memory.find(digest, start + 1)
    return False


def remember(
    memory: bytes, digest: bytes, content: bytes, occurred_at: int, latest_at: int
) -> bytes:
    """The memory with one more event. `latest_at` is the client's latest with this event.

    1. The event comes behind all others.
    2. Entries in front that have become old lose their instants.
    3. Old ones in front are forgotten, the latest 16 excepted; then what is too much.
    """
    # 1.
    young = memory[0] << 8 | memory[1] if memory else 0
    cut = len(memory) - INSTANT * young
    instants = memory[cut:] + _instant_bytes(occurred_at)
    young += 1
    # 2.
    horizon = latest_at - WITHIN_US
    if _instant_at(instants, 0)[0] < horizon:
        old = 1
        while old < young and _instant_at(instants, old * INSTANT)[0] < horizon:
            old += 1
        young -= old
        instants = instants[old * INSTANT :]
    # 3.
    kept = young if young > ALWAYS else ALWAYS
    first = max(cut - (kept - 1) * ID, _HEAD)
    ids = memory[first:cut] + digest + content
    if young > AT_MOST:
        return _at_most(ids, instants, horizon)
    return _HEADS[young] + ids + instants


def entries_in(memory: bytes) -> int:
    """How many it holds, with those that are remembered no more."""
    return (_cut(memory) - _HEAD) // ID if memory else 0


def last_instant(memory: bytes) -> int | None:
    """`occurredAt` of the event that arrived last; None where it came too late to be young."""
    if memory[:_HEAD] > _NONE_YOUNG:
        return int.from_bytes(memory[-INSTANT:], "big", signed=True)
    return None


def packed_memory(entries: Sequence[tuple[bytes, bytes, int]], latest_at: int) -> bytes:
    """The memory of entries as other releases kept them: (id's digest, content's digest,
    `occurredAt`), in order of arrival, with what `remember` would have left of them."""
    horizon = latest_at - WITHIN_US
    first = next((n for n, (_, _, at) in enumerate(entries) if at >= horizon), len(entries))
    young = entries[first:]
    ids = b"".join(digest[:DIGEST] + content[:CONTENT] for digest, content, _ in entries)
    return _HEADS[len(young)] + ids + b"".join(_instant_bytes(at) for _, _, at in young)


def _at_most(ids: bytes, instants: bytes, horizon: int) -> bytes:
    """Of one entry too many: what is remembered, and of that the latest by arrival."""
    at = _instants.unpack(instants)
    if min(at[:-ALWAYS]) >= horizon:
        return _HEADS[AT_MOST] + ids[ID:] + instants[INSTANT:]
    kept = [n for n in range(len(at)) if n > AT_MOST - ALWAYS or at[n] >= horizon]
    return (
        _HEADS[len(kept)]
        + b"".join(ids[n * ID : n * ID + ID] for n in kept)
        + b"".join(_instant_bytes(at[n]) for n in kept)
    )


def _is_remembered(memory: bytes, number: int, latest_at: int | None) -> bool:
    """`number`: the entry's, from the front; one behind the ids is none."""
    cut = _cut(memory)
    behind = (cut - _HEAD) // ID - number
    if behind <= ALWAYS or latest_at is None:
        return behind > 0
    at: int = _instant_at(memory, cut + number * INSTANT)[0]
    return at >= latest_at - WITHIN_US


def _cut(memory: bytes) -> int:
    """Where the ids end and the instants begin."""
    return len(memory) - INSTANT * (memory[0] << 8 | memory[1])
