"""Real workers on a real Kafka and a real Redis under faults at random times, and a verifier.

    python -m tests.chaos.run --faults 60 --seed 1 [--format json] [--output DIRECTORY]

Rounds of up to `--round` faults, each on topics and states of its own, with kinds, targets and load
chosen by the seed (processes and networks keep their own time: the same seed is a like run, not the
same). A round that is not clean prints its seed and keeps its directory (logs, rules). Exit code 1
where anything was lost, doubled or wrong, or did not come back.
"""

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import SystemRandom
from traceback import format_exc

from tests.chaos.faults import kinds_of
from tests.chaos.round import Options, Round, play
from tests.chaos.site import Site
from tests.chaos.table import Report, as_json, as_text, report

RESULTS = Path(__file__).with_name("results")
LAYOUTS = {"one": (1, False), "three": (3, False), "cluster": (1, True)}
"""Brokers, and whether Redis is a cluster of three masters."""
UNCLEAN = 3
"""After so many rounds that were not clean a run ends: there is enough to look at."""


async def run(
    seed: str, layouts: Mapping[str, int], options: Options, output: Path | None = None
) -> Report:
    """So many faults that count on each layout, round by round; what they came to so far is in
    `output` after each."""
    rounds: list[Round] = []
    for layout, faults in layouts.items():
        brokers, cluster = LAYOUTS[layout]
        counted = 0
        async with Site(brokers=brokers, cluster=cluster) as site:
            while counted < faults and sum(not each.clean for each in rounds) < UNCLEAN:
                number = f"{seed}-{len(rounds)}"
                most = min(faults - counted, options.round)
                rounds.append(await _round(site, number, layout, most, options))
                counted += len(rounds[-1].faults)
                site.forget()
                if output is not None:
                    write(report(seed, rounds), output)
    return report(seed, rounds)


def write(told: Report, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"chaos-{told.seed}.json").write_text(as_json(told) + "\n")
    (directory / f"chaos-{told.seed}.txt").write_text(as_text(told) + "\n")


def shared_out(faults: int, names: Sequence[str]) -> dict[str, int]:
    """Half of the faults on the first layout, the others share the rest."""
    first, *others = names
    each = faults // 2 // len(others) if others else 0
    return {first: faults - each * len(others), **dict.fromkeys(others, each)}


async def _round(site: Site, seed: str, layout: str, faults: int, options: Options) -> Round:
    directory = Path(tempfile.mkdtemp(prefix=f"loyalty-chaos-{seed}-"))
    kinds = [kind for kind in kinds_of(site) if options.kinds in kind.name]
    try:
        played = await play(site, directory, seed, kinds, faults, options)
    except AssertionError:  # it did not come so far as to have a verdict
        played = Round(seed, complaints=[format_exc()])
    if played.clean:
        shutil.rmtree(directory)
    else:
        print(f"round {seed} is not clean; its logs are in {directory}", file=sys.stderr)
    verdict = played.verdict
    print(
        f"round {seed} ({layout}): {len(played.faults)} faults in {played.seconds:.0f} s, "
        f"{verdict.inputs} inputs, {verdict.due} effects, clean: {played.clean}",
        file=sys.stderr,
        flush=True,
    )
    return played


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--seed", default=str(SystemRandom().randrange(10**6)))
    parser.add_argument("--layouts", default=",".join(LAYOUTS), help="a list; half on the first")
    parser.add_argument("--round", type=int, default=60, help="faults of one round, at most")
    parser.add_argument("--rate", type=int, default=150, help="events a second")
    parser.add_argument("--kinds", default="", help="only kinds whose names have this in them")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where chaos-SEED.json goes")
    options = parser.parse_args()
    layouts = shared_out(options.faults, options.layouts.split(","))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # faults are what they complain of
    chosen = Options(options.round, options.rate, options.kinds)
    told = asyncio.run(run(options.seed, layouts, chosen, options.output))
    print(as_json(told) if options.format == "json" else as_text(told))
    return 0 if told.clean else 1


if __name__ == "__main__":
    sys.exit(main())
