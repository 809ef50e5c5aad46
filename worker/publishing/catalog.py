"""What is published, what was, and what each worker made of it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from config.settings import Settings
from rules_engine.author.load import load_rule_set
from rules_engine.checked import CheckedRuleSet
from rules_engine.errors import RuleSetError
from schemas.records import Record
from schemas.topics import Channel
from worker.kafka.group import live_members
from worker.kafka.reader import TopicReader
from worker.kafka.security import client_options
from worker.kafka.topics import require_topics
from worker.rules.history import HistoryRecord, decode_history
from worker.rules.status import Status

log = logging.getLogger(__name__)


class LiveSet(Struct, frozen=True):
    """What `loyalty.rules` holds for an organization. `checked` None: this release refuses it."""

    organization: str
    text: str
    checked: CheckedRuleSet | None

    @property
    def content_hash(self) -> str | None:
        return None if self.checked is None else self.checked.content_hash


class Catalog(Struct, frozen=True):
    """`live`: by organization. `pushed`: every push, oldest first. `statuses`: of workers that are
    in the group now, whose names are `workers`."""

    live: Mapping[str, LiveSet]
    pushed: Sequence[HistoryRecord]
    statuses: Sequence[Status]
    workers: frozenset[str]

    def pushes_of(self, organization: str) -> list[HistoryRecord]:
        return [each for each in self.pushed if each.organization == organization]

    def statuses_of(self, organization: str) -> list[Status]:
        return [each for each in self.statuses if each.organization_id == organization]


async def read_catalog(settings: Settings) -> Catalog:
    """Raises Misconfigured where a topic is missing, Unavailable."""
    await require_topics(settings, (Channel.RULES, Channel.RULES_HISTORY, Channel.RULES_STATUS))
    rules, history, statuses, members = await asyncio.gather(
        _read(settings, Channel.RULES),
        _read(settings, Channel.RULES_HISTORY),
        _read(settings, Channel.RULES_STATUS),
        live_members(settings),
    )
    workers = frozenset(member.name for member in members)
    return Catalog(live_sets(rules), _pushes(history), current_statuses(statuses, workers), workers)


async def _read(settings: Settings, channel: Channel) -> Sequence[Record]:
    reader = TopicReader(client_options(settings), settings.topic(channel))
    try:
        return (await reader.read()).records
    finally:
        await reader.close()


def live_sets(records: Sequence[Record]) -> dict[str, LiveSet]:
    """The latest text of each key; a null value removes it."""
    texts: dict[str, str | None] = {}
    for record in records:
        key = (record.key or b"").decode(errors="surrogateescape")
        value = record.value
        texts[key] = None if value is None else value.decode(errors="surrogateescape")
    return {key: _live_set(key, text) for key, text in sorted(texts.items()) if text is not None}


def _live_set(organization: str, text: str) -> LiveSet:
    try:
        return LiveSet(organization, text, load_rule_set(text, f"{organization} (live)"))
    except RuleSetError:
        return LiveSet(organization, text, None)


def _pushes(records: Sequence[Record]) -> list[HistoryRecord]:
    pushed = []
    for record in records:
        try:
            entry = decode_history(record.value or b"")
        except msgspec.DecodeError as error:
            log.warning("the history holds a record that is no rule set: %s", error)
            continue
        if entry.pushed is not None:
            pushed.append(entry)
    return pushed


def current_statuses(records: Sequence[Record], workers: frozenset[str]) -> list[Status]:
    """The latest of each worker and organization, of workers that live."""
    latest: dict[bytes, Status | None] = {}
    for record in records:
        try:
            status = msgspec.json.decode(record.value, type=Status) if record.value else None
        except msgspec.DecodeError as error:
            log.warning("the rules' status of %r cannot be read: %s", record.key, error)
            continue
        latest[record.key or b""] = status
    found = [status for status in latest.values() if status and status.worker in workers]
    return sorted(found, key=lambda status: (status.organization_id, status.worker))
