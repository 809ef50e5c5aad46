"""`loyalty demo`: broker, sample traffic and worker in one process.

1. Show the first view; what takes long to import comes after it.
2. Start the embedded broker with every topic of the worker.
3. Build the worker as in production, over tables in memory, and start it.
4. Send the traffic, never far ahead of a lane; what is published is counted.
5. End when everything that was sent is through, when asked to (Ctrl-C, SIGTERM), when the worker
   failed, or when nothing moves any more. The worker finishes its batches; the totals are shown.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct
from rich.console import Console
from rich.live import Live

from config.logging import configure_logging
from worker.demo.broker import FETCH_MAX_WAIT_MS
from worker.demo.console import Speed, View, screen, totals_table
from worker.demo.embedded import PARTITIONS, embedded_broker, rules_directory, settings_for
from worker.demo.feeder import Feeder
from worker.demo.notices import keep_notices
from worker.demo.totals import Totals
from worker.demo.traffic import traffic
from worker.errors import LoudStop
from worker.rules.prover import ProverHere

REFRESH_SECONDS = 0.25
LIVE_RATE = 300.0
"""Records a second where no number of events was asked for: enough to watch."""
STALLED_AFTER = 60.0
"""Seconds without a batch while records wait."""


class Options(Struct, frozen=True):
    """`events` None: without end. `rules`: a file or a directory; None: the sample set."""

    events: int | None = None
    seed: int = 1
    rules: Path | None = None
    format: Literal["table", "json"] = "table"
    http_port: int = 0


def run(
    events: int | None = None,
    seed: int = 1,
    rules: Path | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002 - the name of the option
    http_port: int = 0,
) -> int:
    """The exit code. Results go to standard output, everything else to standard error.

    Raises LoudStop where the demo cannot run or its worker had to stop.
    """
    options = Options(events, seed, rules, format, http_port)
    live = format == "table" and sys.stdout.isatty()
    demo = _Demo(options)
    with _shown(demo) if live else _quiet():
        asyncio.run(demo.run())
    if format == "json":
        print(json.dumps(demo.totals.summary()))
    else:
        Console().print(totals_table(demo.totals, demo.view.seconds))
    return 0


class _Demo:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.totals = Totals()
        self.view = View(self.totals, options.events)
        self.live: Live | None = None
        self._speed = Speed()
        self._began = 0.0
        self._stop = asyncio.Event()
        self._failed = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stop.set)
        with embedded_broker() as broker, rules_directory(self.options.rules) as directory:  # 2
            settings = settings_for(broker.bootstrap_servers, directory, self.options.http_port)
            topics = {c: settings.topic(c) for c in ("TOPUPS", "VISITS", "PAYMENTS")}
            rate = LIVE_RATE if self.options.events is None else None
            feeder = Feeder(broker.bootstrap_servers, topics, PARTITIONS, self.totals, rate)
            from worker.app import Parts, build

            parts = Parts(
                prover=ProverHere(),
                listener=self.totals.batch_published,
                fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            )
            worker = build(settings, PARTITIONS, lambda _: self._failed.set(), parts=parts)  # 3
            await worker.app.start()
            try:
                self._announce(worker.web.address)
                await self._until_over(feeder)
            finally:
                self.view.state = "stopping"
                await worker.app.stop()
        if worker.failure is not None:
            raise _as_loud_stop(worker.failure)

    def _announce(self, address: str) -> None:
        if self._failed.is_set():
            return
        self.view.address, self.view.state = address, "running"
        if self.live is None and self.options.format == "table":
            print(f"health: {address}/   metrics: {address}/metrics", file=sys.stderr)

    async def _until_over(self, feeder: Feeder) -> None:
        """Steps 4 and 5. The first of the ends wins; what goes on then is cancelled."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        work = asyncio.create_task(self._work(feeder))
        others = [
            asyncio.create_task(self._stop.wait()),
            asyncio.create_task(self._failed.wait()),
            asyncio.create_task(self._watch(feeder)),
        ]
        done, running = await asyncio.wait([work, *others], return_when=asyncio.FIRST_COMPLETED)
        self.view.seconds = loop.time() - self._began
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for task in done:
            task.result()

    async def _work(self, feeder: Feeder) -> None:
        await feeder.feed(traffic(self.options.seed, self.options.events, until=datetime.now(UTC)))
        while self.totals.events < feeder.sent.total():
            self.totals.moved.clear()
            await self.totals.moved.wait()

    async def _watch(self, feeder: Feeder) -> None:
        """Refresh the view; raise where nothing moves any more."""
        loop = asyncio.get_running_loop()
        moved_at = self._began
        seen = 0
        while True:
            now, events = loop.time(), self.totals.events
            if events != seen or feeder.sent.total() == events:
                seen, moved_at = events, now
            if now - moved_at > STALLED_AFTER:
                raise LoudStop(
                    f"Nothing moved for {STALLED_AFTER:g} s, and {feeder.sent.total() - events} "
                    "records wait.",
                    "Run it again; if it stands still again, report it with its warnings.",
                )
            self.view.seconds = now - self._began
            self.view.speed = self._speed.mark(now, events)
            self.view.waiting = feeder.sent - self.totals.lanes
            if self.live is not None:
                self.live.update(screen(self.view), refresh=True)
            await asyncio.sleep(REFRESH_SECONDS)


@contextmanager
def _shown(demo: _Demo) -> Iterator[None]:
    """The console, from the first moment on; it leaves no trace but the totals."""
    demo.view.notices = keep_notices().lines
    with Live(screen(demo.view), auto_refresh=False, transient=True) as live:  # 1
        demo.live = live
        live.refresh()
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    configure_logging("WARNING", "console")
    yield


def _as_loud_stop(failure: BaseException) -> LoudStop:
    if isinstance(failure, LoudStop):
        return failure
    return LoudStop(
        f"The demo's worker failed: {type(failure).__name__}: {failure}.",
        "Run it again; if it fails again, report it with this line.",
    )
