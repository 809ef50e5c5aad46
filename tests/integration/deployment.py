"""A worker group on real Kafka and Redis: topics, rules and processes of one test."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from redis.asyncio import Redis, RedisCluster

from schemas.records import InputRecord
from schemas.topics import INPUTS, Channel
from tests.parts.header_names import send_with_name
from tests.parts.kafka import unique
from tests.parts.processes import free_port
from tests.parts.topics import create_topics
from tests.parts.waiting import PATIENCE
from worker.kafka.header_names import read_any_header_name

PARTITIONS = 6
AnyRedis = Redis | RedisCluster
COMMANDS = (Channel.BONUS_COMMANDS, Channel.GROUP_COMMANDS, Channel.PUSH_COMMANDS)


class Broker(Protocol):
    @property
    def bootstrap(self) -> str:
        """Where clients find it."""


class Store(Protocol):
    @property
    def port(self) -> int:
        """Where Redis answers: its own, or a proxy's."""


class WorkerProcess:
    """One `loyalty worker`, its output in a file."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.log = log
        self.port = int(environment["LOYALTY_HTTP_PORT"])
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "worker.cli.main", "worker"],
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def wait(self, seconds: float) -> int:
        """The exit code. Raises TimeoutExpired."""
        return self.process.wait(seconds)

    async def ready(self) -> None:
        """Until /health/ready says so; raises AssertionError with the log where it does not."""
        for _ in range(int(PATIENCE * 10)):
            if self.process.poll() is not None:
                break
            if await asyncio.to_thread(self._is_ready):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the worker is not ready:\n{self.log.read_text()[-5000:]}")

    def _is_ready(self) -> bool:
        return self.get("/health/ready") is not None

    def get(self, path: str) -> str | None:
        """The page, None where it is not answered with 200."""
        try:
            url = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                text: bytes = answer.read()
                return text.decode()
        except OSError:
            return None

    def metric(self, name: str) -> float:
        """The sum of a metric's samples; 0 where there are none."""
        page = self.get("/metrics") or ""
        lines = [line for line in page.splitlines() if line.startswith((name + "{", name + " "))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class Deployment:
    """`async with Deployment(kafka, redis, tmp_path, rules) as loyalty:`"""

    replicas = 1
    """Of each topic."""

    def __init__(
        self,
        kafka: Broker,
        redis: Store,
        directory: Path,
        rules: str,
        **settings: str,
    ) -> None:
        self.kafka, self.redis, self.directory = kafka, redis, directory
        self.name = unique("t")
        self.prefix = f"{self.name}:"
        self.rules = directory / "rules"
        self.rules.mkdir()
        (self.rules / "izi.yaml").write_text(rules)
        self.settings = settings
        self.workers: list[WorkerProcess] = []
        self._producer: AIOKafkaProducer | None = None

    def topic(self, channel: Channel) -> str:
        return f"{self.name}.{channel.value.lower()}"

    async def __aenter__(self) -> "Deployment":
        topics = {self.topic(channel): PARTITIONS for channel in Channel}
        compacted = {self.topic(Channel.RULES): 1, self.topic(Channel.RULES_STATUS): 1}
        for name in (*compacted, self.topic(Channel.RULES_HISTORY)):
            topics.pop(name)
        topics[self.topic(Channel.RULES_HISTORY)] = 1
        safe = {"min.insync.replicas": "2"} if self.replicas > 2 else {}
        for names, config in (
            (topics, {"retention.ms": "-1"}),
            (compacted, {"cleanup.policy": "compact"}),
        ):
            await create_topics(self.kafka.bootstrap, names, config | safe, self.replicas)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka.bootstrap, acks="all", linger_ms=5
        )
        await self._producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGCONT)
                worker.kill()
        if self._producer is not None:
            await self._producer.stop()

    def redis_client(self) -> AnyRedis:
        """To look at what is stored."""
        return Redis(port=self.redis.port)

    def environment(self, **settings: str) -> dict[str, str]:
        names = {f"TOPIC_{channel.value}": self.topic(channel) for channel in Channel}
        values = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "KAFKA_GROUP_ID": self.name,
            "KAFKA_SESSION_TIMEOUT_SECONDS": "6",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis.port}",
            "REDIS_KEY_PREFIX": self.prefix,
            "RULES_SOURCE": f"directory:{self.rules}",
            "START_FROM": "earliest",
            "HTTP_PORT": str(free_port()),
            "LOG_FORMAT": "console",
            "LANE_IDLE_MS": "100",
            **names,
            **self.settings,
            **settings,
        }
        return {f"LOYALTY_{name}": value for name, value in values.items()}

    def start_worker(self, **settings: str) -> WorkerProcess:
        log = self.directory / f"worker-{len(self.workers)}.log"
        worker = WorkerProcess(self.environment(**settings), log)
        self.workers.append(worker)
        return worker

    async def send(self, events: Iterable[tuple[Channel, bytes | None, bytes | None]]) -> int:
        """(channel, key, value) in order; returns when the broker has them all."""
        assert self._producer is not None
        sent = [
            await self._producer.send(self.topic(channel), value, key=key)
            for channel, key, value in events
        ]
        await asyncio.gather(*sent)
        return len(sent)

    async def send_events(self, events: Sequence[dict[str, object]], channel: Channel) -> int:
        return await self.send(
            (channel, str(event["clientId"]).encode(), json.dumps(event).encode())
            for event in events
        )

    async def send_with_unreadable_header(self, values: list[bytes]) -> None:
        """Top-ups of partition 0 with a header whose name is not UTF-8."""
        assert self._producer is not None
        await send_with_name(self._producer, self.topic(Channel.TOPUPS), 0, b"c-9", values)

    async def read(self, *channels: Channel) -> list[InputRecord]:
        """Everything in the channels' topics now, partition by partition."""
        topics = [self.topic(channel) for channel in channels]
        partitions = [TopicPartition(t, n) for t in topics for n in range(PARTITIONS)]
        read_any_header_name()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka.bootstrap, auto_offset_reset="none", fetch_max_wait_ms=50
        )
        await consumer.start()
        try:
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(partitions)
            found: dict[TopicPartition, list[InputRecord]] = {p: [] for p in partitions}
            while [p for p in partitions if await consumer.position(p) < ends[p]]:
                for partition, batch in (await consumer.getmany(timeout_ms=200)).items():
                    found[partition] += [
                        InputRecord(
                            r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers
                        )
                        for r in batch
                    ]
            return [record for partition in partitions for record in found[partition]]
        finally:
            await consumer.stop()

    async def group_lag(self) -> int:
        """Records of the inputs beyond what the group has committed."""
        topics = [self.topic(channel) for channel in INPUTS]
        partitions = [TopicPartition(t, n) for t in topics for n in range(PARTITIONS)]
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka.bootstrap, group_id=self.name)
        await consumer.start()
        try:
            ends = await consumer.end_offsets(partitions)
            done = [await consumer.committed(p) or 0 for p in partitions]
            lag: int = sum(ends.values()) - sum(done)
            return lag
        finally:
            await consumer.stop()

    async def caught_up(self, seconds: float = PATIENCE) -> None:
        """Until everything that was sent is committed; AssertionError with the logs otherwise."""
        for _ in range(int(seconds * 4)):
            if await self.group_lag() == 0:
                return
            await asyncio.sleep(0.25)
        logs = "\n".join(worker.log.read_text()[-3000:] for worker in self.workers)
        raise AssertionError(f"not caught up:\n{logs}")
