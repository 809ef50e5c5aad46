"""The rule sets in force: read, proven, written to the history, swapped in; last good kept.

1. Read the history to its end: every set that ever decided, by hash.
2. Read the source to its end, once, before any lane opens.
3. Each set is compiled aside, and every formula held against the reference evaluator; one that is
   refused leaves its organization on its last good set.
   An organization whose only set is refused and that has no last good keeps all lanes closed:
   events taken without their rules would be lost credits.
4. A new set is in the history, acknowledged, before the first plan that names it.
5. Swap one reference. Later changes of the source go through 3–5 again.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

from rules_engine.compile import CompiledRuleSet
from rules_engine.errors import RuleSetError
from worker.errors import Misconfigured, ProverUnavailable, SourceUnavailable, Unavailable
from worker.rules.ahead import ProofsAhead
from worker.rules.announcing import Announcer
from worker.rules.compiled import CompiledSets
from worker.rules.in_force import InForce
from worker.rules.listener import RulesListener
from worker.rules.ports import RuleHistory, RuleSource, RuleText, StoredRules
from worker.rules.prover import Prover
from worker.rules.texts import check_home, check_readable

log = logging.getLogger(__name__)

RELOAD_SECONDS = 1.0


class _File(Struct, frozen=True):
    """What the source's file came to. `compiled` None: refused, and no last good is known."""

    content_hash: str
    compiled: CompiledRuleSet | None


class ActiveRules:
    def __init__(
        self,
        source: RuleSource,
        history: RuleHistory,
        listener: RulesListener,
        prover: Prover,
    ) -> None:
        self._source = source
        self._history = history
        self._prover = prover
        self._listener = listener
        self._in_force = InForce()
        self._announcer = Announcer(listener, self._in_force)
        self._compiled = CompiledSets(history, prover, self._in_use)
        self._asked: dict[str, str] = {}
        """By organization the set that a plan asked for last: a log of many organizations names
        theirs again and again."""
        self._files: dict[str, _File] = {}
        self._absent: set[str] = set()
        """Files that were missing at the last look."""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Steps 1–5, then watch. Raises Misconfigured where an organization has no usable set, and
        Unavailable where nobody can say yet: to be called again."""
        await self._history.load()  # 1
        await self._refresh()  # 2–5
        self._check_homes()
        self._task = asyncio.create_task(self._watch(), name="rules")
        self._task.add_done_callback(self._ended)

    def _check_homes(self) -> None:
        """Raises Misconfigured where it is not clear which rules decide for somebody's events."""
        if not self._files:
            raise Misconfigured(
                "No lane opens: the source of the rules is empty.",
                "Put rule sets into the directory, or publish them (`loyalty rules push`), as "
                "LOYALTY_RULES_SOURCE says. An organization that shall have no "
                "rules has a set with `rules: []`.",
            )
        homeless = sorted(file for file, state in self._files.items() if state.compiled is None)
        if homeless:
            raise Misconfigured(
                f"No lane opens: {', '.join(homeless)} cannot be used, and no earlier rule set of "
                "the organization is known.",
                "Mend the findings above (`loyalty rules validate`), or remove the file.",
            )
        if self._in_force.ignored:
            pairs = sorted(f"{home} and {file}" for file, home in self._in_force.ignored.items())
            raise Misconfigured(
                f"No lane opens: {', '.join(pairs)} hold rules of the same organization.",
                "Keep one file per organization: nobody can say which one is meant.",
            )

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._prover.close()
        await self._source.close()
        await self._history.close()  # last: Kafka may not answer

    def rules_of(self, named: Mapping[str, str | None] | None) -> Mapping[str, CompiledRuleSet]:
        """The sets in force (None), or exactly those of a plan. Raises LoudStop for a hash that
        the history does not hold."""
        if named is None:
            return self._in_force.sets
        by_hash = self._compiled.by_hash
        return {org: by_hash(org, name) for org, name in named.items() if name is not None}

    async def learn(self, named: Mapping[str, str | None]) -> None:
        """Make the sets of a plan ready, aside. Raises Unavailable."""
        self._asked.update((org, name) for org, name in named.items() if name is not None)
        await self._compiled.learn(named)

    def _in_use(self) -> set[str]:
        """Hashes, also of what is about to be swapped in, and what plans asked for last."""
        files = (state.compiled for state in self._files.values() if state.compiled is not None)
        in_force = {each.content_hash for each in (*self._in_force.sets.values(), *files)}
        return in_force.union(self._asked.values())

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Rules that nobody watches any more must not go unnoticed."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._listener.failed(error)

    async def _watch(self) -> None:
        said = ""
        while True:
            await self._source.changed(RELOAD_SECONDS)
            try:
                await self._refresh()
                said = ""
            except (Unavailable, OSError) as error:
                if str(error) != said:  # once, not at every look
                    log.warning("the rules cannot be read, the last good ones stay: %s", error)
                said = str(error)

    async def _refresh(self) -> None:
        texts = await self._source.read()  # 2
        if not texts and self._files:
            # Every set gone at once is a volume that went away, not an author's wish.
            raise SourceUnavailable("the source of the rules is empty")
        self._drop_removed(set(texts))
        unproven = await self._prove_changed(texts)  # 3, 4
        good = {f: state.compiled for f, state in self._files.items() if state.compiled}
        refused, all_proven = self._announcer.refused, unproven is None
        self._announcer.swapped(self._in_force.swap(good, refused, all_proven=all_proven))  # 5
        if unproven is not None:
            raise unproven

    async def _prove_changed(self, texts: Mapping[str, RuleText]) -> ProverUnavailable | None:
        """In the order of their names; why one could not be proven, for which the others' sets do
        not wait."""
        unproven: ProverUnavailable | None = None
        changed = {file: texts[file] for file in sorted(texts) if self._is_new(file, texts[file])}
        readable = [(file, text) for file, text in changed.items() if text.unreadable is None]
        async with ProofsAhead(self._prover, readable) as proofs:
            for file, text in changed.items():
                try:
                    compiled = await self._prove(file, text, proofs)
                except ProverUnavailable as error:
                    unproven = error
                    continue
                self._files[file] = _File(text.content_hash, compiled)
        return unproven

    def _is_new(self, file: str, text: RuleText) -> bool:
        known = self._files.get(file)
        return known is None or known.content_hash != text.content_hash

    async def _prove(
        self, file: str, text: RuleText, proofs: ProofsAhead
    ) -> CompiledRuleSet | None:
        """The file's set, written to the history; the last good one where it is refused, or larger
        than the history takes."""
        try:
            check_readable(text, file)
            proven = await proofs.of(file)
            check_home(text, file, proven)
            await self._record(file, text, proven)
        except (RuleSetError, Misconfigured) as error:
            return await self._last_good(file, text, error)
        compiled = self._compiled.same(proven)
        self._announcer.got_through(compiled, file)
        return compiled

    async def _record(self, file: str, text: RuleText, proven: CompiledRuleSet) -> None:
        latest = self._history.latest(proven.organization_id)
        if latest is None or latest.content_hash != proven.content_hash:
            await self._history.record(
                StoredRules(
                    organization=proven.organization_id,
                    version=proven.version,
                    content_hash=proven.content_hash,
                    file=file,
                    text=text.text,
                )
            )

    async def _last_good(
        self, file: str, text: RuleText, error: RuleSetError | Misconfigured
    ) -> CompiledRuleSet | None:
        known = self._files.get(file)
        good = known.compiled if known is not None else None
        if good is None and (stored := self._history.latest_of_file(file)) is not None:
            with suppress(RuleSetError):  # of a release that took what this one refuses
                good = await self._compiled.again(stored)
        named = text.organization or (good.organization_id if good else None)
        named = named or await self._prover.organization_of(text.text)
        stays = good or self._in_force.sets.get(named or "")
        self._announcer.refuse(named or file, file, text, error, stays)
        return good

    def _drop_removed(self, present: set[str]) -> None:
        """A file that is missing twice in a row is gone; once may be an editor's rename."""
        absent = set(self._files) - present
        for file in absent & self._absent:
            del self._files[file]
            self._announcer.forget(file)
        self._absent = absent
