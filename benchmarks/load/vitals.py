"""What a worker holds: memory, descriptors, threads (as the kernel says), tasks, objects and blocks
of memory (as the worker itself says, see `watched`)."""

import json
import os
import signal
import time
from pathlib import Path

from msgspec import Struct

from benchmarks.harness.errors import ContenderFailed

ASK = signal.SIGRTMIN
"""Faust takes SIGUSR1 and SIGUSR2 for itself."""
COUNTS = "BENCH_LOAD_COUNTS"
"""The variable with the file that a watched worker writes on `ASK`."""
ANSWER_SECONDS = 10.0
PROC = Path("/proc")


class Vitals(Struct, frozen=True):
    """`objects`: those that Python's garbage collector tracks; `blocks`: all that Python allocated,
    such as texts and numbers."""

    rss_mb: float
    redis_mb: float
    tasks: int
    objects: int
    blocks: int
    descriptors: int
    threads: int


class Counts(Struct, frozen=True):
    tasks: int
    objects: int
    blocks: int


def look(pid: int, counts: Path, redis_bytes: int) -> Vitals:
    """At a watched worker. Raises ContenderFailed where it does not answer."""
    asked = _ask(pid, counts)
    return Vitals(
        rss_mb=_status_mb(pid, "VmRSS"),
        redis_mb=redis_bytes / 2**20,
        tasks=asked.tasks,
        objects=asked.objects,
        blocks=asked.blocks,
        descriptors=len(os.listdir(PROC / str(pid) / "fd")),
        threads=len(os.listdir(PROC / str(pid) / "task")),
    )


def peak_mb(pid: int) -> float:
    """The most memory that a process ever had resident."""
    return _status_mb(pid, "VmHWM")


def _status_mb(pid: int, name: str) -> float:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def _ask(pid: int, counts: Path) -> Counts:
    counts.unlink(missing_ok=True)
    os.kill(pid, ASK)
    until = time.monotonic() + ANSWER_SECONDS
    while not counts.exists():
        if time.monotonic() > until:
            raise ContenderFailed("the worker does not say what it holds: its loop is stuck")
        time.sleep(0.01)
    return Counts(**json.loads(counts.read_text()))
