"""The loop that both readers share: apply a batch in order, then commit its offsets.

1. Take what came, partition by partition, in order.
2. Apply each command. `apply` itself knows what it has applied before; a repeat changes nothing.
3. Only then commit the offsets. A crash before that brings the records again, and 2 drops them.

Nothing is skipped: while a command cannot be applied the reader stands still at it, and its lag
grows, which is what your alert should watch.
"""

import asyncio
import logging
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError

from examples.consumer.commands import Command, read_command

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
REPEAT_HORIZON_DAYS = 7
"""The worker's setting of that name: it publishes nothing older again by itself, so a reader may
forget a `commandId` after so many days, and no sooner."""


class NotNow(Exception):
    """The command cannot be applied at the moment: try again."""


class Effects(Protocol):
    """What a reader does with a command."""

    async def apply(self, command: Command) -> bool:
        """True: applied now; False: it had been. Raises NotNow."""


class Reader:
    """`consumer` is subscribed, started and does not commit by itself."""

    def __init__(self, consumer: AIOKafkaConsumer, effects: Effects) -> None:
        self._consumer = consumer
        self._effects = effects
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End after the batch at hand."""
        self._stopped.set()

    async def run(self) -> None:
        while not self._stopped.is_set():
            batch = await self._consumer.getmany(timeout_ms=500)  # 1
            offsets: dict[TopicPartition, int] = {}
            for partition, records in batch.items():
                for record in records:
                    if not await self._apply(read_command(record.value)):  # 2
                        return
                    offsets[partition] = record.offset + 1
            await self._commit(offsets)  # 3

    async def _apply(self, command: Command) -> bool:
        """False where the reader was stopped before the command could be applied."""
        while not self._stopped.is_set():
            try:
                applied = await self._effects.apply(command)
            except NotNow as reason:
                log.warning("%s waits: %s", command.command_id, reason)
                await self._pause()
            else:
                log.info("%s %s", command.command_id, "applied" if applied else "had been applied")
                return True
        return False

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), RETRY_SECONDS)
        except TimeoutError:
            return

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except CommitFailedError:
            log.info("the partitions went to another reader, which takes the records again")
