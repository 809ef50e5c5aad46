"""The next proof is under way while the last one's outcome is put together and recorded.

Whoever has a thousand texts to prove asks for them one after the other; the prover has a process of
its own, which else would wait for the asker as long as the asker for it.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rules_engine.compile import CompiledRuleSet
from worker.rules.ports import RuleText
from worker.rules.prover import Prover

AHEAD = 1
"""Proofs beyond the one that is asked for: enough to keep one process busy."""


class ProofsAhead:
    """`texts` by file, in the order in which they will be asked for, each at most once."""

    def __init__(self, prover: Prover, texts: Iterable[tuple[str, RuleText]]) -> None:
        self._prover = prover
        self._left = deque(texts)
        self._begun: dict[str, asyncio.Task[CompiledRuleSet]] = {}

    async def of(self, file: str) -> CompiledRuleSet:
        """Raises what `Prover.prove` raises for this text."""
        while self._left and (file not in self._begun or len(self._begun) <= AHEAD):
            name, text = self._left.popleft()
            self._begun[name] = asyncio.create_task(self._prover.prove(text.text, name))
        try:
            return await self._begun[file]
        finally:
            del self._begun[file]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What nobody asked for in the end is given up."""
        for task in self._begun.values():
            task.cancel()
        await asyncio.gather(*self._begun.values(), return_exceptions=True)
