"""A real Redis on a free loopback port, alone or as a cluster of three."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from tests.parts.processes import DEADLINE_SECONDS, PartFailed, PartMissing, Server, free_port

SLOTS = 16384


class RedisServer:
    """`with RedisServer() as redis:` or start/close by hand; `redis.url` is its address.

    It keeps an append-only file, so `stop`, `kill` and `start` bring the data back. `options` are
    command line options, such as `["--maxmemory", "2mb"]`.
    """

    def __init__(self, options: Sequence[str] = (), *, port: int | None = None) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            raise PartMissing("No Redis for the tests: install redis-server 7.0 or newer")
        self.directory = Path(tempfile.mkdtemp(prefix="loyalty-redis-"))
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._server = Server(
            [
                binary,
                *("--port", str(self.port), "--bind", "127.0.0.1"),
                *("--dir", str(self.directory), "--save", ""),
                *("--appendonly", "yes", "--maxmemory-policy", "noeviction"),
                *options,
            ],
            self.directory / "server.log",
        )

    def start(self) -> "RedisServer":
        """Returns when it answers, its data loaded."""
        self._server.start(lambda: self.cli("PING") == "PONG")
        return self

    def cli(self, *command: str) -> str:
        """The answer of `redis-cli`, for set-up and inspection."""
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), *command],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def stop(self) -> None:
        self._server.stop()

    def kill(self) -> None:
        self._server.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nobody answers."""
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._server.send_signal(signal.SIGCONT)

    @property
    def running(self) -> bool:
        return self._server.running

    def append_only_file(self) -> Path:
        """The file that a fault run cuts to lose the latest writes (while Redis is down)."""
        return max(self.directory.glob("appendonlydir/*.incr.aof"))

    def close(self) -> None:
        self._server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> "RedisServer":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def redis_cluster(masters: int = 3, more: Sequence[str] = ()) -> Iterator[list[RedisServer]]:
    """Masters without replicas that share the slots evenly; `more`: options of each."""
    with ExitStack() as stack:
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", *more]
        nodes = [
            # The cluster's own port is the client's + 10000: keep it below 65536.
            stack.enter_context(RedisServer(options, port=_port_with_bus()))
            for _ in range(masters)
        ]
        for i, node in enumerate(nodes):
            first, last = i * SLOTS // masters, (i + 1) * SLOTS // masters - 1
            node.cli("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
            node.cli("CLUSTER", "SET-CONFIG-EPOCH", str(i + 1))
        for node in nodes[1:]:
            node.cli("CLUSTER", "MEET", "127.0.0.1", str(nodes[0].port))
        _wait_for_cluster(nodes)
        yield nodes


def _port_with_bus() -> int:
    while (port := free_port()) > 55000:
        pass
    return port


def _wait_for_cluster(nodes: Sequence[RedisServer]) -> None:
    until = time.monotonic() + DEADLINE_SECONDS
    expected = ("cluster_state:ok", f"cluster_known_nodes:{len(nodes)}")
    while not all(part in node.cli("CLUSTER", "INFO") for node in nodes for part in expected):
        if time.monotonic() > until:
            raise PartFailed("The Redis cluster did not form:\n" + nodes[0].cli("CLUSTER", "INFO"))
        time.sleep(0.1)
