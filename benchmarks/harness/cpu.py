"""CPU seconds of processes, as the kernel counts them in /proc (Linux)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.parts.redis import RedisServer

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU since the processes began. `machine`: of everything on this machine;
    `harness`: of the process that measures."""

    worker: float
    broker: float
    redis: float
    harness: float
    machine: float

    def __sub__(self, earlier: "Cpu") -> "Cpu":
        return Cpu(
            self.worker - earlier.worker,
            self.broker - earlier.broker,
            self.redis - earlier.redis,
            self.harness - earlier.harness,
            self.machine - earlier.machine,
        )

    @property
    def others(self) -> float:
        """What runs here beside the benchmark."""
        return max(0.0, self.machine - self.worker - self.broker - self.redis - self.harness)


class CpuMeter:
    """Reads what broker, Redis and one worker with its children have used."""

    def __init__(self, broker_pid: int, redis_pid: int) -> None:
        self._broker, self._redis = broker_pid, redis_pid

    def read(self, worker_pid: int) -> Cpu:
        return Cpu(
            worker=sum(_seconds(pid) for pid in _tree(worker_pid)),
            broker=_seconds(self._broker),
            redis=_seconds(self._redis),
            harness=_seconds(os.getpid()),
            machine=_busy_seconds(),
        )


def child_named(word: str) -> int:
    """The child of this process whose command line has `word` in it."""
    for pid in _children(os.getpid()):
        if word in (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace"):
            return pid
    raise LookupError(f"no child process with {word!r} in its command line")


def pid_of_redis(redis: RedisServer) -> int:
    lines = redis.cli("INFO", "server").splitlines()
    return int(next(line for line in lines if line.startswith("process_id:")).partition(":")[2])


def _seconds(pid: int) -> float:
    # The command's name, in parentheses, may hold spaces: fields are counted from its end.
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / _TICKS


def _busy_seconds() -> float:
    user, nice, system, _idle, _iowait, irq, softirq = map(
        int, (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + irq + softirq) / _TICKS


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in _children(pid):
        yield from _tree(child)


def _children(pid: int) -> Iterator[int]:
    for task in (_PROC / str(pid) / "task").iterdir():
        yield from map(int, (task / "children").read_text().split())
