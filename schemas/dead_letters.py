"""Dead letters: what is not taken goes on unchanged, with its reason in the headers.

The original's key, value and headers stay as they were, unless the record would be too large for
a topic. Then headers are dropped first, the largest one first, next the value is cut, at last the
key; `error.headers-dropped` counts the headers, `error.truncated` names what was cut (`value`,
`key` or `value,key`), and `error.size` and `error.sha256` are the full size in bytes and the hex
digest of each, in the same order.
"""

from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field

from schemas.decoded import Rejected
from schemas.records import Output, Record
from schemas.topics import Channel

MAX_RECORD_BYTES = 1_000_000
"""Key, value and headers together: under Kafka's default of 1,048,588 for a batch."""

_HEADER_OVERHEAD = 10
_OWN_HEADERS_BYTES = 4_000
_MAX_MESSAGE = 500

Headers = tuple[tuple[str, bytes], ...]


class Code(StrEnum):
    """Why a record is not taken."""

    NOT_UTF8 = "NOT_UTF8"
    NOT_JSON = "NOT_JSON"
    SCHEMA = "SCHEMA"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    WRONG_TOPIC = "WRONG_TOPIC"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    KEY_MISMATCH = "KEY_MISMATCH"
    EVENT_ID_REUSED = "EVENT_ID_REUSED"
    PAYMENT_ID_REUSED = "PAYMENT_ID_REUSED"
    NOT_IMPORTED = "NOT_IMPORTED"
    IN_FUTURE = "IN_FUTURE"
    TOO_LARGE = "TOO_LARGE"


class DeadLetterHeaders(BaseModel):
    """What a dead letter's headers say beside the original's; header values are UTF-8 text."""

    model_config = ConfigDict(frozen=True)

    code: Code = Field(alias="error.code")
    message: str = Field(alias="error.message", description="One sentence: what to mend.")
    truncated: str | None = Field(default=None, alias="error.truncated")
    size: str | None = Field(default=None, alias="error.size")
    sha256: str | None = Field(default=None, alias="error.sha256")
    headers_dropped: str | None = Field(default=None, alias="error.headers-dropped")
    topic: str = Field(alias="source.topic")
    partition: str = Field(alias="source.partition")
    offset: str = Field(alias="source.offset")
    timestamp: str = Field(alias="source.timestamp", description="Milliseconds since the epoch.")


OWN_HEADERS = frozenset(field.alias for field in DeadLetterHeaders.model_fields.values())
"""A record that comes back with some of these headers gets new ones."""


def dead_letter(record: Record, rejected: Rejected, max_bytes: int = MAX_RECORD_BYTES) -> Output:
    """The record as a dead letter. `max_bytes` bounds key, value and headers together."""
    originals = [(name, held or b"") for name, held in record.headers if name not in OWN_HEADERS]
    room = max(max_bytes - _OWN_HEADERS_BYTES, 0)
    body = len(record.value or b"") + len(record.key or b"")
    kept = _headers_that_fit(originals, room - body)
    room -= _size_of(kept)
    key = _cut(record.key, room)
    value = _cut(record.value, room - len(key or b""))
    own = [
        ("error.code", rejected.code),
        ("error.message", rejected.message[:_MAX_MESSAGE]),
        ("source.topic", record.topic),
        ("source.partition", str(record.partition)),
        ("source.offset", str(record.offset)),
        ("source.timestamp", str(record.timestamp)),
        *_loss(record, key, value, len(originals) - len(kept)),
    ]
    headers = (*kept, *((name, text.encode()) for name, text in own))
    return Output(Channel.DEAD_LETTERS, key, value, headers)


def _headers_that_fit(headers: Sequence[tuple[str, bytes]], room: int) -> Headers:
    """Without the largest ones, of equals the later, until the rest fits."""
    sizes = [_size_of([header]) for header in headers]
    excess = sum(sizes) - room
    dropped: set[int] = set()
    for index in sorted(range(len(headers)), key=lambda index: (-sizes[index], -index)):
        if excess <= 0:
            break
        dropped.add(index)
        excess -= sizes[index]
    return tuple(header for index, header in enumerate(headers) if index not in dropped)


def _size_of(headers: Sequence[tuple[str, bytes]]) -> int:
    return sum(len(name.encode()) + len(held) + _HEADER_OVERHEAD for name, held in headers)


def _cut(part: bytes | None, room: int) -> bytes | None:
    return part if part is None else part[: max(room, 0)]


def _loss(
    record: Record, key: bytes | None, value: bytes | None, dropped: int
) -> list[tuple[str, str]]:
    """The headers that say what is not there any more."""
    lost: list[tuple[str, str]] = []
    parts = (("value", record.value, value), ("key", record.key, key))
    cut = [(name, full) for name, full, kept in parts if full is not None and full != kept]
    if cut:
        lost += [
            ("error.truncated", ",".join(name for name, _ in cut)),
            ("error.size", ",".join(str(len(full)) for _, full in cut)),
            ("error.sha256", ",".join(sha256(full).hexdigest() for _, full in cut)),
        ]
    if dropped:
        lost.append(("error.headers-dropped", str(dropped)))
    return lost
