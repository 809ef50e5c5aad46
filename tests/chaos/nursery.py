"""Workers of the chaos entry point, one after the other, in next to no time each."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType

import msgspec

from tests.chaos.deadly import Order

PATIENCE = 60.0
"""Seconds in which a worker comes to any point, also on a machine that has other things to do."""
PAUSE = 2.0


class NotReached(AssertionError):
    """A worker lives on: what it was ordered to die at did not come. Carries the log's end."""


class Nursery:
    """`async with Nursery(environment, log) as nursery:`"""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment, self._log = dict(environment), log
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "Nursery":
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.chaos.worker"),
                env={**os.environ, **self._environment},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def start(self, order: Order | None) -> int:
        """The process id of a worker with this order."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        return await self._answer(PATIENCE)

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Its wait status. Raises NotReached where it goes on living."""
        return await self._answer(seconds)

    async def die(self, order: Order, keep_busy: Callable[[], Awaitable[object]]) -> None:
        """A worker starts, and is killed where it was ordered to be. `keep_busy`: sends a few
        events; called now and then, so that no point waits in vain for a batch to be at."""
        try:
            await self.start(order)
            status = await self._ended_busy(keep_busy)
        except NotReached as error:
            raise NotReached(f"{order}: it lives on:\n{error}") from error
        if status != signal.SIGKILL:
            raise NotReached(f"{order}: it ended with status {status}:\n{self._tail()}")

    async def _ended_busy(self, keep_busy: Callable[[], Awaitable[object]]) -> int:
        assert self._process is not None
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return await self.ended(PAUSE)
            except NotReached:
                if self._process.returncode is not None or time.monotonic() > until:
                    raise
            await keep_busy()

    async def _answer(self, seconds: float) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                return int(await self._process.stdout.readline())
        except (TimeoutError, ValueError) as error:
            raise NotReached(self._tail()) from error

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]
