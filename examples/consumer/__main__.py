"""`python -m examples.consumer crm|push`: run a reader against a Kafka of yours.

KAFKA=127.0.0.1:9092 LEDGER=crm.db python -m examples.consumer crm
KAFKA=127.0.0.1:9092 REDIS=redis://127.0.0.1:6379 python -m examples.consumer push
"""

import asyncio
import logging
import os
import signal
import sys

from aiokafka import AIOKafkaConsumer
from redis.asyncio import Redis

from examples.consumer import crm, push_gateway
from examples.consumer.commands import Command
from examples.consumer.reader import Effects, Reader


async def read(topics: tuple[str, ...], group: str, effects: Effects) -> None:
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=os.environ.get("KAFKA", "127.0.0.1:9092"),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    reader = Reader(consumer, effects)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, reader.stop)
    await consumer.start()
    try:
        await reader.run()
    finally:
        await consumer.stop()


async def show(command: Command) -> None:
    """Stands where the call to your push provider will be."""
    print(f"{command.client_id}: {command.body['title']} | {command.body['body']}")


async def main(which: str) -> None:
    if which == "crm":
        ledger = crm.Ledger(os.environ.get("LEDGER", "crm.db"))
        await read(crm.TOPICS, "crm", ledger)
        ledger.close()
    else:
        redis = Redis.from_url(os.environ.get("REDIS", "redis://127.0.0.1:6379"))
        await read(push_gateway.TOPICS, "push-gateway", push_gateway.Pushes(redis, show))
        await redis.aclose()


if __name__ == "__main__":
    if sys.argv[1:] not in (["crm"], ["push"]):
        sys.exit("usage: python -m examples.consumer crm|push")
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(sys.argv[1]))
