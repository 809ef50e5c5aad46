"""`loyalty worker` whose event loop takes a beat every millisecond, and tells in the end of those
that came late.

    python -m benchmarks.reload.beating worker
"""

import asyncio
import os
import time
from pathlib import Path

from benchmarks.reload.gaps import BEAT_SECONDS, NOTED_SECONDS, Gap, write_gaps
from worker.cli.main import main

GAPS = "BENCH_RELOAD_GAPS"
"""The variable with the file for them."""


class Beats:
    def __init__(self) -> None:
        self.gaps: list[Gap] = []

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon(self._beat, loop, time.monotonic(), time.process_time())

    def _beat(self, loop: asyncio.AbstractEventLoop, due: float, spent: float) -> None:
        now, cpu = time.monotonic(), time.process_time()
        if now - due > NOTED_SECONDS:
            self.gaps.append(Gap(now, now - due, cpu - spent))
        loop.call_later(BEAT_SECONDS, self._beat, loop, now + BEAT_SECONDS, cpu)


class BeatingLoops(asyncio.DefaultEventLoopPolicy):
    """Every loop of the process beats."""

    def __init__(self, beats: Beats) -> None:
        super().__init__()
        self._beats = beats

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()
        self._beats.start(loop)
        return loop


if __name__ == "__main__":
    beats = Beats()
    asyncio.set_event_loop_policy(BeatingLoops(beats))
    try:
        main()
    finally:
        write_gaps(Path(os.environ[GAPS]), beats.gaps)
