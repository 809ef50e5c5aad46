"""Header names that are not UTF-8 (worker/kafka/header_names.py)."""

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.memory_records import MemoryRecords

from tests.parts.header_names import NAME, RawName, builder
from worker.errors import Unavailable
from worker.kafka.header_names import ReadableRecords
from worker.kafka.replaying import replaying

GZIP = 1
TP = TopicPartition("loyalty.topups", 0)


def record_set(compression: int) -> bytes:
    """Offsets 0–2 in one batch, of which 1 cannot be read by the library, and 3 in another."""
    first, second = builder(compression), builder(compression)
    first.append(0, 1_000, b"c-1", b"zero", [("traceparent", b"00-1")])
    first.append(1, 1_001, None, b"one", [("ok", None), (RawName(NAME), b"\xff"), ("später", b"2")])
    first.append(2, 1_002, b"c-2", None, [])
    second.append(0, 1_003, b"c-3", b"three", [(RawName(b"\xc3"), None)])
    later = bytearray(second.build())
    later[:8] = (3).to_bytes(8, "big")
    return bytes(first.build() + later)


def read(records: Any, first: int = 0) -> list[Any]:
    """As the consumer reads what it fetched from offset `first` on."""
    return list(PartitionRecords(TP, records, [], first, None, None, True, READ_COMMITTED))


def test_the_library_alone_cannot_read_them() -> None:
    """When this fails the library has mended it: delete `worker/kafka/header_names.py`."""
    with pytest.raises(UnicodeDecodeError):
        read(MemoryRecords(record_set(0)))


@pytest.mark.parametrize("compression", [0, GZIP])
def test_every_record_is_read_with_what_can_be_read_of_its_names(compression: int) -> None:
    found = read(ReadableRecords(record_set(compression)))
    assert [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in found] == [
        (0, 1_000, b"c-1", b"zero", (("traceparent", b"00-1"),)),
        (1, 1_001, None, b"one", (("ok", None), ("trace???", b"\xff"), ("später", b"2"))),
        (2, 1_002, b"c-2", None, ()),
        (3, 1_003, b"c-3", b"three", (("?", None),)),
    ]


def test_a_fetch_that_begins_inside_a_batch_goes_on_there() -> None:
    assert [r.offset for r in read(ReadableRecords(record_set(0)), first=2)] == [2, 3]


def test_readable_names_are_read_by_the_library() -> None:
    batch = builder()
    batch.append(0, 1_000, b"c-1", b"v", [("ключ", b"1")])
    raw = bytes(batch.build())
    assert read(ReadableRecords(raw)) == read(MemoryRecords(raw))


async def test_a_consumer_that_reads_partitions_again_takes_them_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rebuild may begin with it, before any other consumer of the process."""
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    with pytest.raises(Unavailable):
        async with replaying({"bootstrap_servers": "127.0.0.1:1"}, ["loyalty.topups"], [0]):
            raise AssertionError("nobody listens there")
    assert fetcher.MemoryRecords is ReadableRecords
