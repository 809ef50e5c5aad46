"""The end of a consumer.

A fetch that failed waits a moment before it is tried again; aiokafka's `stop` cancels it there,
lets that cancellation out as if the caller had been cancelled, and leaves the connections open. A
lane, or the watch over the rules, would end by it without a word, and just while a broker is away.
`tests/unit/kafka/test_closing.py` shows the fault in the library and tells when it is gone.
"""

import asyncio

from aiokafka import AIOKafkaConsumer


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """`consumer.stop()`, to its end. Raises CancelledError only where the caller is cancelled."""
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        await asyncio.wait([stopping])
    except asyncio.CancelledError:
        stopping.cancel()
        raise
    if stopping.cancelled():
        await consumer._client.close()
    else:
        stopping.result()
