"""The topics that the worker needs, as they are made: partitions, retention, and creating them.

Partition counts: inputs, budgets and lane log alike (a lane is one partition number of all of
them); outputs at least as many (a lane publishes to its own number). Retention: the lane log as
long as the oldest Redis backup that one would restore, the inputs as long as the lane log. Whether
topics that are there are so is asked by `topic_checks.py`.
"""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct

from config.settings import Settings
from schemas.topics import INPUTS, Channel
from worker.errors import Misconfigured, Unavailable
from worker.kafka.admin import TopicState, create, describe

COMPACTED = (Channel.RULES, Channel.RULES_STATUS)
FOREVER = (*INPUTS, Channel.LANE_LOG, Channel.BONUS_JOURNAL, Channel.RULES_HISTORY)
THIRTY_DAYS_MS = 30 * 24 * 3_600_000
CREATE = "Create it (loyalty topics create), or mend its TOPIC_ setting."
"""What an operator does about a topic that is not there."""


class PlannedTopic(Struct, frozen=True):
    """A topic as `loyalty topics create` makes it."""

    channel: Channel
    name: str
    partitions: int
    config: Mapping[str, str]


def plan_topics(
    settings: Settings, partitions: int, *, replication: int = 3
) -> Sequence[PlannedTopic]:
    """All topics for that many lanes. Retention is unlimited where a replay or the books need the
    records; commands and dead letters are kept for 30 days."""
    safety = {"min.insync.replicas": "2"} if replication > 2 else {}
    return [
        PlannedTopic(
            channel,
            settings.topic(channel),
            1 if channel in (*COMPACTED, Channel.RULES_HISTORY) else partitions,
            {**safety, "unclean.leader.election.enable": "false", **_config(channel)},
        )
        for channel in Channel
    ]


def _config(channel: Channel) -> Mapping[str, str]:
    if channel in COMPACTED:
        return {"cleanup.policy": "compact"}
    config = {"cleanup.policy": "delete", "retention.ms": str(THIRTY_DAYS_MS)}
    if channel in FOREVER:
        config |= {"retention.ms": "-1", "retention.bytes": "-1"}
    if channel in INPUTS:
        config["message.timestamp.type"] = "LogAppendTime"
    return config


async def create_topics(
    settings: Settings, partitions: int, *, replication: int = 3
) -> Sequence[str]:
    """Create those that do not exist and name them; what exists stays as it is. Raises
    Misconfigured with Kafka's reason, Unavailable where it cannot be reached."""
    planned = plan_topics(settings, partitions, replication=replication)
    there = await describe(settings, [topic.name for topic in planned])
    missing = [topic for topic in planned if topic.name not in there]
    refused = await create(
        settings, {t.name: (t.partitions, t.config) for t in missing}, replication
    )
    if refused:
        reasons = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise Misconfigured(
            f"Topics could not be created: {reasons}.",
            "Choose another --replication, or create them with a user that may.",
        )
    names = [topic.name for topic in missing]
    await _await_topics(settings, names)
    return names


async def _await_topics(settings: Settings, names: Sequence[str]) -> None:
    """Brokers hear of a new topic a moment after its creation."""
    for _ in range(100):
        if len(await describe(settings, names)) == len(names):
            return
        await asyncio.sleep(0.1)
    raise Unavailable(f"Kafka created {', '.join(names)} but does not show all of them yet.")


async def partition_count(settings: Settings, topic: str) -> int:
    """Raises Misconfigured where the topic does not exist, Unavailable without Kafka."""
    found = (await describe(settings, [topic])).get(topic)
    if found is None:
        raise Misconfigured(f"Topic {topic} does not exist.", CREATE)
    return found.partitions


async def require_topics(
    settings: Settings, channels: Sequence[Channel]
) -> Mapping[str, TopicState]:
    """By name, for who reads or writes them without a worker: a client of Kafka's waits for what is
    missing until it gives up. Raises Misconfigured, Unavailable."""
    names = [settings.topic(channel) for channel in channels]
    found = await describe(settings, names)
    missing = [name for name in names if name not in found]
    if len(missing) == 1:
        raise Misconfigured(f"{missing[0]} does not exist.", CREATE)
    if missing:
        create_all = "Create them (loyalty topics create), or mend their TOPIC_ settings."
        raise Misconfigured(f"{', '.join(missing)} do not exist.", create_all)
    return found
