"""The product against the model, seed by seed: `python -m tests.reference.hunt --seeds 1000`."""

import argparse
import copy
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules_engine.author import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.errors import RuleSetError
from rules_engine.simulate import simulate
from tests.reference.corners import CORNERS
from tests.reference.generate_events import Stream
from tests.reference.generate_rules import Switches, as_json, as_yaml, make_world
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


def make_case(seed: int, switches: Switches) -> Case:
    """A mix of everything; every sixth a corner of one subject."""
    rng = random.Random(seed)
    if seed % 6 == 5:
        return Case(seed, *CORNERS[seed // 6 % len(CORNERS)](rng))
    world = make_world(rng, switches)
    return Case(seed, world.document, Stream(rng, world, switches).make())


def compare(case: Case) -> Difference | None:
    """The first difference, by line. Raises RuleSetError where the product refuses the set."""
    compiled = compile_rule_set(load_rule_set(case.rules, "case.yaml"))
    commands: list[Any] = []
    letters: list[Any] = []
    for simulated in simulate(compiled, case.lines):
        commands += [ordered(json.loads(command)) for command in simulated.commands]
        if simulated.dead_letter is not None:
            letters.append(json.loads(simulated.dead_letter))
    result = run(case.rules, case.lines)
    differences = [
        *first(commands, [ordered(command) for command in result.commands], command_offset),
        *first([letter_of(letter) for letter in letters], result.dead_letters, letter_offset),
    ]
    return min(differences, key=lambda found: found.offset, default=None)


def ordered(command: Any) -> Any:
    """Fields have no order; what is in a list has."""
    return dict(sorted(command.items())) if isinstance(command, dict) else command


def letter_of(letter: dict[str, Any]) -> dict[str, Any]:
    """A dead letter as the model gives one."""
    headers = letter["headers"]
    return {
        "code": headers["error.code"],
        "offset": int(headers["source.offset"]),
        "topic": headers.get("source.topic") or None,
        "value": letter["value"],
    }


def command_offset(command: Any) -> int:
    return int(command["causedBy"]["offset"])


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


def minimal(case: Case) -> tuple[Case, Difference]:
    """A difference with as few lines, rules and settings as can be, each left out in turn."""
    found = compare(case)
    assert found is not None
    lines = case.lines[: found.offset + 1]
    place = len(lines) - 2
    while place >= 0:
        fewer = lines[:place] + lines[place + 1 :]
        if differs(Case(case.seed, case.document, fewer)):
            lines = fewer
        place -= 1
    document = case.document
    for part in (document, *document["rules"], *document.get("ladders", [])):
        document = without(case.seed, document, part, lines)
    smaller = Case(case.seed, document, lines)
    difference = compare(smaller)
    assert difference is not None
    return smaller, difference


def without(
    seed: int, document: dict[str, Any], part: dict[str, Any], lines: list[bytes]
) -> dict[str, Any]:
    """The document with what it can lose of a rule, a ladder or its own settings."""
    where = part.get("id")
    for name in [None, *part]:
        fewer = copy.deepcopy(document)
        if where is None:
            fewer.pop(str(name), None)
        else:
            for kind in ("rules", "ladders"):
                some = fewer.get(kind, [])
                if name is None:
                    some[:] = [made for made in some if made["id"] != where]
                for made in some:
                    if made["id"] == where:
                        made.pop(name, None)
        if differs(Case(seed, fewer, lines)):
            document = fewer
    return document


def differs(case: Case) -> bool:
    """Whether there is a difference; a set that is refused has none."""
    try:
        return compare(case) is not None
    except (RuleSetError, KeyError):
        return False


def show(case: Case) -> None:
    """A difference as a person reads it."""
    smaller, found = minimal(case)
    print(f"=== seed {case.seed}: {found.what}, line {found.offset}")
    print(smaller.rules)
    for line in smaller.lines:
        print(line[:400])
    if isinstance(found.product, dict) and isinstance(found.model, dict):
        for name in sorted(found.product.keys() | found.model.keys()):
            mine, theirs = found.product.get(name), found.model.get(name)
            if mine != theirs:
                print(f"  {name}: product {str(mine)[:300]!r}, model {str(theirs)[:300]!r}")
        print(f"  rules: product {found.product.get('ruleId')}, model {found.model.get('ruleId')}")
    else:
        print(f"  product: {str(found.product)[:1500]}\n  model:   {str(found.model)[:1500]}")
    print("  reasons:", run(smaller.rules, smaller.lines).reasons.get(found.offset))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int, default=3, help="how many differences to print")
    names = list(Switches.__annotations__)
    parser.add_argument("--with", nargs="*", default=[], choices=names, dest="on")
    parser.add_argument("--without", nargs="*", default=[], choices=names, dest="off")
    arguments = parser.parse_args()
    switches = Switches(**dict.fromkeys(arguments.on, True), **dict.fromkeys(arguments.off, False))
    began = time.monotonic()
    refused = differing = commands = letters = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        case = make_case(seed, switches)
        try:
            found = compare(case)
        except RuleSetError as error:
            refused += 1
            print(f"seed {seed} refused: {str(error)[:600]}")
            continue
        except Exception:
            print(f"seed {seed} stopped")
            raise
        result = run(case.rules, case.lines)
        commands += len(result.commands)
        letters += len(result.dead_letters)
        if found is not None:
            differing += 1
            if differing <= arguments.show:
                show(case)
            else:
                print(f"seed {seed} differs")
    took = time.monotonic() - began
    print(f"{arguments.seeds} seeds, {commands} commands, {letters} dead letters, "
          f"{refused} refused, {differing} differing, {took:.0f} s")  # fmt: skip
    return 1 if differing or refused else 0


if __name__ == "__main__":
    sys.exit(main())
