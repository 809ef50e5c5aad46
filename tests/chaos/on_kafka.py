"""Faults that strike brokers, or the way to them."""

import asyncio
import time

from tests.chaos.stage import Stage, Struck


async def kill_broker(stage: Stage) -> Struck:
    broker = stage.random.choice(stage.site.brokers)
    flights = await stage.under_way()
    began = time.time()
    await asyncio.to_thread(broker.kill)
    await asyncio.sleep(stage.random.uniform(0, 1.5))
    await asyncio.to_thread(broker.start)
    return Struck(began, time.time(), flights)


async def lose_kafka_replies(stage: Stage) -> Struck:
    """Appends, publications and fetches of unknown outcome."""
    proxy = stage.random.choice(stage.site.broker_proxies)
    flights = await stage.under_way()
    began = time.time()
    lost = await proxy.lose(stage.random.randint(1, 6), 5)
    return Struck(began, time.time(), flights if lost else {})


async def cut_kafka(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    for proxy in stage.site.broker_proxies:
        proxy.cut()
    return Struck(began, time.time(), flights)
