"""Records whose header names are not UTF-8.

Kafka takes any bytes as a header's name; aiokafka decodes them as UTF-8 and raises out of
`getmany` where that fails, again and again: one such record would stop its partition for ever.
Names of headers mean nothing to the worker, the value behind them may be a good event. So the
fetcher reads its record sets through `ReadableRecords`, which writes `?` over each byte outside
ASCII of a name that cannot be decoded and is otherwise the library's own reader.
`tests/unit/kafka/test_header_names.py` shows the fault in the library and tells when it is gone.
"""

import struct
from collections.abc import Iterator
from typing import Any, final

from aiokafka.consumer import fetcher
from aiokafka.record._protocols import MemoryRecordsProtocol
from aiokafka.record.default_records import _DefaultRecordBatchPy as PlainBatch
from aiokafka.record.memory_records import MemoryRecords as LibraryRecords
from aiokafka.record.util import decode_varint

_LENGTH_AT = 8
_BEFORE_LENGTH = 12
"""Base offset (8 bytes) and the length itself (4) are not counted in a batch's length."""


def read_any_header_name() -> None:
    """From now on every consumer of this process takes records with any header name."""
    fetcher.MemoryRecords = ReadableRecords


@final
class ReadableRecords:
    """A fetched record set, batch by batch (`aiokafka.record.memory_records.MemoryRecords`)."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._records: MemoryRecordsProtocol = LibraryRecords(raw)
        self._at = 0

    def size_in_bytes(self) -> int:
        return int(self._records.size_in_bytes())

    def has_next(self) -> bool:
        return bool(self._records.has_next())

    def next_batch(self) -> "ReadableBatch":
        begin, batch = self._at, self._records.next_batch()
        (length,) = struct.unpack_from(">i", self._raw, begin + _LENGTH_AT)
        self._at = begin + _BEFORE_LENGTH + length
        return ReadableBatch(batch, self._raw, begin, self._at)


@final
class ReadableBatch:
    """One batch: the library's, and its bytes for when it cannot read them."""

    def __init__(self, batch: Any, raw: bytes, begin: int, end: int) -> None:
        self._batch, self._raw, self._begin, self._end = batch, raw, begin, end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            return _mended_batch(self._raw[self._begin : self._end])


def _mended_batch(raw: bytes) -> Iterator[Any]:
    """The records of a batch (format v2: none before had headers), every header name readable."""
    batch: Any = PlainBatch(bytearray(raw))
    batch._maybe_uncompress()
    buffer = batch._buffer = bytearray(batch._buffer)
    at = batch._pos
    for _ in range(batch._num_records):
        at = _mend_record(buffer, at)
    return iter(batch)


def _mend_record(buffer: bytearray, at: int) -> int:
    """Mends the header names of the record at `at`; the position of the next one.

    Length, attributes, timestamp, offset, key, value, number of headers, headers; all numbers are
    varints, a length of -1 stands for null (Kafka protocol, "Record").
    """
    for _ in range(4):
        _, at = decode_varint(buffer, at)
    for _ in ("key", "value"):
        length, at = decode_varint(buffer, at)
        at += max(length, 0)
    count, at = decode_varint(buffer, at)
    for _ in range(count):
        length, at = decode_varint(buffer, at)
        buffer[at : at + length] = _mended(bytes(buffer[at : at + length]))
        length, at = decode_varint(buffer, at + length)
        at += max(length, 0)
    return at


def _mended(name: bytes) -> bytes:
    """The name itself where it is UTF-8; else as long, so that the batch keeps its shape."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return bytes(byte if byte < 0x80 else ord("?") for byte in name)
    return name
