"""A server as a child process that never outlives its parent."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

DEADLINE_SECONDS = 120.0


class PartMissing(RuntimeError):
    """The machine lacks what a part needs; the message says what to install."""


class PartFailed(RuntimeError):
    """A server did not come up; the message ends with the tail of its log."""


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Does anyone accept connections on this loopback port?"""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False


class Server:
    """One server process. `command` is run as it stands; output goes to `log`.

    A shell beside it waits on a pipe that only this process holds open, and kills the server when
    the pipe closes: a crashed or killed owner leaves nothing behind.
    """

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.command, self.log, self.env = list(command), log, env
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PartFailed(f"{self.command[0]} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, ready: Callable[[], bool]) -> None:
        """Returns when `ready` says so; PartFailed where it does not within a minute."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if self.env is None else {**os.environ, **self.env},
                start_new_session=True,
            )
        self._leash = subprocess.Popen(
            ["sh", "-c", f"cat >/dev/null; kill -9 {self._process.pid} 2>/dev/null"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        until = time.monotonic() + DEADLINE_SECONDS
        while not ready():
            if not self.running or time.monotonic() > until:
                self.kill()
                raise PartFailed(f"{self.command[0]} did not come up:\n{self.log_tail()}")
            time.sleep(0.05)

    def log_tail(self, characters: int = 3000) -> str:
        return self.log.read_text(errors="replace")[-characters:]

    def send_signal(self, number: signal.Signals) -> None:
        """SIGSTOP makes a zombie of it, SIGCONT wakes it up."""
        os.kill(self.pid, number)

    def stop(self, grace_seconds: float = 20.0) -> None:
        """SIGTERM, then SIGKILL."""
        self._end(signal.SIGTERM, grace_seconds)

    def kill(self) -> None:
        """SIGKILL: what was not yet handed to the kernel is lost."""
        self._end(signal.SIGKILL, 10.0)

    def _end(self, number: signal.Signals, grace_seconds: float) -> None:
        if self._process is None:
            return
        if self.running:
            self.send_signal(number)
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10.0)
        self._process = None
        self._unleash()

    def _unleash(self) -> None:
        if self._leash is not None:
            self._leash.kill()
            self._leash.wait(10.0)
            if self._leash.stdin is not None:
                self._leash.stdin.close()
            self._leash = None
