"""Sends the sample traffic to the broker, never far ahead of the worker.

The embedded broker keeps some megabytes per partition and drops what is older, read or not.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from worker.demo.totals import Totals
from worker.demo.traffic import DemoRecord

AHEAD = 2_000
"""Records that a lane may be behind before its next one waits."""

BURST = 500
"""Records that go out at once where no rate was asked for."""
PULSE_SECONDS = 0.1
"""With a rate records go out in pulses: a worker's cost at low rates is per batch."""


class Feeder:
    """`topics`: topic by channel. `rate`: records a second, None for as fast as they are taken."""

    def __init__(
        self,
        bootstrap_servers: str,
        topics: Mapping[str, str],
        partitions: int,
        totals: Totals,
        rate: float | None = None,
    ) -> None:
        self._servers, self._topics = bootstrap_servers, dict(topics)
        self._numbers = list(range(partitions))
        self._totals, self._rate = totals, rate
        self._partitioner = DefaultPartitioner()
        self.sent: Counter[int] = Counter()
        """Records by partition number, all topics together."""

    async def feed(self, records: Iterable[DemoRecord]) -> None:
        """Returns when every record is acknowledged."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers, enable_idempotence=True, acks="all", linger_ms=5
        )
        try:
            await producer.start()
            await self._send(producer, records)
            await producer.flush()
        finally:
            await producer.stop()

    async def _send(self, producer: AIOKafkaProducer, records: Iterable[DemoRecord]) -> None:
        began = asyncio.get_running_loop().time()
        burst = BURST if self._rate is None else max(1, int(self._rate * PULSE_SECONDS))
        for number, record in enumerate(records):
            if number % burst == 0:
                await self._pause(began, number)
            lane: int = self._partitioner(record.key, self._numbers, self._numbers)
            await self._wait_for(lane)
            await producer.send(
                self._topics[record.channel],
                record.value,
                key=record.key,
                partition=lane,
                headers=list(record.headers),
            )
            self.sent[lane] += 1

    async def _pause(self, began: float, number: int) -> None:
        """Until the record's turn has come; at least the worker, which shares the loop, has one."""
        due = began if self._rate is None else began + number / self._rate
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    async def _wait_for(self, lane: int) -> None:
        """A lane that fell behind is waited for until it has caught up by half, so that records
        go out in batches: the broker answers a fetch with one batch of a partition."""
        if self.sent[lane] - self._totals.lanes[lane] < AHEAD:
            return
        while self.sent[lane] - self._totals.lanes[lane] > AHEAD // 2:
            self._totals.moved.clear()
            await self._totals.moved.wait()
