"""`loyalty demo` as a stranger runs it: totals recomputed from the traffic by the pure engine."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from tests.unit.demo.recount import recount
from worker.demo.traffic import traffic

LOYALTY = Path(sys.executable).with_name("loyalty")
PATIENCE = 300.0
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LOYALTY, "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(("events", "seed"), [(2000, 1), (700, 23)])
def test_totals_are_those_of_the_pure_engine(events: int, seed: int) -> None:
    ended = demo("--events", str(events), "--seed", str(seed), "--format", "json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == recount(traffic(seed, events)).summary()
    assert ended.stderr == ""


def test_the_table_of_totals_is_all_that_a_pipe_sees() -> None:
    ended = demo("--events", "700")
    assert ended.returncode == 0, ended.stderr
    expected = recount(traffic(1, 700)).summary()
    for part in ("commands", "deadLetters"):
        counts = expected[part]
        assert isinstance(counts, dict)
        for name, count in counts.items():
            assert re.search(rf"{name} +│ +{count} │", ended.stdout), name
    assert re.search(r"events +│ +700 │", ended.stdout)
    assert ended.stdout.lstrip().startswith("loyalty demo")
    assert re.fullmatch(r"health: http://\S+/   metrics: http://\S+/metrics\n", ended.stderr)


def test_own_rules_decide(tmp_path: Path) -> None:
    rules = tmp_path / "mine.yaml"
    rules.write_text(
        """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - id: hello
    trigger: VISIT_STARTED
    actions: [{type: ASSIGN_GROUP, groupId: seen}]
"""
    )
    ended = demo("--events", "300", "--rules", str(rules), "--format", "json")
    assert ended.returncode == 0, ended.stderr
    visits = [r for r in traffic(1, 300) if b'"VISIT_STARTED"' in r.value]
    assert json.loads(ended.stdout)["commands"] == {"ASSIGN_GROUP": len(set(visits))}


def test_refused_rules_are_said_without_a_traceback(tmp_path: Path) -> None:
    rules = tmp_path / "mine.yaml"
    rules.write_text("organizationId: izi\nversion: 1\ntimeZone: Mars/Olympus\ncurrency: RUB\n")
    ended = demo("--events", "10", "--rules", str(rules), "--format", "json")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "Mars/Olympus" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_named_and_no_totals_are_shown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = demo("--events", "10", "--format", "json", "--http-port", port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_a_terminal_sees_a_live_view_and_ctrl_c_ends_it_well() -> None:
    terminal = Terminal([LOYALTY, "demo"])
    try:
        seen = await terminal.until(r"ADD_BONUS +\d")
        address = re.search(r"health (http://127\.0\.0\.1:\d+)/", seen)
        assert address is not None
        pages = await _pages(address[1])
        terminal.process.send_signal(signal.SIGINT)
        rest = await terminal.until(r"events +│ +[\d,]+ │")
        code = await asyncio.to_thread(terminal.process.wait, PATIENCE)
    finally:
        terminal.close()
    assert set(pages.values()) == {200}
    assert code == 0
    assert "last credits" in seen
    assert "Traceback" not in rest


class Terminal:
    """A command on a pseudo-terminal, and what it wrote there without the escapes."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._own, theirs = pty.openpty()
        tty.setraw(theirs)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)
        self._written = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while part := os.read(self._own, 65_536):
                self._written += part

    async def until(self, pattern: str) -> str:
        """Everything written so far, once the pattern is in it."""
        for _ in range(int(PATIENCE * 10)):
            text = ESCAPES.sub(b"", self._written).decode(errors="replace")
            if re.search(pattern, text):
                return text
            await asyncio.sleep(0.1)
        raise AssertionError(f"{pattern} did not come, but:\n{text[-2000:]}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        os.close(self._own)


async def _pages(address: str) -> dict[str, int]:
    """Statuses once the worker says that it is ready, which it does soon after its first batch."""
    paths = ("/health/ready", "/health/live", "/health/startup", "/metrics", "/")
    async with aiohttp.ClientSession(address) as session:
        for _ in range(100):
            if await _status(session, "/health/ready") == 200:
                break
            await asyncio.sleep(0.2)
        return {path: await _status(session, path) for path in paths}


async def _status(session: aiohttp.ClientSession, path: str) -> int:
    async with session.get(path) as answer:
        return answer.status
