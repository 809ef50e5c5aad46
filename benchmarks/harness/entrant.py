"""A contender in a scenario: its site, its process and its output."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.harness.contenders import Contender, Site
from benchmarks.harness.cpu import Cpu, CpuMeter
from benchmarks.harness.errors import ContenderFailed
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.topics import OutputWatch

STOP_SECONDS = 30.0
SETTINGS_OF_OTHERS = ("BENCH_", "LOYALTY_", "FAUST_", "Quix__")
ROOT = Path(__file__).resolve().parents[2]


class Entrant(Struct, frozen=True):
    """One contender with everything that it keeps between runs: its group, its state, its
    topics. `directory` in the site holds its log, `worker.log`."""

    contender: Contender
    site: Site
    inputs: Inputs
    meter: CpuMeter

    @property
    def name(self) -> str:
        return self.contender.name

    @contextmanager
    def running(self) -> Iterator["WorkerProcess"]:
        """Starts the process; ends it by SIGTERM, so that it commits where it stands."""
        worker = self.start()
        try:
            yield worker
        finally:
            worker.stop()

    def start(self) -> "WorkerProcess":
        """For a caller that stops it."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(SETTINGS_OF_OTHERS)
        }
        with (self.site.directory / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                self.contender.command_line(self.site),
                env={
                    **environment,
                    **self.contender.environment(self.site),
                    "PYTHONPATH": str(ROOT),
                },
                cwd=self.site.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return WorkerProcess(self, process)

    @asynccontextmanager
    async def output(self) -> AsyncIterator[OutputWatch]:
        async with OutputWatch(self.site.bootstrap, self.site.commands) as watch:
            yield watch


class WorkerProcess:
    """The running process of an entrant."""

    def __init__(self, entrant: Entrant, process: subprocess.Popen[bytes]) -> None:
        self._entrant, self._process = entrant, process

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu(self) -> Cpu:
        self.check()
        return self._entrant.meter.read(self._process.pid)

    def check(self) -> None:
        """Raises ContenderFailed where it has ended by itself."""
        status = self._process.poll()
        if status is not None:
            raise ContenderFailed(f"{self._entrant.name} ended with {status}:\n{self.log_tail()}")

    def stuck(self, progress: str) -> ContenderFailed:
        return ContenderFailed(
            f"{self._entrant.name} stands still ({progress}):\n{self.log_tail()}"
        )

    def log_tail(self) -> str:
        log = self._entrant.site.directory / "worker.log"
        return log.read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """SIGTERM; SIGKILL where that does not end it in `STOP_SECONDS`."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
