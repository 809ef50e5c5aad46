"""The product against the model, seed by seed: `python -m tests.reference.hunt --seeds 1000`."""

import argparse
import copy
import random
import sys
import time
from typing import Any

from rules_engine.errors import RuleSetError
from tests.reference.compare import Case, Difference, compare
from tests.reference.corners import CORNERS
from tests.reference.generate_events import Stream
from tests.reference.generate_rules import Switches, make_world
from tests.reference.ledger_events import LedgerStream
from tests.reference.ledger_rules import make_ledger_world
from tests.reference.model import run


def make_case(seed: int, switches: Switches) -> Case:
    """A mix of everything; every sixth a corner of one subject."""
    rng = random.Random(seed)
    if seed % 6 == 5:
        return Case(seed, *CORNERS[seed // 6 % len(CORNERS)](rng))
    if seed % 6 in (2, 4):
        world = make_ledger_world(rng, switches)
        return Case(seed, world.document, LedgerStream(rng, world).make())
    world = make_world(rng, switches)
    return Case(seed, world.document, Stream(rng, world, switches).make())


def minimal(case: Case) -> tuple[Case, Difference]:
    """A difference with as few lines, rules and settings as can be, each left out in turn."""
    found = compare(case)
    assert found is not None
    lines = case.lines[: found.offset + 1]
    if not differs(Case(case.seed, case.document, lines)):
        lines = case.lines
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
