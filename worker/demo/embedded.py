"""What the demo's worker stands on: the broker with all topics, settings, a directory of rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import config
from config.load import load_settings
from config.settings import Settings
from schemas.topics import DEFAULT_TOPICS
from worker.demo.broker import SESSION_TIMEOUT_SECONDS, EmbeddedBroker
from worker.errors import Misconfigured

PARTITIONS = 6
"""Of every topic: so many lanes."""
SAMPLES = Path(config.__file__).parent / "samples"
"""The rule set that the package brings along."""


def embedded_broker() -> EmbeddedBroker:
    """With every topic of the worker; not yet started."""
    return EmbeddedBroker(dict.fromkeys(DEFAULT_TOPICS.values(), PARTITIONS), brokers=PARTITIONS)


def settings_for(bootstrap_servers: str, rules: Path, http_port: int) -> Settings:
    """Those of production, but for the addresses. The environment has no say in them."""
    return load_settings(
        {
            "LOYALTY_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
            "LOYALTY_KAFKA_GROUP_ID": "loyalty-demo",
            "LOYALTY_KAFKA_SESSION_TIMEOUT_SECONDS": str(SESSION_TIMEOUT_SECONDS),
            "LOYALTY_REDIS_URL": "memory://",
            "LOYALTY_RULES_SOURCE": f"directory:{rules}",
            "LOYALTY_START_FROM": "earliest",
            "LOYALTY_HTTP_PORT": str(http_port),
        },
        memory_allowed=True,
    )


@contextmanager
def rules_directory(rules: Path | None) -> Iterator[Path]:
    """A directory to read the rules from: the samples, the one given, or one around the file.

    A file stays where it is: while the demo runs, a change of it is taken up.
    """
    if rules is None:
        yield SAMPLES
        return
    if rules.is_dir():
        yield rules.resolve()
        return
    if not rules.is_file():
        raise Misconfigured(
            f"{rules} is no file and no directory.", "Name a rule set, or a directory of some."
        )
    with TemporaryDirectory(prefix="loyalty-demo-") as name:
        link = Path(name) / rules.name
        link.symlink_to(rules.resolve())
        yield Path(name)
