"""Rule tests run: every case from an empty state of its own, by the worker's own evaluation."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rules_engine.cases.checked import CheckedCase, CheckedCases, Pattern, ReasonPattern
from rules_engine.cases.coverage import Coverage, Watch
from rules_engine.cases.match import Happened, match
from rules_engine.cases.wording import (
    missing,
    no_reason,
    not_asked,
    refused,
    unexpected,
    wrong_reason,
)
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from rules_engine.diagnostics import Diagnostic
from rules_engine.explain import Explanation, RuleExplanation
from rules_engine.explain.simulated import explain_simulated
from rules_engine.simulate import Simulated, simulate


@dataclass(frozen=True)
class Failure:
    """An expectation that was not met: `finding` has its place and what happened instead.

    `event`: the one to be explained, `rule_id`: the rule that it is about; None: none alone.
    """

    finding: Diagnostic
    event: Simulated | None = None
    rule_id: str | None = None


@dataclass(frozen=True)
class CaseResult:
    """A case passed if it has no failures."""

    file: str
    case: CheckedCase
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True)
class CaseRun:
    """What all cases about one rule set came to."""

    results: tuple[CaseResult, ...]
    coverage: Coverage

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.results)


def run_cases(files: Iterable[CheckedCases], compiled: CompiledRuleSet | None = None) -> CaseRun:
    """Run the tests of files that are about one rule set (`CheckedCases.rule_set`, the same of
    all). `compiled`: that rule set, where it is compiled already.

    Raises ValueError where there are no files.
    """
    all_files = list(files)
    if not all_files:
        raise ValueError("there are no rule tests to run")
    rule_set = all_files[0].rule_set
    compiled = compile_rule_set(rule_set) if compiled is None else compiled
    watch = Watch(rule_set)
    results = [
        CaseResult(each.file, case, tuple(_Run(each, case, compiled, watch).failures()))
        for each in all_files
        for case in each.cases
    ]
    return CaseRun(tuple(results), watch.coverage())


class _Run:
    """One case."""

    def __init__(
        self, file: CheckedCases, case: CheckedCase, compiled: CompiledRuleSet, watch: Watch
    ) -> None:
        self._file, self._case = file, case
        taken = list(simulate(compiled, [*case.history, *case.events], case.until))
        self._history = [each for each in taken if each.line < len(case.history)]
        self._events = taken[len(self._history) :]
        self._explained: dict[int, Explanation] = {}
        for each in taken:
            explained = explain_simulated(file.rule_set, each, changes=False)
            if explained is not None:
                self._explained[id(each)] = explained
                watch.saw(explained)

    def failures(self) -> Iterator[Failure]:
        yield from self._refusals()
        case = self._case
        commands = [text for each in self._events for text in each.commands]
        journal = [text for each in self._events for text in each.journal]
        yield from self._list("command", case.commands, commands)
        yield from self._list("journal record", case.journal, journal)
        for pattern in case.reasons:
            yield from self._reason(pattern)

    def _refusals(self) -> Iterator[Failure]:
        """An event that came to nothing because it was refused is never what was meant."""
        place = (*self._case.path, "given")
        for each in (*self._history, *self._events):
            if each.event is not None and each.outcome is not None and each.outcome.rejected:
                finding = refused(self._file, place, each.event.event_id, each.outcome.rejected)
                yield Failure(finding)

    def _list(
        self, noun: str, patterns: Sequence[Pattern] | None, wire: Sequence[bytes]
    ) -> Iterator[Failure]:
        if patterns is None:
            return
        unmet, left = match(patterns, [Happened.of(json.loads(text)) for text in wire])
        for each in unmet:
            wanted, nearest = each.pattern, each.nearest
            event_id = wanted.wanted("eventId") or (nearest and nearest.event_id)
            rule_id = wanted.wanted("ruleId")
            yield Failure(
                missing(self._file, noun, each),
                self._event(str(event_id)) if event_id else self._last(),
                None if rule_id is None else str(rule_id),
            )
        key = "commands" if noun == "command" else "journal"
        place = (*self._case.path, "expect", key)
        for happened in left:
            finding = unexpected(self._file, place, noun, happened)
            rule_id = happened.fields.get("ruleId")
            yield Failure(finding, self._event(happened.event_id), rule_id)

    def _reason(self, pattern: ReasonPattern) -> Iterator[Failure]:
        for event in reversed(self._events):
            rule = self._asked(event, pattern, self._explained.get(id(event)))
            if rule is not None:
                break
        else:
            asked_at = None if pattern.event_id is None else self._event(pattern.event_id)
            yield Failure(not_asked(self._file, pattern, asked_at))
            return
        if rule.reason is None:
            yield Failure(no_reason(self._file, pattern), event, pattern.rule_id)
        elif rule.reason is not pattern.reason or pattern.detail not in (None, rule.detail):
            whole = self._asked(event, pattern, explain_simulated(self._file.rule_set, event))
            finding = wrong_reason(self._file, pattern, whole or rule)
            yield Failure(finding, event, pattern.rule_id)

    def _asked(
        self, event: Simulated, pattern: ReasonPattern, explained: Explanation | None
    ) -> RuleExplanation | None:
        """What became of the pattern's rule at this event, if it is the one that is meant."""
        for rule in () if explained is None else explained.rules:
            own_id = rule.event_id or (event.event.event_id if event.event is not None else "")
            if rule.rule_id == pattern.rule_id and pattern.event_id in (None, own_id):
                return rule
        return None

    def _event(self, event_id: str) -> Simulated | None:
        """The last with that id: a repeat comes after what it repeats."""
        found = (each for each in reversed(self._events) if event_id in self._ids(each))
        return next(found, None)

    def _ids(self, event: Simulated) -> set[str]:
        """A timer has as many as there are effects of it."""
        if event.event is not None:
            return {event.event.event_id}
        effects = [json.loads(text) for text in (*event.commands, *event.journal)]
        return {effect["causedBy"]["eventId"] for effect in effects}

    def _last(self) -> Simulated | None:
        return self._events[-1] if self._events else None
