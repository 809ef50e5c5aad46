"""Where rule sets come from: a directory, or a compacted topic keyed by organization."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rules_engine.cases.names import is_rule_set
from worker.errors import Misconfigured, SourceUnavailable
from worker.kafka.reader import TopicReader
from worker.rules.ports import RuleText
from worker.rules.texts import rule_text

SETTLE_SECONDS = 0.2


class DirectorySource:
    """`RuleSource`: the `*.yaml`, `*.yml` and `*.json` of a directory, rule tests beside them left
    out (`*.test.yaml`).

    Names are looked up anew at each read, so Kubernetes may swap `..data` under the files. What
    changed is believed only when two reads in a row agree: a file that is being written, or a swap
    under way, shows half of itself, and half a rule set may be a valid one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._believed: Mapping[str, RuleText] | None = None

    async def read(self) -> Mapping[str, RuleText]:
        seen = await self._look()
        while seen != self._believed:
            await asyncio.sleep(SETTLE_SECONDS)
            before, seen = seen, await self._look()
            if seen == before:
                self._believed = seen
        return seen

    async def close(self) -> None:
        """Nothing is held."""

    async def _look(self) -> Mapping[str, RuleText]:
        try:
            return await asyncio.to_thread(_read_directory, self._directory)
        except OSError as error:
            message = f"The rules in {self._directory} cannot be read: {error}"
            if self._believed is None:
                remedy = "Name a readable directory in RULES_SOURCE (directory:/path)."
                raise Misconfigured(f"{message}.", remedy) from error
            raise SourceUnavailable(message) from error


def _read_directory(directory: Path) -> Mapping[str, RuleText]:
    texts = {}
    for path in sorted(directory.iterdir()):
        if is_rule_set(path.name) and not path.name.startswith(".") and path.is_file():
            text = path.read_bytes().decode(errors="surrogateescape")
            texts[path.name] = rule_text(text)
    return texts


class KafkaSource:
    """`RuleSource`: the latest text of each key (an organization); a null value removes it."""

    def __init__(self, client: Mapping[str, Any], topic: str) -> None:
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
                texts[organization] = rule_text(record.value.decode(errors="surrogateescape"))
        self._texts = texts
        return texts

    async def close(self) -> None:
        await self._reader.close()
