"""Before the first lane: which topics, which tables, which rules, and whether they fit together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from config.settings import Settings
from schemas.topics import EVENT_TYPES, EVENTS, INPUTS, Channel
from worker.errors import Misconfigured, TablesUnavailable, Unavailable
from worker.findings import Finding
from worker.kafka.durability import check_durability
from worker.kafka.security import client_options
from worker.kafka.topic_checks import check_topics
from worker.kafka.topics import partition_count
from worker.rules.ports import RuleSource
from worker.rules.sources import DirectorySource, KafkaSource
from worker.tables.factory import TablesFactory, open_tables
from worker.tables.health import CONNECTION

log = logging.getLogger(__name__)

PATIENCE = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between the attempts to reach what the worker needs."""


def input_types(settings: Settings) -> dict[str, Sequence[str]]:
    """The event types of each input topic."""
    return {settings.topic(channel): EVENT_TYPES[channel] for channel in EVENTS}


def tables_of(settings: Settings) -> TablesFactory:
    password = settings.redis_password
    return open_tables(
        settings.redis_url,
        settings.redis_key_prefix,
        username=settings.redis_username,
        password=password.get_secret_value() if password is not None else None,
    )


def source_of(settings: Settings) -> RuleSource:
    directory = settings.rules_directory
    if directory is not None:
        return DirectorySource(directory)
    return KafkaSource(client_options(settings), settings.topic(Channel.RULES))


Found = TypeVar("Found")


async def patiently(attempt: Callable[[], Awaitable[Found]]) -> Found:
    """What the attempt gives, made again a few times where something does not answer yet. Raises
    Misconfigured where that never comes."""
    for pause in (*PATIENCE, None):
        try:
            return await attempt()
        except Unavailable as error:
            if pause is None:
                message = str(error).removesuffix(".") + "."
                raise Misconfigured(message, "See to that, then start the worker.") from error
            log.warning("%s; trying again in %g s", error, pause)
            await asyncio.sleep(pause)
    raise AssertionError("unreachable")


async def preflight(settings: Settings) -> int:
    """The partition count of the inputs. Waits a little for what is not up yet.

    Raises Misconfigured with every finding that keeps the worker from starting.
    """
    return await patiently(lambda: _check(settings))


async def _check(settings: Settings) -> int:
    findings = [
        *await check_topics(settings),
        *await check_durability(settings),
        *await _check_tables(settings),
    ]
    errors = [finding for finding in findings if finding.severity == "ERROR"]
    for finding in findings:
        if finding.severity != "ERROR":
            log.warning("%s", finding)
    if errors and all(finding.subject == CONNECTION for finding in errors):
        raise TablesUnavailable(f"{errors[0].message} {errors[0].remedy}")
    if errors:
        raise Misconfigured("\n".join(map(str, errors)), "Nothing was consumed.")
    return await partition_count(settings, settings.topic(INPUTS[0]))


async def _check_tables(settings: Settings) -> Sequence[Finding]:
    tables = tables_of(settings)
    try:
        return [*await tables.check(), *await tables.durability()]
    finally:
        await tables.close()
