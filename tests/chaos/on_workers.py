"""Faults that strike one worker."""

import asyncio
import signal
import time

from tests.chaos.stage import SESSION_SECONDS, Stage, Struck
from worker.lane.points import Point

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
    """A zombie: it stands still for longer than its session, and goes on where it was: anywhere, or
    just before it appends, commits or publishes."""
    worker = stage.pick_worker()
    stage.busy.add(worker)
    try:
        flights = await stage.under_way(worker)
        if stage.random.random() < 0.6:
            point = stage.random.choice(DEADLY)
            flights = {point: 1} if await worker.stop_at(point, 8) else {}
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


async def step_clock(stage: Stage) -> Struck:
    """A worker's clock goes off by up to an hour, and stays so until its next step."""
    worker = stage.pick_worker()
    flights = await stage.under_way(worker)
    began = time.time()
    minutes = stage.random.choice((-60, -5, -0.5, 0, 0.5, 3))
    worker.page.clock_step_us = int(minutes * 60_000_000)
    return Struck(began, time.time(), flights)
