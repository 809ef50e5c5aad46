"""A real Apache Kafka broker (KRaft, one node) on free loopback ports."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from uuid import uuid4

from tests.parts.java import find_java, kafka_jars
from tests.parts.processes import PartFailed, Server, free_port, listens

# A combined node that starts, fails over and rebalances fast. Nothing here weakens durability of
# what was acknowledged: one replica is all there is.
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "num.partitions": "1",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.segment.delete.delay.ms": "1000",
    "log.index.size.max.bytes": "1048576",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}
LOG4J = """log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
"""


class KafkaServer:
    """`with KafkaServer() as kafka:` or start/close by hand; `kafka.bootstrap` is its address.

    `properties` go over the defaults of this module. `advertised` is the `host:port` that clients
    are sent to, where a proxy stands before the broker. `secure_port` opens a second listener with
    the name SECURE, whose protocol and certificates `properties` give.
    """

    def __init__(
        self,
        properties: Mapping[str, str] | None = None,
        *,
        heap_mb: int = 512,
        advertised: str | None = None,
        secure_port: int | None = None,
        directory: Path | None = None,
        controller_port: int | None = None,
    ) -> None:
        self._own_directory = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="loyalty-kafka-"))
        self.port, self.controller_port = free_port(), controller_port or free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.client = {"bootstrap_servers": self.bootstrap}
        """Options for an aiokafka client."""
        self._classpath = f"{kafka_jars()}/*"
        self._java = find_java()
        self._properties = self._write_properties(
            properties or {}, advertised or self.bootstrap, secure_port
        )
        self._server = Server(
            [
                self._java,
                f"-Xmx{heap_mb}m",
                "-Xms128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                f"-Dlog4j.configuration=file:{self.directory}/log4j.properties",
                "-cp",
                self._classpath,
                "kafka.Kafka",
                str(self._properties),
            ],
            self.directory / "server.log",
        )

    def _write_properties(
        self, over: Mapping[str, str], advertised: str, secure_port: int | None
    ) -> Path:
        (self.directory / "log4j.properties").write_text(LOG4J)
        controller = f"127.0.0.1:{self.controller_port}"
        secure = f",SECURE://localhost:{secure_port}" if secure_port else ""
        properties = {
            **PROPERTIES,
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}{secure}",
            "advertised.listeners": f"PLAINTEXT://{advertised}{secure}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": f"{self.directory}/data",
            **over,
        }
        path = self.directory / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        return path

    def format(self, *arguments: str) -> None:
        """Prepare the empty data directory; `arguments` such as `--add-scram …` go to the tool."""
        tool = ["kafka.tools.StorageTool", "format", "-t", "TG95YWx0eVdvcmtlclRlcw"]
        done = subprocess.run(
            [
                self._java,
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                self._classpath,
                *tool,
                "-c",
                str(self._properties),
                *arguments,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PartFailed(f"Kafka's storage cannot be formatted:\n{done.stdout}{done.stderr}")

    def start(self) -> "KafkaServer":
        """Returns when clients are served. Data of an earlier start is kept."""
        if not (self.directory / "data" / "meta.properties").exists():
            self.format()
        starts = self._started_count()
        self._server.start(lambda: self._started_count() > starts and listens(self.port))
        return self

    def _started_count(self) -> int:
        log = self._server.log
        return log.read_text(errors="replace").count("Kafka Server started") if log.exists() else 0

    def stop(self) -> None:
        """SIGTERM; `start` brings it back with its data on the same port."""
        self._server.stop()

    def kill(self) -> None:
        """SIGKILL; `start` brings it back with what it had."""
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

    def close(self) -> None:
        """Kill it and forget its data."""
        self._server.kill()
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> "KafkaServer":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def kafka_trio(advertised: Sequence[str]) -> list[KafkaServer]:
    """Three brokers of one cluster, not yet started: internal topics have three replicas, and every
    write waits for two. Start them at once, they wait for each other."""
    controllers = [free_port() for _ in advertised]
    voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, start=1))
    shared = {
        "controller.quorum.voters": voters,
        "default.replication.factor": "3",
        "min.insync.replicas": "2",
        "offsets.topic.replication.factor": "3",
        "transaction.state.log.replication.factor": "3",
        "transaction.state.log.min.isr": "2",
    }
    return [
        KafkaServer(
            {**shared, "node.id": str(n)}, heap_mb=256, advertised=address, controller_port=port
        )
        for n, (address, port) in enumerate(zip(advertised, controllers, strict=True), start=1)
    ]


def unique(name: str) -> str:
    """A topic or group name that no other test uses."""
    return f"{name}-{uuid4().hex[:8]}"
