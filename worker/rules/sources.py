"""Where rule sets come from: a directory, or a compacted topic keyed by organization."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from watchfiles import awatch

from worker.errors import Misconfigured, SourceUnavailable
from worker.kafka.reader import TopicReader
from worker.rules.ports import RuleText
from worker.rules.rule_files import RuleFiles
from worker.rules.texts import rule_text

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.2
NOTICE_MS = 80
WATCH_AGAIN_SECONDS = 5.0
ASK_SECONDS = 0.25
"""Asking a topic for its end costs its broker next to nothing."""


class DirectorySource:
    """`RuleSource`: the rule sets' files of a directory (`rule_files.py`).

    Names are looked up anew at each read, so Kubernetes may swap `..data` under the files. What
    changed is believed only when two reads in a row agree: a file that is being written, or a swap
    under way, shows half of itself, and half a rule set may be a valid one. The system's notices
    of changes make it quick; where they do not come (network file systems, used up watches)
    looking now and then is enough.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files = RuleFiles(directory)
        self._believed: Mapping[str, RuleText] | None = None
        self._noticed = asyncio.Event()
        self._notices: asyncio.Task[None] | None = None

    async def read(self) -> Mapping[str, RuleText]:
        seen = await self._look()
        while seen != self._believed:
            await asyncio.sleep(SETTLE_SECONDS)
            before, seen = seen, await self._look()
            if seen == before:
                self._believed = seen
        return seen

    async def changed(self, seconds: float) -> None:
        if self._notices is None:
            self._notices = asyncio.create_task(self._notice(), name="notices of rule files")
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._noticed.wait()
        self._noticed.clear()

    async def _notice(self) -> None:
        while True:
            try:
                await self._notice_in_this_one()
            except (OSError, RuntimeError) as error:
                log.debug("no notices of changes in %s: %s", self._directory, error)
            await asyncio.sleep(WATCH_AGAIN_SECONDS)

    async def _notice_in_this_one(self) -> None:
        """Until another directory has its name: the system tells of the one that was there."""
        watched = await asyncio.to_thread(_identity, self._directory)
        watching = awatch(
            self._directory,
            debounce=NOTICE_MS,
            step=NOTICE_MS // 4,
            rust_timeout=int(WATCH_AGAIN_SECONDS * 1000),
            yield_on_timeout=True,
        )
        async with aclosing(watching) as notices:
            async for changes in notices:
                if changes:
                    self._noticed.set()
                if await asyncio.to_thread(_identity, self._directory) != watched:
                    break

    async def close(self) -> None:
        if self._notices is not None:
            self._notices.cancel()
            await asyncio.gather(self._notices, return_exceptions=True)
            self._notices = None

    async def _look(self) -> Mapping[str, RuleText]:
        try:
            return await asyncio.to_thread(self._files.read)
        except OSError as error:
            message = f"The rules in {self._directory} cannot be read: {error}"
            if self._believed is None:
                remedy = "Name a readable directory in LOYALTY_RULES_SOURCE (directory:/path)."
                raise Misconfigured(f"{message}.", remedy) from error
            raise SourceUnavailable(message) from error


def _identity(directory: Path) -> tuple[int, int]:
    found = directory.stat()
    return found.st_dev, found.st_ino


class KafkaSource:
    """`RuleSource`: the latest text of each key (an organization); a null value removes it."""

    def __init__(self, client: Mapping[str, Any], topic: str) -> None:
        self._topic = topic
        self._reader = TopicReader(client, topic)
        self._texts: dict[str, RuleText] = {}

    async def read(self) -> Mapping[str, RuleText]:
        news = await self._reader.read()
        texts = {} if news.afresh else dict(self._texts)
        for record in news.records:
            organization = (record.key or b"").decode(errors="surrogateescape")
            if record.value is None:
                texts.pop(organization, None)
            else:
                text = record.value.decode(errors="surrogateescape")
                texts[organization] = rule_text(text, organization)
        if news.afresh and not texts and await self._reader.is_held_back():
            await self._reader.close()
            raise SourceUnavailable(f"{self._topic} has no rules yet, but a push is under way")
        self._texts = texts
        return texts

    async def changed(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, ASK_SECONDS))

    async def close(self) -> None:
        await self._reader.close()
