"""A consumer is closed to its end, also while a fetch of it waits to be tried again."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import KafkaConnectionError

from worker.kafka.closing import close_consumer


class Client:
    """Whose brokers are away."""

    def __init__(self) -> None:
        self.asked, self.closed = asyncio.Event(), 0

    async def send(self, node: int, request: object) -> None:
        self.asked.set()
        raise KafkaConnectionError("closed")

    async def close(self) -> None:
        self.closed += 1


async def consumer_that_waits() -> AIOKafkaConsumer:
    """The library's own, with one fetch that failed and is to be tried again."""
    client = Client()
    fetcher = Fetcher.__new__(Fetcher)
    fetcher._client, fetcher._retry_backoff, fetcher._fetch_waiters = client, 60.0, set()
    fetcher._preferred_read_replica = {}
    fetcher._fetch_task = asyncio.create_task(asyncio.sleep(60))
    request = SimpleNamespace(topics=[])
    fetch = asyncio.create_task(fetcher._proc_fetch_request(None, 0, request))
    fetcher._pending_tasks = {fetch}
    await client.asked.wait()
    consumer = AIOKafkaConsumer.__new__(AIOKafkaConsumer)
    consumer._closed, consumer._coordinator = False, None
    consumer._fetcher, consumer._client = fetcher, client
    return consumer


async def test_it_is_closed_to_its_end() -> None:
    consumer = await consumer_that_waits()
    await close_consumer(consumer)
    assert consumer._client.closed == 1


async def test_the_library_still_lets_the_cancellation_out() -> None:
    """Once this fails, `worker.kafka.closing` can go."""
    consumer = await consumer_that_waits()
    with pytest.raises(asyncio.CancelledError):
        await consumer.stop()
    assert not consumer._client.closed


async def test_whoever_is_cancelled_hears_it() -> None:
    class Slow:
        async def stop(self) -> None:
            await asyncio.sleep(60)

    closing = asyncio.create_task(close_consumer(Slow()))
    await asyncio.sleep(0)
    closing.cancel()
    with suppress(asyncio.CancelledError):
        await closing
    assert closing.cancelled()


async def test_what_else_goes_wrong_is_told() -> None:
    class Broken:
        async def stop(self) -> None:
            raise KafkaConnectionError("away")

    with pytest.raises(KafkaConnectionError):
        await close_consumer(Broken())
