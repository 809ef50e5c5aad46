"""The product against the model, seed by seed: `python -m tests.reference.hunt --seeds 1000`."""

import argparse
import copy
import itertools
import random
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from rules_engine.errors import RuleSetError
from tests.reference.change_corners import CHANGE_CORNERS
from tests.reference.changes import ledger_rule, timer_rule, versions
from tests.reference.compare import Case, Difference, compare
from tests.reference.corners import CORNERS
from tests.reference.generate_events import Stream
from tests.reference.generate_rules import make_world
from tests.reference.ledger_events import LedgerStream
from tests.reference.ledger_rules import make_ledger_world
from tests.reference.lives_events import LivesStream, LivesTimerStream
from tests.reference.timer_corners import TIMER_CORNERS
from tests.reference.timer_events import TimerStream
from tests.reference.timer_rules import make_timer_world
from tests.reference.world import Switches

KINDS, LIVES, CHANGES = 10, 8, 9
"""The last digit of a seed says what it is about."""


def make_case(seed: int, switches: Switches) -> Case:
    """Of ten cases two about timers, two about the account, a corner of one subject, three mixes
    of everything else, one of clients who are imported and forgotten, and one of a rule set that
    changes on the way."""
    rng = random.Random(seed)
    if seed % KINDS == 7:
        return corner(seed, rng)
    if seed % KINDS == LIVES:
        return lives(seed, rng, switches)
    if seed % KINDS == CHANGES:
        return changing(seed, rng, switches)
    if seed % KINDS in (0, 3):
        world = make_timer_world(rng, switches)
        stream = TimerStream(rng, world)
        return Case(seed, world.document, stream.make(), stream.until())
    if seed % KINDS in (2, 5):
        world = make_ledger_world(rng, switches)
        return Case(seed, world.document, LedgerStream(rng, world).make())
    world = make_world(rng, switches)
    return Case(seed, world.document, Stream(rng, world, switches).make())


def corner(seed: int, rng: random.Random) -> Case:
    """One subject each, in turn."""
    number = seed // KINDS % (len(CORNERS) + len(TIMER_CORNERS))
    if number < len(CORNERS):
        return Case(seed, *CORNERS[number](rng))
    document, lines, until = TIMER_CORNERS[number - len(CORNERS)](rng)
    return Case(seed, document, lines, until)


def lives(seed: int, rng: random.Random, switches: Switches) -> Case:
    """Imports and erasures among events of accounts or of timers."""
    if rng.random() < 0.5:
        world = make_ledger_world(rng, switches)
        return Case(seed, world.document, LivesStream(rng, world).make())
    world = make_timer_world(rng, switches)
    stream = LivesTimerStream(rng, world)
    return Case(seed, world.document, stream.make(), stream.until())


def changing(seed: int, rng: random.Random, switches: Switches) -> Case:
    """Other versions of the rule set between the events of accounts, timers or lives."""
    if rng.random() < 0.5:
        return Case(seed, *rng.choice(CHANGE_CORNERS)(rng))
    if rng.random() < 0.5:
        world = make_ledger_world(rng, switches)
        lines = rng.choice([LedgerStream, LedgerStream, LivesStream])(rng, world).make()
        later = versions(rng, world, len(lines), ledger_rule)
        return Case(seed, world.document, lines, None, later)
    world = make_timer_world(rng, switches)
    stream = rng.choice([TimerStream, TimerStream, LivesTimerStream])(rng, world)
    lines = stream.make()
    later = versions(rng, world, len(lines), timer_rule(world))
    return Case(seed, world.document, lines, stream.until(), later)


def minimal(case: Case) -> tuple[Case, Difference]:
    """A difference with as few lines, versions, rules and settings as can be, each left out in
    turn. Lines keep their numbers: empty ones are passed over."""
    found = compare(case)
    assert found is not None
    lines = case.lines[: found.offset + 1]
    if not differs(replace(case, lines=lines)):
        lines = case.lines
    for place in range(len(lines) - 2, -1, -1):
        fewer = [*lines[:place], b"", *lines[place + 1 :]]
        if differs(replace(case, lines=fewer)):
            lines = fewer
    case = replace(case, lines=lines)
    for place in [*case.changes]:
        fewer_changes = {line: each for line, each in case.changes.items() if line != place}
        if differs(replace(case, changes=fewer_changes)):
            case = replace(case, changes=fewer_changes)
    for part in (case.document, *case.document["rules"], *case.document.get("ladders", [])):
        case = without(case, None, part)
    for place, document in case.changes.items():
        for part in (document, *document["rules"], *document.get("ladders", [])):
            case = without(case, place, part)
    difference = compare(case)
    assert difference is not None
    return case, difference


def without(case: Case, place: int | None, part: dict[str, Any]) -> Case:
    """The case with what one of its rule sets can lose of a rule, a ladder or its own settings.
    `place`: the line of a version, None for the first one."""
    document = case.document if place is None else case.changes[place]
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
        smaller = with_document(case, place, fewer)
        if differs(smaller):
            case, document = smaller, fewer
    return case


def with_document(case: Case, place: int | None, document: dict[str, Any]) -> Case:
    if place is None:
        return replace(case, document=document)
    return replace(case, changes={**case.changes, place: document})


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
    for number, line in enumerate(smaller.lines):
        if number in smaller.versions:
            print(smaller.versions[number])
        if line:
            print(number, line.decode("utf-8", "replace")[:400])
    print("  until", smaller.until)
    if isinstance(found.product, dict) and isinstance(found.model, dict):
        for name in sorted(found.product.keys() | found.model.keys()):
            mine, theirs = found.product.get(name), found.model.get(name)
            if mine != theirs:
                print(f"  {name}: product {str(mine)[:300]!r}, model {str(theirs)[:300]!r}")
        print(f"  rules: product {found.product.get('ruleId')}, model {found.model.get('ruleId')}")
    else:
        print(f"  product: {str(found.product)[:1500]}\n  model:   {str(found.model)[:1500]}")
    print("  reasons:", smaller.model().reasons.get(found.offset))


def seeds_of(first: int, kinds: Collection[int]) -> Iterator[int]:
    return (seed for seed in itertools.count(first) if seed % KINDS in kinds)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int, default=3, help="how many differences to print")
    kinds: dict[str, Any] = {
        "type": int,
        "nargs": "*",
        "choices": range(KINDS),
        "default": range(KINDS),
    }
    parser.add_argument("--kinds", **kinds, help=f"{LIVES}: lives, {CHANGES}: changes")
    names = list(Switches.__annotations__)
    parser.add_argument("--with", nargs="*", default=[], choices=names, dest="on")
    parser.add_argument("--without", nargs="*", default=[], choices=names, dest="off")
    arguments = parser.parse_args()
    switches = Switches(**dict.fromkeys(arguments.on, True), **dict.fromkeys(arguments.off, False))
    began = time.monotonic()
    refused = differing = commands = records = letters = 0
    for seed in itertools.islice(seeds_of(arguments.first, arguments.kinds), arguments.seeds):
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
        result = case.model()
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
