"""What all scenarios stand on: one Kafka, one Redis, a directory, and workers on them."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from benchmarks.harness.contenders import Site
from benchmarks.harness.cpu import CpuMeter, child_named, pid_of_redis
from benchmarks.harness.entrant import Entrant
from benchmarks.harness.inputs import Inputs
from benchmarks.harness.ours import Ours, rules_directory
from benchmarks.harness.scenario import COMMANDS_PER_THOUSAND
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer

LEAST_FILLING = 12_000


class Sizes(Struct, frozen=True):
    """How much a scenario does. `events`: of its main load; `rate`: of live traffic, a second."""

    events: int
    clients: int
    rate: int
    seconds: float
    runs: int
    seed: int

    @property
    def filling(self) -> int:
        """Events that give every client a state before anything counts; no fewer than a worker
        takes in several batches, or their end could not be seen apart from their beginning."""
        return max(self.clients, LEAST_FILLING)


class Ground:
    """Topics, groups and keys of a scenario carry its name."""

    def __init__(self, kafka: KafkaServer, redis: RedisServer, directory: Path) -> None:
        self.kafka, self.redis, self.directory = kafka, redis, directory
        self.meter = CpuMeter(child_named(str(kafka.directory)), pid_of_redis(redis))

    @property
    def bootstrap(self) -> str:
        return self.kafka.bootstrap

    async def entrant(
        self, contender: Ours, inputs: Inputs, rules: Mapping[str, str] | None = None
    ) -> Entrant:
        """A worker group of its own. `rules`: files of rule sets by name instead of the
        workload's."""
        directory = self.directory / contender.name
        directory.mkdir()
        site = Site(
            bootstrap=self.bootstrap,
            redis_url=self.redis.url,
            inputs=inputs.topics,
            name=f"load-{contender.name}",
            directory=directory,
            commands_per_thousand=COMMANDS_PER_THOUSAND,
        )
        await contender.prepare(site)
        if rules is not None:
            (rules_directory(site) / "rules.yaml").unlink()
            for name, text in rules.items():
                (rules_directory(site) / name).write_text(text)
        return Entrant(contender, site, inputs, self.meter)

    def redis_bytes(self) -> int:
        """What Redis holds, without fragmentation and without what it needs for connections, whose
        buffers follow the batches under way."""
        name = "used_memory_dataset:"
        lines = self.redis.cli("INFO", "memory").splitlines()
        return int(next(line for line in lines if line.startswith(name)).removeprefix(name))
