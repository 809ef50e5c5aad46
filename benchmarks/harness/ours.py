"""This worker as a contender: `loyalty worker` with settings from the environment."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.contenders import Site
from benchmarks.harness.errors import ContenderFailed
from benchmarks.harness.topics import PARTITIONS
from benchmarks.workload.render import rule_set_yaml
from tests.parts.processes import free_port

LOYALTY = str(Path(sys.executable).with_name("loyalty"))

OUTPUTS = (
    "GROUP_COMMANDS",
    "PUSH_COMMANDS",
    "BONUS_JOURNAL",
    "DEAD_LETTERS",
    "LANE_LOG",
    "BUDGETS",
    "RULES",
    "RULES_HISTORY",
    "RULES_STATUS",
    "CLIENTS",
)
"""Settings `TOPIC_…` beside the three inputs and the bonus commands."""


@dataclass(frozen=True)
class Ours:
    """`profile`: where cProfile writes what the worker spent its time on. `settings`: more of them,
    by their names without the prefix."""

    name: str = "ours"
    title: str = "this worker"
    slow: bool = False
    follows_rules: bool = True
    profile: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    http_port: int = field(default_factory=free_port)

    async def prepare(self, site: Site) -> None:
        rules = rules_directory(site)
        rules.mkdir(parents=True, exist_ok=True)
        (rules / "rules.yaml").write_text(rule_set_yaml())
        create = ["topics", "create", "--partitions", str(PARTITIONS), "--replication", "1"]
        process = await asyncio.create_subprocess_exec(
            LOYALTY, *create, env={**os.environ, **self.environment(site)}, stdout=sys.stderr
        )
        if await process.wait():
            raise ContenderFailed("the topics of this worker could not be made: see above")

    def command_line(self, site: Site) -> Sequence[str]:
        if self.profile is None:
            return [LOYALTY, "worker"]
        return [sys.executable, "-m", "cProfile", "-o", str(self.profile), LOYALTY, "worker"]

    def environment(self, site: Site) -> Mapping[str, str]:
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": site.bootstrap,
            "KAFKA_GROUP_ID": site.name,
            "REDIS_URL": site.redis_url,
            "REDIS_KEY_PREFIX": f"{site.name}:",
            "RULES_SOURCE": f"directory:{rules_directory(site)}",
            "START_FROM": "earliest",
            "HTTP_PORT": str(self.http_port),
            "LOG_LEVEL": "WARNING",
            "TOPIC_TOPUPS": site.inputs["topups"],
            "TOPIC_VISITS": site.inputs["visits"],
            "TOPIC_PAYMENTS": site.inputs["payments"],
            "TOPIC_BONUS_COMMANDS": site.commands,
            **_topics(site),
            **self.settings,
        }
        return {f"LOYALTY_{setting}": value for setting, value in settings.items()}

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/metrics"


@dataclass(frozen=True)
class Instrumented(Ours):
    """Started by a module of the benchmarks that looks into the process. `seen`: the file in which
    that says what it saw; `variable`: how it is told of the file."""

    module: str = ""
    variable: str = ""
    seen: Path = Path("seen.json")

    def command_line(self, site: Site) -> Sequence[str]:
        return [sys.executable, "-m", self.module, "worker"]

    def environment(self, site: Site) -> Mapping[str, str]:
        return {**super().environment(site), self.variable: str(self.seen)}


def dead_letters_topic(site: Site) -> str:
    return _topics(site)["TOPIC_DEAD_LETTERS"]


def lane_log_topic(site: Site) -> str:
    return _topics(site)["TOPIC_LANE_LOG"]


def rules_directory(site: Site) -> Path:
    return site.directory / "rules"


def _topics(site: Site) -> dict[str, str]:
    return {
        f"TOPIC_{setting}": f"{site.name}.{setting.lower().replace('_', '-')}"
        for setting in OUTPUTS
    }
