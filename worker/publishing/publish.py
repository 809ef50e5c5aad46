"""A set goes live only in the place of the one that its author saw.

1. A transactional producer of the organization's own id begins: whoever else was about to push for
   it is fenced from here on, and what he had under way is taken back.
2. The topic is read to its end: all that was ever committed before is seen.
3. Another set is live than `base`: refused, nothing was written.
4. The current record (`loyalty.rules`) and the history's go in one transaction. One who began after
   1 has fenced this push, which then fails as a whole.
So of two pushes on the same base exactly one gets through, whatever the order of their steps.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from msgspec import Struct

from config.settings import Settings
from rules_engine.checked import CheckedRuleSet
from schemas.topics import Channel
from worker.errors import OutcomeUnknown, Unavailable
from worker.kafka.reader import TopicReader
from worker.kafka.security import client_options, unreachable
from worker.publishing.catalog import LiveSet, live_sets
from worker.publishing.errors import StaleBase
from worker.rules.history import HistoryRecord, Pushed

TRANSACTION_MS = 15_000


class Push(Struct, frozen=True):
    """`base`: hash of the set in whose place it goes; None where there is none."""

    checked: CheckedRuleSet
    text: str
    author: str
    reason: str
    base: str | None


def _now() -> datetime:
    return datetime.now(UTC)


async def publish(settings: Settings, push: Push, now: Callable[[], datetime] = _now) -> None:
    """Raises StaleBase, Unavailable where nothing was written, OutcomeUnknown otherwise."""
    client, organization = client_options(settings), push.checked.organization_id
    producer = AIOKafkaProducer(
        **client,
        transactional_id=f"loyalty-rules-push-{organization}",
        transaction_timeout_ms=TRANSACTION_MS,
        acks="all",
    )
    try:
        await producer.start()  # 1
    except KafkaError as error:
        await producer.stop()
        raise Unavailable(unreachable(client, error)) from error
    try:
        await _require_base(settings, push)  # 2, 3
        await _write(settings, producer, push, now())  # 4
    except ProducerFenced as error:
        raise StaleBase(organization, push.base, None) from error
    except KafkaError as error:
        raise OutcomeUnknown(
            f"whether the push went through is not known: {error!r}; `loyalty rules status` tells"
        ) from error
    finally:
        await producer.stop()


async def _require_base(settings: Settings, push: Push) -> None:
    reader = TopicReader(client_options(settings), settings.topic(Channel.RULES))
    try:
        records = (await reader.read()).records
    finally:
        await reader.close()
    live: LiveSet | None = live_sets(records).get(push.checked.organization_id)
    found = None if live is None else live.content_hash or "?"
    if found != push.base:
        raise StaleBase(push.checked.organization_id, push.base, live)


async def _write(settings: Settings, producer: AIOKafkaProducer, push: Push, at: datetime) -> None:
    checked = push.checked
    key = checked.organization_id.encode()
    entry = HistoryRecord(
        checked.organization_id,
        checked.version,
        checked.content_hash,
        checked.organization_id,
        push.text,
        Pushed(push.author, push.reason, at.isoformat(timespec="seconds"), push.base),
    )
    async with producer.transaction():
        history, rules = settings.topic(Channel.RULES_HISTORY), settings.topic(Channel.RULES)
        await producer.send_and_wait(history, msgspec.json.encode(entry), key=key)
        await producer.send_and_wait(rules, push.text.encode(), key=key)
