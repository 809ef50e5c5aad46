"""Faults that strike Redis, or the way to it."""

import asyncio
import time

from tests.chaos.site import lose_tail
from tests.chaos.stage import NothingUnderWay, Stage, Standstill, Struck

LATE_SECONDS = 1.5
"""A lane that no fault strikes answers sooner."""


async def restart_redis(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    await asyncio.to_thread(stage.site.pick_redis(stage.random).restart)
    return Struck(began, time.time(), flights)


async def cut_tail(stage: Stage) -> Struck:
    """Redis dies and comes back without its latest writes."""
    flights = await stage.under_way()
    began = time.time()
    count = stage.random.choice((300, 3_000, 30_000, 200_000))
    await asyncio.to_thread(lose_tail, stage.site.pick_redis(stage.random), count)
    return Struck(began, time.time(), flights)


async def empty_redis(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    await asyncio.to_thread(stage.site.pick_redis(stage.random).cli, "FLUSHALL")
    return Struck(began, time.time(), flights)


async def fail_over(stage: Stage) -> Struck:
    """The replica that takes over has not heard of the latest writes."""
    site = stage.site
    if not await site.replica_is_up():
        return Struck(time.time(), time.time(), {})
    await asyncio.to_thread(site.replica.cli, "REPLICAOF", "NO", "ONE")
    await asyncio.sleep(stage.random.uniform(0, 0.6))
    try:
        flights = await stage.under_way()
    except NothingUnderWay:
        await asyncio.to_thread(site.follow)
        raise
    began = time.time()
    await site.fail_over()
    over = time.time()
    await site.renew_replica()
    return Struck(began, over, flights)


async def lose_redis_replies(stage: Stage) -> Struck:
    """Commits of unknown outcome."""
    proxy = stage.site.redis_proxy
    flights = await stage.under_way()
    began = time.time()
    lost = await proxy.lose(stage.random.randint(1, 6), 5)
    return Struck(began, time.time(), flights if lost else {})


async def cut_redis(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    stage.site.redis_proxy.cut()
    return Struck(began, time.time(), flights)


async def slow_redis(stage: Stage) -> Struck:
    """Every reply is late; in a third of the cases there are none at all for a while."""
    proxy, random = stage.site.redis_proxy, stage.random
    flights = await stage.under_way()
    began = time.time()
    if random.random() < 0.33:
        proxy.silent = True
    else:
        proxy.delay_seconds = random.choice((0.02, 0.1, 0.4))
    await asyncio.sleep(random.uniform(0.5, 3))
    was_silent, proxy.silent, proxy.delay_seconds = proxy.silent, False, 0.0
    if was_silent:
        proxy.cut()
    return Struck(began, time.time(), flights)


async def fill_memory(stage: Stage) -> Struck:
    """Redis refuses every write."""
    redis = stage.site.pick_redis(stage.random)
    flights = await stage.under_way()
    began = time.time()
    await asyncio.to_thread(redis.cli, "CONFIG", "SET", "maxmemory", "1mb")
    await asyncio.sleep(stage.random.uniform(0.5, 3))
    await asyncio.to_thread(redis.cli, "CONFIG", "SET", "maxmemory", "0")
    return Struck(began, time.time(), flights)


async def stop_master(stage: Stage) -> Struck:
    """One of the cluster's masters is away; the lanes of the others go on meanwhile. Raises
    Standstill where one of them does not."""
    down = stage.random.choice(stage.site.masters)
    flights = await stage.under_way()
    elsewhere = stage.lanes_elsewhere(down)
    began = time.time()
    await asyncio.to_thread(down.kill)
    await asyncio.sleep(stage.random.uniform(2, 5))
    behind = {n for n, at in stage.pulse.latest.items() if at < time.time() - LATE_SECONDS}
    await asyncio.to_thread(down.start)
    if stood := sorted(behind & elsewhere):
        raise Standstill(f"lanes {stood} waited for a master that is not theirs")
    return Struck(began, time.time(), flights)
