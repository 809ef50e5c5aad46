"""Records whose header names are not UTF-8, as a producer in another language may write them."""

from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy as PlainBuilder

NAME = b"trace\xff\xfe\xd0"


class RawName(str):
    """A header's name that is these bytes on the wire."""

    __slots__ = ("raw",)

    def __new__(cls, raw: bytes) -> "RawName":
        name = super().__new__(cls, "raw")
        name.raw = raw  # type: ignore[attr-defined]
        return name

    def encode(self, *_: object, **__: object) -> bytes:
        raw: bytes = self.raw  # type: ignore[attr-defined]
        return raw


def builder(compression: int = 0) -> Any:
    """A batch under way (`append(offset, timestamp, key, value, headers)`, `build()`)."""
    return PlainBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1_000_000,
    )


async def send_with_name(
    producer: AIOKafkaProducer, topic: str, partition: int, key: bytes, values: list[bytes]
) -> None:
    """The values in one record batch; each record has a header of that name."""
    batch: Any = producer.create_batch()
    batch._builder = builder()
    for value in values:
        batch.append(timestamp=None, key=key, value=value, headers=[(RawName(NAME), b"1")])
    batch.close()
    await (await producer.send_batch(batch, topic, partition=partition))
