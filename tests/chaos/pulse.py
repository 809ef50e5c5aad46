"""Which lanes serve, seen from outside: the latest event of each that has become a command."""

import asyncio
import json
import time
from bisect import bisect_left
from types import TracebackType

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import Channel
from tests.chaos.load import sent_at
from tests.integration.deployment import PARTITIONS, Deployment
from worker.kafka.closing import close_consumer

CHANNELS = (Channel.BONUS_COMMANDS, Channel.BONUS_JOURNAL)


class Pulse:
    """`async with Pulse(loyalty) as pulse:` reads the outputs as they come."""

    def __init__(self, loyalty: Deployment) -> None:
        self._loyalty = loyalty
        self.latest = dict.fromkeys(range(PARTITIONS), 0.0)
        """By lane: when the latest event that has an output was sent."""
        self._steps: dict[int, list[tuple[float, float]]] = {n: [] for n in self.latest}
        """By lane: each of these, and when it was seen."""
        self.read = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Pulse":
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._loyalty.kafka.bootstrap,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        await self._consumer.start()
        topics = [self._loyalty.topic(channel) for channel in CHANNELS]
        self._consumer.assign([TopicPartition(t, n) for t in topics for n in range(PARTITIONS)])
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await close_consumer(self._consumer)

    async def _follow(self) -> None:
        while True:
            try:
                found = await self._consumer.getmany(timeout_ms=50)
            except KafkaError:
                await asyncio.sleep(0.1)
                continue
            for partition, records in found.items():
                lane = partition.partition
                for record in records:
                    self.read += 1
                    cause = json.loads(record.value)["causedBy"]["eventId"]
                    self._see(lane, sent_at(cause) or 0.0)

    def _see(self, lane: int, sent: float) -> None:
        if sent > self.latest[lane]:
            self.latest[lane] = sent
            self._steps[lane].append((sent, time.time()))

    def answered(self, instant: float) -> float:
        """When every lane had answered an event that was sent after this; `is_beyond` holds."""
        after = (bisect_left(steps, (instant, 0.0)) for steps in self._steps.values())
        return max(
            steps[first][1] for steps, first in zip(self._steps.values(), after, strict=True)
        )

    def is_beyond(self, instant: float) -> bool:
        """Has every lane answered an event that was sent after this?"""
        return min(self.latest.values()) >= instant

    async def beyond(self, instant: float, seconds: float) -> bool:
        """The same, once it is so, or so many seconds have passed."""
        until = time.time() + seconds
        while not self.is_beyond(instant):
            if time.time() > until:
                return False
            await asyncio.sleep(0.01)
        return True
