"""Real parts for tests, one of each per session (per worker of pytest-xdist), started when first
asked for. A machine without Java, Maven or redis-server fails the tests that need them."""

import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import hypothesis
import pytest

from tests.parts.kafka import KafkaServer, unique
from tests.parts.processes import PartMissing
from tests.parts.redis import RedisServer, redis_cluster
from tests.parts.topics import create_topic

hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell's background job ignores Ctrl-C, and so would every command that a test starts."""

Part = TypeVar("Part")
MakeTopic = Callable[..., Awaitable[str]]


def _have(start: Callable[[], Part]) -> Part:
    try:
        return start()
    except PartMissing as error:
        missing = str(error)
    pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """Apache Kafka. A test that stops or kills it starts it again."""
    server = _have(KafkaServer)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Redis. A test that stops or kills it starts it again; state is told apart by prefix."""
    server = _have(RedisServer)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def redis_masters() -> Iterator[list[RedisServer]]:
    """A Redis Cluster of three masters."""
    _have(lambda: RedisServer().close())
    with redis_cluster() as nodes:
        yield nodes


@pytest.fixture
def make_topic(kafka: KafkaServer) -> MakeTopic:
    """`await make_topic("topups", 3, **{"cleanup.policy": "compact"})` → the new topic's name,
    which no other test has."""

    async def make(name: str = "topic", partitions: int = 1, **config: str) -> str:
        topic = unique(name)
        await create_topic(kafka.bootstrap, topic, partitions, config)
        return topic

    return make


@pytest.fixture
def prefix() -> str:
    """A key prefix of Redis that no other test uses."""
    return unique("test") + ":"
