"""Compiled rule sets by hash: those in force, and earlier ones that a replay asks for."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from rules_engine.errors import RuleSetError
from worker.errors import LoudStop
from worker.rules.ports import RuleHistory, StoredRules
from worker.rules.prover import Prover

MOST_EARLIER = 2
"""Sets that are kept beside those in use: a thousand rules take some 14 MB. What a plan names is
kept for it anyway."""


class CompiledSets:
    """`in_use`: the hashes that stay whatever comes; of the rest the latest stay."""

    def __init__(
        self, history: RuleHistory, prover: Prover, in_use: Callable[[], Collection[str]]
    ) -> None:
        self._history, self._prover, self._in_use = history, prover, in_use
        self._compiled: dict[str, CompiledRuleSet] = {}
        self._learning = asyncio.Lock()

    def same(self, proven: CompiledRuleSet) -> CompiledRuleSet:
        """The very object that is kept already under its hash, or this one."""
        if proven.content_hash not in self._compiled:
            self._keep(proven.content_hash, proven)
        return self._compiled[proven.content_hash]

    async def again(self, stored: StoredRules) -> CompiledRuleSet:
        """A set of the history. Raises RuleSetError, ProverUnavailable."""
        return self.same(await self._prover.compile(stored.text, stored.file))

    async def learn(self, named: Mapping[str, str | None]) -> None:
        """Make ready the sets of a plan, also those that another worker recorded since the history
        was read: compiled aside, one lane's replay must not hold the others. Raises Unavailable."""
        if self._is_known(named):
            return
        async with self._learning:
            unknown = sorted({name for name in named.values() if name} - self._compiled.keys())
            if any(self._history.by_hash(name) is None for name in unknown):
                await self._history.load()
            for name in unknown:
                if (stored := self._history.by_hash(name)) is not None:
                    with suppress(RuleSetError):  # `by_hash` tells it
                        ready = await self._prover.compile(stored.text, stored.file)
                        self._keep(name, ready, set(named.values()))

    def _is_known(self, named: Mapping[str, str | None]) -> bool:
        return all(name is None or name in self._compiled for name in named.values())

    def by_hash(self, organization: str, content_hash: str) -> CompiledRuleSet:
        """Raises LoudStop where no plan with it can be repeated."""
        if content_hash not in self._compiled:
            stored = self._history.by_hash(content_hash)
            if stored is None:
                raise LoudStop(
                    f"A plan was decided by rule set {content_hash} of {organization}, which the "
                    "topic of rule-set history does not hold.",
                    "Restore that topic, or point LOYALTY_TOPIC_RULES_HISTORY at the right one.",
                )
            self._keep(content_hash, _compile(stored))
        return self._compiled[content_hash]

    def _keep(
        self, name: str, compiled: CompiledRuleSet, beside: Collection[str | None] = ()
    ) -> None:
        """Under a plan's name for it, also where this release would hash it otherwise. `beside`:
        what else the plan names, which stays until its next one."""
        self._compiled[name] = compiled
        stay = {name, *beside, *self._in_use()}
        earlier = [each for each in self._compiled if each not in stay]
        for each in earlier[:-MOST_EARLIER]:
            del self._compiled[each]


def _compile(stored: StoredRules) -> CompiledRuleSet:
    try:
        return compile_rule_set(load_rule_set(stored.text, stored.file))
    except RuleSetError as error:
        raise LoudStop(
            f"A plan was decided by rule set {stored.content_hash} of {stored.organization}, "
            f"which this release refuses: {error}.",
            "Run the release that applied it until the lanes have caught up, then this one.",
        ) from error
