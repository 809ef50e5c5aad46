"""Who takes part, and how each is started: a command line and an environment."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.harness.topics import create_topics
from benchmarks.workload.events import TOPICS


@dataclass(frozen=True)
class Site:
    """What one contender works on in one scenario: broker, Redis, topics and a directory of its
    own. `inputs` gives the topic of each name in `TOPICS`."""

    bootstrap: str
    redis_url: str
    inputs: Mapping[str, str]
    name: str
    directory: Path
    commands_per_thousand: int

    @property
    def commands(self) -> str:
        return f"{self.name}.commands"


class Contender(Protocol):
    """One way to do the work. The process runs until SIGTERM and then ends well."""

    @property
    def name(self) -> str:
        """What options and the JSON call it."""

    @property
    def title(self) -> str:
        """What the table calls it."""

    @property
    def slow(self) -> bool:
        """It takes a hundredth of the load: it gets a backlog of its own."""

    @property
    def follows_rules(self) -> bool:
        """Its commands are compared one by one, not only counted."""

    async def prepare(self, site: Site) -> None:
        """Make the topics and files that it needs besides the inputs."""

    def command_line(self, site: Site) -> Sequence[str]: ...

    def environment(self, site: Site) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Baseline:
    """A module of `benchmarks.baselines`, run as a program."""

    name: str
    title: str
    module: str
    arguments: tuple[str, ...] = ()
    slow: bool = False
    follows_rules: bool = True

    async def prepare(self, site: Site) -> None:
        await create_topics(site.bootstrap, [site.commands])

    def command_line(self, site: Site) -> Sequence[str]:
        return [sys.executable, "-m", self.module, *self.arguments]

    def environment(self, site: Site) -> Mapping[str, str]:
        return {
            "BENCH_BOOTSTRAP": site.bootstrap,
            "BENCH_REDIS_URL": site.redis_url,
            "BENCH_INPUTS": ",".join(site.inputs[name] for name in TOPICS),
            "BENCH_COMMANDS": site.commands,
            "BENCH_GROUP": site.name,
            "BENCH_KEY_PREFIX": f"{site.name}:",
            "BENCH_STATE_DIRECTORY": str(site.directory),
            "BENCH_COMMANDS_PER_THOUSAND": str(site.commands_per_thousand),
        }


BASELINES: tuple[Contender, ...] = (
    Baseline(
        name="faust",
        title="(a) Faust, pydantic, asteval, Redis GET/SET",
        module="benchmarks.baselines.faust_asteval",
        arguments=("worker", "--without-web", "-l", "warn"),
        slow=True,
    ),
    Baseline(
        name="quix",
        title="(b) Quix Streams, its state, lambdas",
        module="benchmarks.baselines.quix",
    ),
    Baseline(
        name="handwritten",
        title="(c) aiokafka, Redis pipeline, lambdas, no safety",
        module="benchmarks.baselines.handwritten",
    ),
    Baseline(
        name="handwritten-indexed",
        title="(c') the same, rules indexed by trigger and club",
        module="benchmarks.baselines.handwritten",
        arguments=("indexed",),
    ),
    Baseline(
        name="floor",
        title="(d) floor: consume, decode, produce",
        module="benchmarks.baselines.floor",
        follows_rules=False,
    ),
)
