"""Seeded histories in which everything fails, each held against a plain model of what is due.

    python -m tests.simulation.run [--of lane] [--seeds 2000] [--first 0] [--faults 12] [--jobs 2]
    python -m tests.simulation.run --of timers --seed 17

The first form plays histories of one kind, or of all, side by side in several processes, and prints
the seeds that broke. The second replays one of them exactly and tells what happened in it.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial

from msgspec import Struct

from tests.simulation import budget_history, lane_history, timer_history, together_history
from tests.simulation.world import Listener

CHUNK = 10
"""Histories that a process plays before it reports."""
TELL_SECONDS = 10.0


class Kind(Struct, frozen=True):
    """`counted`: what `run_seed` counts; `seeds`: how many are played where nobody says."""

    what: str
    counted: str
    seeds: int
    run_seed: Callable[..., int]


KINDS = {
    "lane": Kind("one lane", "owners", 3_000, lane_history.run_seed),
    "budgets": Kind("lanes that share budgets", "owners", 1_000, budget_history.run_seed),
    "timers": Kind("a lane in which time passes", "timers", 500, timer_history.run_seed),
    "together": Kind("all of it together", "timers", 250, together_history.run_seed),
}


class Played(Struct):
    """Histories of one kind, what they counted together, and what was found in those that broke."""

    histories: int = 0
    counted: int = 0
    broken: tuple[str, ...] = ()
    cpu_seconds: float = 0.0

    def __add__(self, other: "Played") -> "Played":
        histories, counted = self.histories + other.histories, self.counted + other.counted
        seconds = self.cpu_seconds + other.cpu_seconds
        return Played(histories, counted, self.broken + other.broken, seconds)


def play_one(kind: str, faults: int, seed: int, listener: Listener | None = None) -> Played:
    try:
        return Played(1, KINDS[kind].run_seed(seed, faults, listener=listener))
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is named with its seed
        return Played(1, 0, (f"{kind} seed {seed}: {type(fault).__name__}: {fault}",))


def play(kind: str, faults: int, seeds: Sequence[int]) -> Played:
    """In a process of its own."""
    begun, played = time.process_time(), Played()
    for seed in seeds:
        played += play_one(kind, faults, seed)
    played.cpu_seconds = time.process_time() - begun
    return played


def play_all(kind: str, faults: int, seeds: Sequence[int], pool: Executor | None) -> Played:
    """Tells of broken seeds at once, and now and then how far it is."""
    played, told = Played(), time.perf_counter()
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    some = partial(play, kind, faults)
    for part in pool.map(some, chunks) if pool is not None else map(some, chunks):
        played += part
        for line in part.broken:
            print(line, flush=True)
        if time.perf_counter() - told > TELL_SECONDS:
            told = time.perf_counter()
            print(f"{kind}: {played.histories:,} of {len(seeds):,}", flush=True)
    return played


def summary(kind: str, faults: int, played: Played, seconds: float) -> str:
    what, counted = KINDS[kind].what, KINDS[kind].counted
    return (
        f"{kind}: {played.histories:,} histories of {what}, {played.counted:,} {counted}, up to "
        f"{faults} faults: {len(played.broken)} broken, {rates(played, seconds)}"
    )


def rates(played: Played, seconds: float) -> str:
    of_cpu = played.histories / played.cpu_seconds * 60
    return f"{played.histories / seconds * 60:,.0f} a minute, {of_cpu:,.0f} a minute of CPU"


def replay(kind: str, faults: int, seed: int) -> int:
    """Exactly what happened, line by line."""
    played = play_one(kind, faults, seed, print)
    print(*played.broken or [f"{kind} seed {seed}: nothing lost, doubled or wrong"])
    return 1 if played.broken else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--of", choices=KINDS, help="histories of this kind; else of every kind")
    parser.add_argument("--seeds", type=int, help="so many; else as many as each kind has its own")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one and tell what happened")
    parser.add_argument(
        "--faults", type=int, default=12, help="at most so many; of all together: in each lane"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args(arguments)
    if options.seed is not None and options.of is None:
        parser.error("--seed replays a history of one kind: say which by --of")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if options.seed is not None:
        return replay(options.of, options.faults, options.seed)
    total, begun = Played(), time.perf_counter()
    with ExitStack() as stack:
        pool = stack.enter_context(ProcessPoolExecutor(options.jobs)) if options.jobs > 1 else None
        for kind in [options.of] if options.of else KINDS:
            count = KINDS[kind].seeds if options.seeds is None else options.seeds
            seeds, since = range(options.first, options.first + count), time.perf_counter()
            played = play_all(kind, options.faults, seeds, pool)
            print(summary(kind, options.faults, played, time.perf_counter() - since), flush=True)
            total += played
    print(f"{total.histories:,} histories, {rates(total, time.perf_counter() - begun)}")
    return 1 if total.broken else 0


if __name__ == "__main__":
    sys.exit(main())
