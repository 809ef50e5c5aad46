"""Real workers on a real Kafka and a real Redis under faults at random times, and a verifier.

    python -m tests.chaos.run --faults 60 --seed 1 [--format json] [--output DIRECTORY]

Rounds of up to `--round` faults, each on topics and states of its own. A round that is not clean
prints its seed and keeps its directory (logs, rules); `--seed SEED --rounds-from N` begins there.
Exit code 1 where anything was lost, doubled or wrong, or did not come back.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from tests.chaos.faults import KINDS, Kind
from tests.chaos.round import Round, play
from tests.chaos.site import Site
from tests.chaos.table import Report, as_json, as_text, report


async def run(
    seed: str, faults: int, *, most: int = 60, rate: int = 150, kinds: tuple[Kind, ...] = KINDS
) -> Report:
    """So many faults that count, round by round."""
    rounds: list[Round] = []
    async with Site() as site:
        while (left := faults - sum(len(each.faults) for each in rounds)) > 0:
            rounds.append(await _round(site, f"{seed}-{len(rounds)}", kinds, min(left, most), rate))
            if rounds[-1].complaints:
                break
            site.forget()
    return report(seed, rounds)


async def _round(site: Site, seed: str, kinds: tuple[Kind, ...], faults: int, rate: int) -> Round:
    directory = Path(tempfile.mkdtemp(prefix=f"loyalty-chaos-{seed}-"))
    played = await play(site, directory, seed, kinds, faults, rate)
    if played.clean:
        shutil.rmtree(directory)
    else:
        print(f"round {seed} is not clean; its logs are in {directory}", file=sys.stderr)
    verdict = played.verdict
    print(
        f"round {seed}: {len(played.faults)} faults in {played.seconds:.0f} s, "
        f"{verdict.inputs} inputs, {verdict.due} effects, clean: {played.clean}",
        file=sys.stderr,
        flush=True,
    )
    return played


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--seed", default=str(SystemRandom().randrange(10**6)))
    parser.add_argument("--round", type=int, default=60, help="faults of one round, at most")
    parser.add_argument("--rate", type=int, default=150, help="events a second")
    parser.add_argument("--kinds", default="", help="only kinds whose names have this in them")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--output", type=Path, help="a directory for chaos-SEED.json and .txt")
    options = parser.parse_args()
    kinds = tuple(kind for kind in KINDS if options.kinds in kind.name)
    told = asyncio.run(
        run(options.seed, options.faults, most=options.round, rate=options.rate, kinds=kinds)
    )
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / f"chaos-{told.seed}.json").write_text(as_json(told) + "\n")
        (options.output / f"chaos-{told.seed}.txt").write_text(as_text(told) + "\n")
    print(as_json(told) if options.format == "json" else as_text(told))
    return 0 if told.clean else 1


if __name__ == "__main__":
    sys.exit(main())
