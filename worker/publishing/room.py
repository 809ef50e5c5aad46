"""Will the topics take what a push writes? Found out before its author is asked anything."""

from datetime import UTC, datetime

from config.settings import Settings
from schemas.topics import Channel
from worker.kafka.producer import REQUEST_BYTES, too_large
from worker.kafka.topics import require_topics
from worker.publishing.publish import Push, records_of

RECORD_OVERHEAD = 100
"""Bytes at most that a record has beside key and value, alone in its batch."""


async def require_room(settings: Settings, push: Push) -> None:
    """Raises Misconfigured where a topic is missing or takes no record so large, Unavailable."""
    channels = (Channel.RULES_HISTORY, Channel.RULES)
    topics = await require_topics(settings, channels)
    for name, key, value in records_of(settings, push, datetime.now(UTC)):
        size = len(key) + len(value)
        if size + RECORD_OVERHEAD > min(topics[name].record_limit, REQUEST_BYTES):
            raise too_large(name, size)
