"""What the harness tells a baseline, as environment variables."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """`inputs` are the three co-partitioned topics, `commands` the topic to write."""

    bootstrap: str
    redis_url: str
    inputs: tuple[str, ...]
    commands: str
    group: str
    key_prefix: str
    state_directory: Path
    commands_per_thousand: int

    @classmethod
    def from_environment(cls) -> "Settings":
        return cls(
            bootstrap=os.environ["BENCH_BOOTSTRAP"],
            redis_url=os.environ["BENCH_REDIS_URL"],
            inputs=tuple(os.environ["BENCH_INPUTS"].split(",")),
            commands=os.environ["BENCH_COMMANDS"],
            group=os.environ["BENCH_GROUP"],
            key_prefix=os.environ["BENCH_KEY_PREFIX"],
            state_directory=Path(os.environ["BENCH_STATE_DIRECTORY"]),
            commands_per_thousand=int(os.environ["BENCH_COMMANDS_PER_THOUSAND"]),
        )
