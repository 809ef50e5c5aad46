"""The faults: each strikes while a batch is under way, and says when, and when it was over."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

from tests.chaos.load import instant
from tests.chaos.site import Site, lose_tail
from tests.chaos.stage import SESSION_SECONDS, Flights, Stage
from worker.points import Point


class Struck(Struct):
    """Seconds since the epoch, and what was under way at the first of them."""

    began: float
    over: float
    flights: Flights


LATE_SECONDS = 1.5
"""A lane that no fault strikes answers sooner."""


class Standstill(AssertionError):
    """A lane stood still that no fault struck."""


class Kind(Struct, frozen=True):
    """`alone`: what no other fault may touch meanwhile. `outage`: workers may fail to start. `of`:
    the only layout that has it. `share`: how often it comes, next to others."""

    name: str
    strike: Callable[[Stage], Awaitable[Struck]]
    alone: str = ""
    outage: bool = False
    of: str = ""
    share: int = 1


DEADLY = (
    Point.EVALUATED,
    Point.APPENDING,
    Point.APPENDED,
    Point.COMMITTING,
    Point.COMMITTED,
    Point.PUBLISHING,
    Point.PUBLISHED,
)


async def kill_worker(stage: Stage) -> Struck:
    worker = stage.pick_worker()
    worker.pause = stage.random.choice((0.0, 0.0, 0.5, 2.0))
    flights = await stage.under_way(worker)
    began = time.time()
    await worker.kill()
    return Struck(began, time.time(), flights)


async def kill_worker_at_point(stage: Stage) -> Struck:
    worker, point = stage.pick_worker(), stage.random.choice(DEADLY)
    worker.pause = stage.random.choice((0.0, 0.0, 0.5))
    await stage.under_way(worker)
    died = await worker.die_at(point, 8)
    return Struck(time.time(), time.time(), {point: 1} if died else {})


async def stop_worker(stage: Stage) -> Struck:
    """A zombie: it stands still for longer than its session, and goes on where it was."""
    worker = stage.pick_worker()
    stage.busy.add(worker)
    try:
        flights = await stage.under_way(worker)
        began = time.time()
        worker.send(signal.SIGSTOP)
        await asyncio.sleep(SESSION_SECONDS + stage.random.uniform(1, 3))
        worker.send(signal.SIGCONT)
        return Struck(began, time.time(), flights)
    finally:
        worker.send(signal.SIGCONT)
        stage.busy.discard(worker)


async def join(stage: Stage) -> Struck:
    """The spare worker joins the group; where it has, it leaves first."""
    spare = stage.crew.spare
    if spare.lives:
        await spare.leave(comes_back=False)
    flights = await stage.under_way()
    began = time.time()
    spare.wanted.set()
    await stage.under_way(spare, 15)
    return Struck(began, time.time(), flights)


async def leave(stage: Stage) -> Struck:
    worker = stage.pick_worker()
    worker.pause = stage.random.uniform(0, 1.5)
    flights = await stage.under_way(worker)
    began = time.time()
    await worker.leave(comes_back=worker is not stage.crew.spare)
    return Struck(began, time.time(), flights)


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
    flights = await stage.under_way()
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


async def repeat_input(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    await stage.send(stage.load.repeats(stage.random.randint(20, 200)))
    return Struck(began, time.time(), flights)


async def send_malformed(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    await stage.send(stage.load.malformed(stage.random.randint(10, 60), instant()))
    return Struck(began, time.time(), flights)


async def send_years_ahead(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    for _ in range(6):
        await stage.send(stage.load.years_ahead(instant()))
    return Struck(began, time.time(), flights)


async def reload_rules(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    stage.reload()
    return Struck(began, time.time(), flights)


async def step_clock(stage: Stage) -> Struck:
    """A worker's clock goes off by up to an hour, and stays so until its next step."""
    worker = stage.pick_worker()
    flights = await stage.under_way(worker)
    began = time.time()
    minutes = stage.random.choice((-60, -5, -0.5, 0, 0.5, 3))
    worker.page.clock_step_us = int(minutes * 60_000_000)
    return Struck(began, time.time(), flights)


PAIR, CLUSTER, ONE, THREE = "pair", "cluster", "one", "three"
"""Of layouts: one Redis and its replica, or a cluster; one broker, or three."""

EVERYTHING = "everything"
"""Nothing else may happen meanwhile."""

KINDS = (
    Kind("worker killed", kill_worker),
    Kind("worker killed at a point", kill_worker_at_point),
    Kind("worker stopped beyond its session", stop_worker),
    Kind("worker joins", join, "join"),
    Kind("worker leaves", leave, "join"),
    Kind("Redis restarted", restart_redis, "redis", True),
    Kind("Redis killed, tail cut", cut_tail, "redis", True),
    Kind("Redis emptied", empty_redis, "redis"),
    Kind("failover to a replica behind", fail_over, "redis", True, PAIR),
    Kind("replies of Redis lost", lose_redis_replies, "redis", True, PAIR),
    Kind("connections to Redis cut", cut_redis, "redis", True, PAIR),
    Kind("Redis slow or silent", slow_redis, "redis", True, PAIR),
    Kind("one master of three down", stop_master, EVERYTHING, True, CLUSTER, 6),
    Kind("Redis out of memory", fill_memory, "redis", True),
    Kind("broker killed", kill_broker, "kafka", True, ONE),
    Kind("one broker of three killed", kill_broker, "kafka", True, THREE, 3),
    Kind("replies of Kafka lost", lose_kafka_replies, "kafka", True),
    Kind("connections to Kafka cut", cut_kafka, "kafka", True),
    Kind("repeated input", repeat_input),
    Kind("malformed input", send_malformed),
    Kind("events years ahead", send_years_ahead),
    Kind("rules reloaded", reload_rules),
    Kind("clock stepped", step_clock),
)


def kinds_of(site: Site) -> list[Kind]:
    """What can happen there."""
    has = {CLUSTER if site.masters else PAIR, THREE if len(site.brokers) > 1 else ONE}
    return [kind for kind in KINDS if not kind.of or kind.of in has]
