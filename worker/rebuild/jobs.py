"""Several processes, each with its share of the lanes: a rebuild is bound by the processor, and
lanes know nothing of each other."""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from signal import Signals

from msgspec import MsgspecError

from worker.rebuild.news import (
    Failed,
    News,
    Order,
    Rebuilt,
    Share,
    Tell,
    decode_news,
    encode,
)

JOB = (sys.executable, "-m", "worker.rebuild.job")


def processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def divide(shares: Sequence[Share], jobs: int) -> list[list[Share]]:
    """At most so many parts, none of them empty, with about equally many records: the largest lanes
    first, each to whoever has least."""
    parts: list[list[Share]] = [[] for _ in range(min(jobs, len(shares)))]
    for share in sorted(shares, key=lambda each: (-each.records, each.lane)):
        min(parts, key=lambda part: sum(each.records for each in part)).append(share)
    return [sorted(part, key=lambda each: each.lane) for part in parts]


async def run_jobs(orders: Sequence[Order], tell: Tell) -> None:
    """Each lane ends in `Rebuilt` or `Failed`, also where its process falls. Cancelled, all
    processes are gone when this returns."""
    async with asyncio.TaskGroup() as group:
        for order in orders:
            group.create_task(_run(order, tell))


async def _run(order: Order, tell: Tell) -> None:
    open_lanes = {share.lane for share in order.shares}

    def heard(news: News) -> None:
        if isinstance(news, Rebuilt | Failed):
            open_lanes.discard(news.lane)
        tell(news)

    try:
        ended = _ended(await _carried_out(order, heard))
    except OSError as error:
        ended = f"cannot be started: {error}"
    except MsgspecError as error:
        ended = f"said what is no news ({error}) and was ended"
    for lane in sorted(open_lanes):
        tell(Failed(lane, f"The process for it {ended}."))


async def _carried_out(order: Order, heard: Tell) -> int:
    """The exit code of the process. Raises OSError where it cannot be started, MsgspecError where
    it says what is no news."""
    process = await asyncio.create_subprocess_exec(
        *JOB,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the command alone, which ends its jobs
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(ConnectionError):  # it fell: its end tells
            process.stdin.write(encode(order) + b"\n")
            await process.stdin.drain()
        async for line in process.stdout:
            heard(decode_news(line))
        return await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())


def _ended(status: int) -> str:
    if status >= 0:
        return f"ended with code {status} before it was through"
    return f"was ended by signal {-status} ({Signals(-status).name})"
