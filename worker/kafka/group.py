"""Who is in the consumer group now."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from config.settings import Settings
from worker.errors import Unavailable
from worker.kafka.security import client_options, unreachable

_MEMBERS = 5
_CLIENT, _HOST = -4, -3
"""Places in the answer to DescribeGroups; newer ones name a static member's instance before."""


async def live_members(settings: Settings) -> Sequence[str]:
    """`client@host` of every member; one that was killed stays until its session ends. Raises
    Unavailable."""
    client = client_options(settings)
    admin = AIOKafkaAdminClient(**client, request_timeout_ms=15_000)
    try:
        await admin.start()
        answers = await admin.describe_consumer_groups([settings.kafka_group_id])
    except KafkaError as error:
        raise Unavailable(unreachable(client, error)) from error
    finally:
        await admin.close()
    return sorted(
        f"{member[_CLIENT]}@{str(member[_HOST]).lstrip('/')}"
        for answer in answers
        for group in answer.groups
        for member in group[_MEMBERS]
    )
