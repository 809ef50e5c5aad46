"""Fetching and sending whole batches with aiokafka: the fast way through it, for (c) and (d)."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from benchmarks.baselines.settings import Settings

MAX_RECORDS = 4000
MAX_BATCH_BYTES = 900_000


async def batches(settings: Settings) -> AsyncIterator[list[Any]]:
    """Records as they come, up to `MAX_RECORDS` at a time, until SIGTERM.

    Offsets are committed by the consumer on its timer and when it stops: what is in flight when
    it dies is lost or done twice.
    """
    consumer = AIOKafkaConsumer(
        *settings.inputs,
        bootstrap_servers=settings.bootstrap,
        group_id=settings.group,
        auto_offset_reset="earliest",
        enable_auto_commit=True,
        auto_commit_interval_ms=1000,
        partition_assignment_strategy=[RangePartitionAssignor],
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await consumer.start()
    try:
        while not stop.is_set():
            polled = await consumer.getmany(timeout_ms=200, max_records=MAX_RECORDS)
            if polled:
                yield [record for records in polled.values() for record in records]
    finally:
        await consumer.stop()


class BatchProducer:
    """Sends one prepared record batch per partition and does not wait for the answer until the
    next batch is ready."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.commands
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap, max_batch_size=MAX_BATCH_BYTES
        )
        self._in_flight: list[asyncio.Future[Any]] = []

    async def __aenter__(self) -> "BatchProducer":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._settle()
        await self._producer.stop()

    async def send(self, outputs: dict[int, list[tuple[bytes, bytes]]], now_ms: int) -> None:
        """`outputs`: (key, value) by partition."""
        await self._settle()
        for partition, pairs in outputs.items():
            builder = self._producer.create_batch()
            for key, value in pairs:
                if builder.append(key=key, value=value, timestamp=now_ms) is None:
                    await self._submit(builder, partition)
                    builder = self._producer.create_batch()
                    builder.append(key=key, value=value, timestamp=now_ms)
            await self._submit(builder, partition)

    async def _submit(self, builder: Any, partition: int) -> None:
        builder.close()
        self._in_flight.append(
            await self._producer.send_batch(builder, self._topic, partition=partition)
        )

    async def _settle(self) -> None:
        sent, self._in_flight = self._in_flight, []
        await asyncio.gather(*sent)
