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
from msgspec import Struct

from config.settings import Settings
from rules_engine.checked import CheckedRuleSet
from schemas.topics import Channel
from worker.kafka.reader import TopicReader
from worker.kafka.security import client_options
from worker.kafka.transactions import Overtaken, exclusive_writer
from worker.publishing.catalog import live_sets
from worker.publishing.errors import StaleBase
from worker.rules.history import HistoryRecord, Pushed


class Push(Struct, frozen=True):
    """`base`: hash of the set in whose place it goes; None where there is none. `is_back`: an
    earlier set again."""

    checked: CheckedRuleSet
    text: str
    author: str
    reason: str
    base: str | None
    is_back: bool = False


def _now() -> datetime:
    return datetime.now(UTC)


async def publish(settings: Settings, push: Push, now: Callable[[], datetime] = _now) -> None:
    """Raises StaleBase; Unavailable where nothing was written, OutcomeUnknown where it may be."""
    organization = push.checked.organization_id
    name = f"loyalty-rules-push-{organization}"
    async with exclusive_writer(client_options(settings), name) as writer:  # 1
        await _require_base(settings, push)  # 2, 3
        try:
            await writer.write(records_of(settings, push, now()))  # 4
        except Overtaken as error:
            raise StaleBase(organization, push.base, None) from error


async def _require_base(settings: Settings, push: Push) -> None:
    reader = TopicReader(client_options(settings), settings.topic(Channel.RULES))
    try:
        records = (await reader.read()).records
    finally:
        await reader.close()
    live = live_sets(records).get(push.checked.organization_id)
    found = None if live is None else live.content_hash or "?"
    if found != push.base:
        raise StaleBase(push.checked.organization_id, push.base, live)


def records_of(settings: Settings, push: Push, at: datetime) -> list[tuple[str, bytes, bytes]]:
    """(topic, key, value): the history's record and the current one."""
    checked = push.checked
    entry = HistoryRecord(
        checked.organization_id,
        checked.version,
        checked.content_hash,
        checked.organization_id,
        push.text,
        Pushed(push.author, push.reason, at.isoformat(timespec="seconds"), push.base, push.is_back),
    )
    key = checked.organization_id.encode()
    return [
        (settings.topic(Channel.RULES_HISTORY), key, msgspec.json.encode(entry)),
        (settings.topic(Channel.RULES), key, push.text.encode()),
    ]
