"""The production worker as a process: what it waits for, how it starts, which code it ends with."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Coroutine
from typing import Any

from config.settings import Settings
from worker.app import PRODUCTION, Parts, build
from worker.errors import LoudStop
from worker.faust_app import run_app
from worker.process.allocator import give_back_large_blocks
from worker.process.garbage import collect_rarely
from worker.process.turns import take_short_turns
from worker.start import preflight

log = logging.getLogger(__name__)


def run(settings: Settings, *, stale_outputs: str = "stop", parts: Parts = PRODUCTION) -> int:
    """The production worker until SIGTERM (0) or until it had to stop (1)."""
    give_back_large_blocks()
    try:
        partitions = asyncio.run(_until_signal(preflight(settings)))
    except LoudStop as stop:
        log.critical("%s", stop)
        return 1
    if partitions is None:
        log.info("stopped before the start: nothing was consumed")
        return 0
    collect_rarely()
    take_short_turns()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def on_failure(_: BaseException) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    worker = build(settings, partitions, on_failure, parts=parts, stale_outputs=stale_outputs)
    crashed = run_app(worker.app, loop)
    gc.freeze()  # the interpreter need not look for garbage among everything before it ends
    return 1 if crashed or worker.failure is not None else 0


async def _until_signal(work: Coroutine[Any, Any, int]) -> int | None:
    """Its result; None after SIGTERM or SIGINT, which Faust takes only from the start on."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel)
    await asyncio.wait([task])
    return None if task.cancelled() else task.result()
