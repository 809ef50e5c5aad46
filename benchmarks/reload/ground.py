"""What the measurements of a reload share: a broker, a Redis, workers whose rules are edited."""

import asyncio
import time
import urllib.request
from pathlib import Path

from benchmarks.harness.contenders import Site
from benchmarks.harness.cpu import CpuMeter, child_named, pid_of_redis
from benchmarks.harness.entrant import Entrant
from benchmarks.harness.errors import ContenderFailed
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.ours import Ours, rules_directory
from benchmarks.harness.scenario import COMMANDS_PER_THOUSAND
from benchmarks.harness.throughput import START_SECONDS
from benchmarks.reload.rule_files import replace_rules, rules_of_size
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer

MANY = 1000
"""Rules of a large set."""
LOOK_SECONDS = 0.05
"""To render a page of 1,000 rules costs the worker that is measured some milliseconds."""


class Ground:
    """`directory` is the caller's."""

    def __init__(
        self, directory: Path, kafka: KafkaServer, redis: RedisServer, clients: int
    ) -> None:
        self.meter = CpuMeter(child_named(str(kafka.directory)), pid_of_redis(redis))
        self.directory = directory
        self._kafka, self._redis, self._clients = kafka, redis, clients

    async def inputs(self, name: str) -> Inputs:
        inputs = Inputs(self._kafka.bootstrap, name, 1, self._clients)
        await inputs.create()
        return inputs

    async def entrant(self, contender: Ours, inputs: Inputs) -> Entrant:
        """With `MANY` rules of version `v-0`."""
        own = self.directory / contender.name
        own.mkdir()
        site = Site(
            bootstrap=self._kafka.bootstrap,
            redis_url=self._redis.url,
            inputs=inputs.topics,
            name=f"reload-{contender.name}",
            directory=own,
            commands_per_thousand=COMMANDS_PER_THOUSAND,
        )
        await contender.prepare(site)
        replace_rules(rules_directory(site), rules_of_size(MANY, "v-0"))
        return Entrant(contender, site, inputs, self.meter)


async def shown(workers: list[Ours], version: str) -> None:
    """Until the metrics of every worker have the version. Raises ContenderFailed."""
    wanted, until = f'version="{version}"', time.monotonic() + START_SECONDS
    for worker in workers:
        while wanted not in await asyncio.to_thread(_read, worker.metrics_url):
            if time.monotonic() > until:
                raise ContenderFailed(f"{worker.name} never applied {version}")
            await asyncio.sleep(LOOK_SECONDS)


def _read(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            text: bytes = answer.read()
            return text.decode()
    except OSError:
        return ""
