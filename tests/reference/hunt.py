"""The product against the model, seed by seed: `python -m tests.reference.hunt --seeds 1000`."""

import argparse
import copy
import random
import sys
import time
from dataclasses import replace
from typing import Any

from rules_engine.errors import RuleSetError
from tests.reference.compare import Case, Difference, compare
from tests.reference.corners import CORNERS
from tests.reference.generate_events import Stream
from tests.reference.generate_rules import make_world
from tests.reference.ledger_events import LedgerStream
from tests.reference.ledger_rules import make_ledger_world
from tests.reference.model import run
from tests.reference.timer_corners import TIMER_CORNERS
from tests.reference.timer_events import TimerStream
from tests.reference.timer_rules import make_timer_world
from tests.reference.world import Switches


def make_case(seed: int, switches: Switches) -> Case:
    """Of eight cases two about timers, two about the account, a corner of one subject, and three
    mixes of everything else."""
    rng = random.Random(seed)
    if seed % 8 == 7:
        return corner(seed, rng)
    if seed % 8 in (0, 3):
        world = make_timer_world(rng, switches)
        stream = TimerStream(rng, world)
        return Case(seed, world.document, stream.make(), stream.until())
    if seed % 8 in (2, 5):
        world = make_ledger_world(rng, switches)
        return Case(seed, world.document, LedgerStream(rng, world).make())
    world = make_world(rng, switches)
    return Case(seed, world.document, Stream(rng, world, switches).make())


def corner(seed: int, rng: random.Random) -> Case:
    """One subject each, in turn."""
    number = seed // 8 % (len(CORNERS) + len(TIMER_CORNERS))
    if number < len(CORNERS):
        return Case(seed, *CORNERS[number](rng))
    document, lines, until = TIMER_CORNERS[number - len(CORNERS)](rng)
    return Case(seed, document, lines, until)


def minimal(case: Case) -> tuple[Case, Difference]:
    """A difference with as few lines, rules and settings as can be, each left out in turn."""
    found = compare(case)
    assert found is not None
    lines = case.lines[: found.offset + 1]
    if not differs(replace(case, lines=lines)):
        lines = case.lines
    place = len(lines) - 2
    while place >= 0:
        fewer = lines[:place] + lines[place + 1 :]
        if differs(replace(case, lines=fewer)):
            lines = fewer
        place -= 1
    document = case.document
    for part in (document, *document["rules"], *document.get("ladders", [])):
        document = without(case, document, part, lines)
    smaller = replace(case, document=document, lines=lines)
    difference = compare(smaller)
    assert difference is not None
    return smaller, difference


def without(
    case: Case, document: dict[str, Any], part: dict[str, Any], lines: list[bytes]
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
        if differs(replace(case, document=fewer, lines=lines)):
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
        print(line.decode("utf-8", "replace")[:400])
    print("  until", smaller.until)
    if isinstance(found.product, dict) and isinstance(found.model, dict):
        for name in sorted(found.product.keys() | found.model.keys()):
            mine, theirs = found.product.get(name), found.model.get(name)
            if mine != theirs:
                print(f"  {name}: product {str(mine)[:300]!r}, model {str(theirs)[:300]!r}")
        print(f"  rules: product {found.product.get('ruleId')}, model {found.model.get('ruleId')}")
    else:
        print(f"  product: {str(found.product)[:1500]}\n  model:   {str(found.model)[:1500]}")
    print("  reasons:", run(smaller.rules, smaller.lines, smaller.until).reasons.get(found.offset))


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
    refused = differing = commands = records = letters = 0
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
        result = run(case.rules, case.lines, case.until)
        commands += len(result.commands)
        records += len(result.journal)
        letters += len(result.dead_letters)
        if found is not None:
            differing += 1
            if differing <= arguments.show:
                show(case)
            else:
                print(f"seed {seed} differs")
    took = time.monotonic() - began
    print(f"{arguments.seeds} seeds, {commands} commands, {records} records, "
          f"{letters} dead letters, "
          f"{refused} refused, {differing} differing, {took:.0f} s")  # fmt: skip
    return 1 if differing or refused else 0


if __name__ == "__main__":
    sys.exit(main())
