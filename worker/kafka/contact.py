"""Does Kafka answer this worker? By the age of its last answer, whatever there is to consume.

Every look commits the group's offsets (for lag monitors: a lane's position is in its state) and
asks for the end of one partition. Two questions, mostly to two brokers, so that the failover of one
of them is no silence. Neither is given up in the middle: aiokafka would report what was cancelled
as an error that nobody took.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

log = logging.getLogger(__name__)

AWAY_SECONDS = 10.0
"""So long without an answer: away. More than a broker that is restarted, or a partition that finds
a new leader, is mostly silent; less than anybody waits for before they look."""
ANSWER_SECONDS = 1.0
"""That a look waits: a rebalance waits for it, too."""


class Contact:
    """Told once when Kafka goes and once when it is back. `asked`: whose end is asked for;
    `clock`: seconds, never back."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        asked: TopicPartition,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consumer, self._asked, self._clock = consumer, asked, clock
        self._under_way: dict[str, asyncio.Task[bool]] = {}
        self._answered = clock()
        self._told = False
        self._closed = False

    @property
    def away_seconds(self) -> float:
        """Since the last answer, where that is long ago; else 0."""
        silent = self._clock() - self._answered
        return silent if silent >= AWAY_SECONDS else 0.0

    async def look(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit the offsets and see who answers."""
        await asyncio.gather(self.commit(offsets), self._wait("end", self._ask_end))
        if self.away_seconds and not self._told:
            self._told = True
            log.warning(
                "Kafka has not answered for %.0f s: the lanes stand still until it does",
                self.away_seconds,
            )

    def _heard(self) -> None:
        if self._told:
            silent = self._clock() - self._answered
            log.warning("Kafka answers again after %.0f s: the lanes go on", silent)
        self._answered, self._told = self._clock(), False

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Did the group answer? Whatever goes wrong here is of no consequence for the events."""
        return bool(offsets) and await self._wait("commit", lambda: self._commit(dict(offsets)))

    async def close(self) -> None:
        """Ask nothing any more, nor does a look that is under way."""
        self._closed = True
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, question: str, ask: Callable[[], Awaitable[bool]]) -> bool:
        """One of a kind at a time, each behind the one that is under way; none where that takes too
        long."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while (task := self._under_way.get(question)) is not None and not task.done():
                    await asyncio.wait([task])
                if self._closed:
                    return False
                task = self._under_way[question] = asyncio.create_task(self._heed(ask))
                await asyncio.wait([task])
        except TimeoutError:
            return False
        return not task.cancelled() and task.result()

    async def _heed(self, ask: Callable[[], Awaitable[bool]]) -> bool:
        """An answer counts when it comes, also where the look did not wait so long."""
        answered = await ask()
        if answered:
            self._heard()
        return answered

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        try:
            await self._consumer.commit(offsets)
        except KafkaError as error:
            log.debug("group offsets were not committed: %r", error)
            return isinstance(error, CommitFailedError)  # the group's own word
        return True

    async def _ask_end(self) -> bool:
        try:
            await self._consumer.end_offsets([self._asked])
        except KafkaError as error:
            log.debug("the end of %s is not known: %r", self._asked, error)
            return False
        return True
