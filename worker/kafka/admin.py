"""What Kafka says of topics, as values."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest
from msgspec import Struct

from config.settings import Settings
from worker.errors import Misconfigured, Unavailable
from worker.kafka.security import client_options, unreachable

_NOT_ALLOWED = 29
_ALREADY_EXISTS = 36
_NO_LIMIT = 2**31


class TopicState(Struct, frozen=True):
    """A topic that exists. What its configuration does not say counts as unlimited."""

    name: str
    partitions: int
    config: Mapping[str, str]
    replicas: int = 1
    in_sync: int = 1
    """Copies of the partition that has the fewest; those of them that are up to date."""

    @property
    def min_in_sync(self) -> int:
        return int(self.config.get("min.insync.replicas", 1))

    @property
    def unclean_election(self) -> bool:
        return self.config.get("unclean.leader.election.enable") == "true"

    @property
    def policy(self) -> str:
        return self.config.get("cleanup.policy", "")

    @property
    def retention_ms(self) -> int:
        """-1: for ever."""
        return int(self.config.get("retention.ms", -1))

    @property
    def retention_bytes(self) -> int:
        """-1: no bound."""
        return int(self.config.get("retention.bytes", -1))

    @property
    def record_limit(self) -> int:
        return int(self.config.get("max.message.bytes", _NO_LIMIT))


async def describe(settings: Settings, names: Sequence[str]) -> Mapping[str, TopicState]:
    """Those of the topics that exist. Raises Misconfigured where the user may not see one,
    Unavailable."""
    async with _admin(settings) as admin:
        there = existing(await _topics(admin, names))
        configs = await _configs(admin, sorted(there))
    return {name: _state(name, found, configs.get(name, {})) for name, found in there.items()}


async def _topics(admin: AIOKafkaAdminClient, names: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """As `describe_topics`, which lets a broker make what is missing (`auto.create.topics.enable`,
    Kafka's default): with any number of partitions, and a count is fixed for ever."""
    if not names:
        return []
    request = MetadataRequest(list(names), allow_auto_topic_creation=False)
    found: Mapping[str, Any] = (await admin._send_request(request)).to_object()
    topics: Sequence[Mapping[str, Any]] = found["topics"]
    return topics


def existing(answers: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The partitions of those that exist, of Kafka's answers. Raises Misconfigured."""
    unseen = sorted(each["topic"] for each in answers if each["error_code"] == _NOT_ALLOWED)
    if unseen:
        raise Misconfigured(
            f"Kafka does not let this user see {', '.join(unseen)}.",
            "Allow it Describe and DescribeConfigs there, and what its command does: Read, Write.",
        )
    return {each["topic"]: each["partitions"] for each in answers if not each["error_code"]}


def _state(
    name: str, partitions: Sequence[Mapping[str, Any]], config: Mapping[str, str]
) -> TopicState:
    replicas = min((len(partition["replicas"]) for partition in partitions), default=1)
    in_sync = min((len(partition["isr"]) for partition in partitions), default=1)
    return TopicState(name, len(partitions), config, replicas, in_sync)


async def _configs(
    admin: AIOKafkaAdminClient, names: Sequence[str]
) -> Mapping[str, Mapping[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for response in await admin.describe_configs(resources)
        for error, _, _, name, entries in response.resources
        if not error
    }


async def create(
    settings: Settings,
    topics: Mapping[str, tuple[int, Mapping[str, str]]],
    replication: int,
) -> Mapping[str, str]:
    """Create topics by partition count and configuration; the refused ones with the reason. One
    that exists by now is none of them. Raises Unavailable."""
    if not topics:
        return {}
    wanted = [
        NewTopic(name, partitions, replication, topic_configs=dict(config))
        for name, (partitions, config) in topics.items()
    ]
    async with _admin(settings) as admin:
        response = await admin.create_topics(wanted)
    return {
        name: reason or f"error {code}"
        for name, code, reason in response.topic_errors
        if code not in (0, _ALREADY_EXISTS)
    }


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = client_options(settings)
    admin = AIOKafkaAdminClient(**client, request_timeout_ms=15_000)
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise Unavailable(unreachable(client, error)) from error
    finally:
        await admin.close()
