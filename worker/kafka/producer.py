"""One idempotent producer for all lanes of a worker, replaced after an error of its own."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError

from worker.errors import Misconfigured, Unavailable
from worker.kafka.security import unreachable

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_MS = 10_000
STOP_SECONDS = 3.0
REQUEST_BYTES = 1_048_576
"""aiokafka's bound of one request, whatever a topic would take."""
_ENVELOPE_BYTES = 512
"""More than what it counts beside key and value."""


class SharedProducer:
    """aiokafka's idempotent producer repeats by itself what may be repeated, for ever. An error
    that comes out of it has left a hole in its sequence numbers, so whoever sees one retires it;
    the next user gets a new one. What other lanes have in the old one is still sent by it."""

    def __init__(self, client: Mapping[str, Any], *, batch_bytes: int) -> None:
        self._client, self._batch_bytes = dict(client), batch_bytes
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()

    async def current(self) -> AIOKafkaProducer:
        """A started producer. Raises Unavailable: nothing was sent."""
        async with self._lock:
            if self._producer is None:
                self._producer = await self._start()
            return self._producer

    async def _start(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._client,
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=self._batch_bytes,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        try:
            await producer.start()
        except BaseException as error:
            await producer.stop()
            if isinstance(error, KafkaError):
                raise Unavailable(unreachable(self._client, error)) from error
            raise
        return producer

    def retire(self, producer: AIOKafkaProducer, error: BaseException) -> None:
        """`producer` failed: nobody new gets it. A full queue or an unknown topic is no failure of
        the producer's."""
        if isinstance(error, KafkaTimeoutError | UnknownTopicOrPartitionError):
            return
        if self._producer is producer:
            log.warning("a Kafka producer failed and is replaced: %r", error)
            self._release()

    def _release(self) -> None:
        """What is under way in it is still sent; it closes when that has come to an end."""
        if self._producer is not None:
            task = asyncio.create_task(self._producer.stop())
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)
            self._producer = None

    async def stop(self) -> None:
        """Flush within a few seconds, then leave: what is open stays of unknown outcome."""
        self._release()
        if self._retired:
            _, late = await asyncio.wait(self._retired, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()


async def check_partition(producer: AIOKafkaProducer, topic: str, n: int) -> None:
    """Raises Misconfigured where `topic` has no partition n. May raise KafkaError."""
    partitions = await producer.partitions_for(topic)
    if n not in partitions:
        raise Misconfigured(
            f"{topic} has {len(partitions)} partitions, lane {n} needs more.",
            "Give it at least as many partitions as the inputs (loyalty topics check).",
        )


def too_large(topic: str, size: int) -> Misconfigured:
    """A record that will never be taken: by the broker, or by the client before it."""
    remedy = f"Raise max.message.bytes of {topic} (loyalty topics check), then start anew."
    if size > REQUEST_BYTES - _ENVELOPE_BYTES:
        remedy = f"None above {REQUEST_BYTES} bytes is sent: make smaller what it holds."
    return Misconfigured(f"A record of {size} bytes is larger than {topic} accepts.", remedy)
