"""The first difference between the product and the model on one case."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules_engine.author import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.simulate import simulate
from tests.reference.generate_rules import as_json, as_yaml
from tests.reference.model import run


@dataclass(frozen=True)
class Case:
    """A rule set and its events."""

    seed: int
    document: dict[str, Any]
    lines: list[bytes]

    @cached_property
    def rules(self) -> str:
        return as_json(self.document) if self.seed % 3 else as_yaml(self.document)


@dataclass(frozen=True)
class Difference:
    """Where the product and the model part for the first time."""

    offset: int
    what: str
    product: Any
    model: Any


def compare(case: Case) -> Difference | None:
    """The first difference, by line. Raises RuleSetError where the product refuses the set."""
    compiled = compile_rule_set(load_rule_set(case.rules, "case.yaml"))
    commands: list[Any] = []
    journal: list[Any] = []
    letters: list[Any] = []
    drifts: list[int] = []
    for simulated in simulate(compiled, case.lines):
        commands += [ordered(json.loads(command)) for command in simulated.commands]
        journal += [ordered(json.loads(record)) for record in simulated.journal]
        if simulated.dead_letter is not None:
            letters.append(json.loads(simulated.dead_letter))
        if simulated.outcome is not None and simulated.outcome.has_drifted:
            drifts.append(simulated.line)
    result = run(case.rules, case.lines)
    differences = [
        *first(commands, [ordered(command) for command in result.commands], effect_offset),
        *of_clients(journal, [ordered(record) for record in result.journal]),
        *first([letter_of(letter) for letter in letters], result.dead_letters, letter_offset),
        *first(drifts, result.drifts, int),
    ]
    return min(differences, key=lambda found: found.offset, default=None)


def of_clients(product: list[Any], model: list[Any]) -> Iterator[Difference]:
    """Client by client; what lapses after a client's last event is left out."""
    for client in dict.fromkeys(record["clientId"] for record in product + model):
        mine = [record for record in product if record["clientId"] == client]
        theirs = [record for record in model if record["clientId"] == client]
        while len(theirs) > len(mine) and theirs[-1]["type"] == "BONUS_EXPIRY":
            theirs.pop()
        yield from first(mine, theirs, effect_offset)


def ordered(effect: dict[str, Any]) -> dict[str, Any]:
    """Fields have no order; what is in a list has. A timer has no place in a topic."""
    cause = effect["causedBy"]
    if cause["eventId"].startswith("timer:"):
        cause = {**cause, "topic": None, "partition": None, "offset": None}
    return dict(sorted({**effect, "causedBy": cause}.items()))


def letter_of(letter: dict[str, Any]) -> dict[str, Any]:
    """A dead letter as the model gives one."""
    headers = letter["headers"]
    return {
        "code": headers["error.code"],
        "offset": int(headers["source.offset"]),
        "topic": headers.get("source.topic") or None,
        "value": letter["value"],
    }


def effect_offset(effect: Any) -> int:
    offset = effect["causedBy"]["offset"]
    return 10**6 if offset is None else int(offset)


def letter_offset(letter: Any) -> int:
    return int(letter["offset"])


def first(product: list[Any], model: list[Any], offset: Any) -> Iterator[Difference]:
    """The first item that differs, in the order of the stream."""
    for mine, theirs in zip(product, model, strict=False):
        if mine != theirs:
            at = min(offset(mine), offset(theirs))
            yield Difference(at, "another", mine, theirs)
            return
    if len(product) > len(model):
        extra = product[len(model)]
        yield Difference(offset(extra), "too much", extra, None)
    if len(model) > len(product):
        lost = model[len(product)]
        yield Difference(offset(lost), "lost", None, lost)
