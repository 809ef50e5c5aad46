"""Who is in the consumer group now."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorForGroupError,
)
from msgspec import Struct

from config.settings import Settings
from worker.errors import Unavailable
from worker.kafka.security import client_options, unreachable

COORDINATOR_TRIES, COORDINATOR_PAUSE = 20, 0.25
_MEMBERS = 5
_CLIENT, _HOST = -4, -3
"""Places in the answer to DescribeGroups; newer ones name a static member's instance before."""


class Member(Struct, frozen=True):
    """`name`: under which it joined, a worker's own name; `host`: where from."""

    name: str
    host: str

    def __str__(self) -> str:
        return f"{self.name}@{self.host}"


async def live_members(settings: Settings) -> Sequence[Member]:
    """Every member; one that was killed stays until its session ends. Raises Unavailable."""
    client = client_options(settings)
    admin = AIOKafkaAdminClient(**client, request_timeout_ms=15_000)
    try:
        await admin.start()
        answers = await _describe(admin, settings.kafka_group_id)
    except KafkaError as error:
        raise Unavailable(unreachable(client, error)) from error
    finally:
        await admin.close()
    found = (
        Member(member[_CLIENT], str(member[_HOST]).lstrip("/"))
        for answer in answers
        for group in answer.groups
        for member in group[_MEMBERS]
    )
    return sorted(found, key=str)


async def _describe(admin: AIOKafkaAdminClient, group: str) -> Sequence[Any]:
    """The first question about any group makes Kafka set up its coordinators: it is put again."""
    for _ in range(COORDINATOR_TRIES):
        try:
            return list(await admin.describe_consumer_groups([group]))
        except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError):
            await asyncio.sleep(COORDINATOR_PAUSE)
    return list(await admin.describe_consumer_groups([group]))
