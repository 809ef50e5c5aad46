"""The workers of a fault run: each comes back when it ends, whatever ended it."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType

from tests.chaos.nursery import NotReached, Nursery
from tests.chaos.page import Page
from worker.lane.points import Point

KILLED = int(signal.SIGKILL)
FAILED = 1 << 8
"""Exit code 1: what it depends on is away."""
FOR_EVER = 1e9


class Unexpected(AssertionError):
    """A worker ended that nobody ended."""


def state_of(process: int) -> str:
    """By the kernel: T is stopped. Empty: there is no such process."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return ""
    return stat.rsplit(")", 1)[1].split()[0]


class Worker:
    """One place in the group. `pause`: seconds until whoever died here has an heir. `is_out`: may a
    worker fail, because a server that it needs is away, or was until just now?"""

    def __init__(
        self, name: str, nursery: Nursery, page: Page, log: Path, is_out: Callable[[], bool]
    ) -> None:
        self.name, self.page, self.log, self._is_out = name, page, log, is_out
        self.pause = 0.0
        self.pid: int | None = None
        self.wanted = asyncio.Event()
        self.unexpected: list[str] = []
        self.failed = 0
        self._nursery = nursery
        self._ended = asyncio.Event()
        self._may_end: set[int] = set()

    async def live(self) -> None:
        """Life after life."""
        while True:
            await self.wanted.wait()
            self._ended.clear()
            self._may_end.clear()
            self.pid = await self._nursery.start(None)
            status = await self._nursery.ended(FOR_EVER)
            self.pid = None
            self.page.nobody()
            if status == FAILED and self._is_out():
                self.failed += 1
            elif status not in self._may_end:
                told = self.log.read_text(errors="replace")[-3000:]
                self.unexpected.append(f"worker {self.name} ended with status {status}:\n{told}")
            self._ended.set()
            await asyncio.sleep(self.pause)

    @property
    def lives(self) -> bool:
        return self.pid is not None

    @property
    def is_as_wanted(self) -> bool:
        """At work, or gone for good."""
        if self.wanted.is_set():
            return self.lives and self.page.has_owned
        return not self.lives

    def send(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def kill(self) -> None:
        self._may_end.add(KILLED)
        self.send(signal.SIGKILL)
        await self._ended.wait()

    async def die_at(self, point: Point, seconds: float) -> bool:
        """Did it come to the point, and die there?"""
        self._may_end.add(KILLED)
        self.page.order(point, signal.SIGKILL)
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            self.page.withdraw()
            return not self.lives
        return True

    async def stop_at(self, point: Point, seconds: float) -> bool:
        """Did it come to the point, and stand still there?"""
        self.page.order(point, signal.SIGSTOP)
        for _ in range(int(seconds * 100)):
            if self.pid is not None and state_of(self.pid) == "T":
                return True
            await asyncio.sleep(0.01)
        self.page.withdraw()
        return False

    async def leave(self, *, comes_back: bool) -> None:
        """SIGTERM, and the end of its batches; raises TimeoutError after twenty seconds. Whoever
        owned nothing yet may be too young to hear of it, and dies."""
        if not comes_back:
            self.wanted.clear()
        self._may_end.add(0)
        if not self.page.has_owned:
            self._may_end.add(int(signal.SIGTERM))
        self.send(signal.SIGTERM)
        async with asyncio.timeout(20):
            await self._ended.wait()


class Crew:
    """`async with Crew(environment, directory, is_out) as crew:` three at work and a spare one."""

    def __init__(
        self,
        environment: Mapping[str, str],
        directory: Path,
        is_out: Callable[[], bool],
        size: int = 3,
    ) -> None:
        self._environment, self._directory = dict(environment), directory
        self._is_out, self._size = is_out, size
        self.workers: list[Worker] = []
        self._stack = AsyncExitStack()
        self._lives: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Crew":
        for number in range(self._size + 1):
            page = Page(self._directory / f"page-{number}")
            own = {"CHAOS_PAGE": str(page.path), "LOYALTY_HTTP_PORT": "0"}
            if number < 2:  # these two are static members, the others are not
                own["LOYALTY_KAFKA_GROUP_INSTANCE_ID"] = f"w{number}"
            log = self._directory / f"worker-{number}.log"
            nursery = Nursery({**self._environment, **own}, log)
            await self._stack.enter_async_context(nursery)
            self.workers.append(Worker(f"w{number}", nursery, page, log, self._is_out))
        for worker in self.workers:
            self._lives.append(asyncio.create_task(worker.live()))
        for worker in self.workers[: self._size]:
            worker.wanted.set()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for life in self._lives:
            life.cancel()
        results = await asyncio.gather(*self._lives, return_exceptions=True)
        for worker in self.workers:
            worker.send(signal.SIGCONT)
        await self._stack.aclose()
        for result in results:
            if isinstance(result, NotReached):
                raise result

    @property
    def spare(self) -> Worker:
        return self.workers[-1]

    @property
    def alive(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.lives]

    def flights(self) -> dict[Point, int]:
        """Batches under way in all workers, by the point that they passed last."""
        total: dict[Point, int] = {}
        for worker in self.workers:
            for point, count in worker.page.flights().items():
                total[point] = total.get(point, 0) + count
        return total

    def set_clocks_right(self) -> None:
        for worker in self.workers:
            worker.page.clock_step_us = 0

    async def stop(self) -> None:
        """All of them at once, in good order. Raises Unexpected where one had ended by itself, or
        does not stop."""
        for worker in self.workers:
            worker.send(signal.SIGCONT)
        await asyncio.gather(*(worker.leave(comes_back=False) for worker in self.alive))
        told = [line for worker in self.workers for line in worker.unexpected]
        if told:
            raise Unexpected("\n".join(told))
