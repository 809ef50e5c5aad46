"""The first difference between the product and the model on one case."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from rules_engine.author import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from schemas.instants import parse_instant
from tests.reference.model import run
from tests.reference.result import Effects, Result
from tests.reference.versions import VersionedSimulation
from tests.reference.world import as_json, as_yaml


@dataclass(frozen=True)
class Case:
    """A rule set, its events, and when the run ends (None: at the last event). `changes`: rule sets
    that come into force just before a line."""

    seed: int
    document: dict[str, Any]
    lines: list[bytes]
    until: datetime | None = None
    changes: Mapping[int, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def rules(self) -> str:
        return self.text(self.document)

    @cached_property
    def versions(self) -> dict[int, str]:
        return {line: self.text(document) for line, document in self.changes.items()}

    def text(self, document: dict[str, Any]) -> str:
        return as_json(document) if self.seed % 3 else as_yaml(document)

    def model(self) -> Result:
        return run(self.rules, self.lines, self.until, self.versions)


@dataclass(frozen=True)
class Difference:
    """Where the product and the model part for the first time."""

    offset: int
    what: str
    product: Any
    model: Any


def compare(case: Case) -> Difference | None:
    """The first difference, by line. Raises RuleSetError where the product refuses the set."""
    compiled = compiled_from(case.rules)
    versions = {line: compiled_from(text) for line, text in case.versions.items()}
    until = None if case.until is None else parse_instant(case.until.isoformat())
    mine = Result()
    for simulated in VersionedSimulation(compiled, versions).run(case.lines, until):
        line = simulated.line
        mine.commands += [(line, json.loads(command)) for command in simulated.commands]
        mine.journal += [(line, json.loads(record)) for record in simulated.journal]
        if simulated.dead_letter is not None:
            mine.dead_letters.append((line, letter_of(json.loads(simulated.dead_letter))))
        if simulated.outcome is not None and simulated.outcome.has_drifted:
            mine.drifts.append((line, "drift"))
    theirs = case.model()
    differences = [
        *first("command", mine.commands, theirs.commands),
        *first("record", mine.journal, theirs.journal),
        *first("dead letter", mine.dead_letters, theirs.dead_letters),
        *first("drift", mine.drifts, theirs.drifts),
    ]
    return min(differences, key=lambda found: found.offset, default=None)


def compiled_from(text: str) -> CompiledRuleSet:
    return compile_rule_set(load_rule_set(text, "case.yaml"))


def letter_of(letter: dict[str, Any]) -> dict[str, Any]:
    """A dead letter as the model gives one."""
    headers = letter["headers"]
    return {
        "code": headers["error.code"],
        "offset": int(headers["source.offset"]),
        "topic": headers.get("source.topic") or None,
        "value": letter["value"],
    }


def first(kind: str, product: Effects, model: Effects) -> Iterator[Difference]:
    """The first item that differs, in the order of the stream; fields have no order."""
    for (line, mine), (other_line, theirs) in zip(product, model, strict=False):
        if mine != theirs:
            yield Difference(min(line, other_line), f"another {kind}", mine, theirs)
            return
    if len(product) > len(model):
        line, extra = product[len(model)]
        yield Difference(line, f"{kind} too much", extra, None)
    if len(model) > len(product):
        line, lost = model[len(product)]
        yield Difference(line, f"{kind} lost", None, lost)
