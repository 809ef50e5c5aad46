"""Rule sources and histories in memory: for the demo and for tests."""

import asyncio
from collections.abc import Mapping

from worker.rules.ports import RuleText, StoredRules
from worker.rules.stored import StoredSets
from worker.rules.texts import rule_text


class MemorySource:
    """`RuleSource`. `texts` may change at any time."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)

    async def read(self) -> Mapping[str, RuleText]:
        return {file: rule_text(text) for file, text in self.texts.items()}

    async def changed(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Nothing is held."""


class MemoryHistory(StoredSets):
    """`RuleHistory` that ends with the process."""

    async def load(self) -> None:
        """Everything is here already."""

    async def record(self, stored: StoredRules) -> None:
        self.add(stored)

    async def close(self) -> None:
        """Nothing is held."""
