"""Millions of records, thousands of rule files and settings: `python -m tests.fuzz.run`.

A failing round prints its seed; `--first SEED --records 1` runs it alone. For every hundred records
a rule file and a set of settings are tried, too.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter

from tests.fuzz.rounds import Unaccounted, run_round
from tests.fuzz.texts import fuzz_texts

ROUND = 2_000
EVERY = 50_000


async def fuzz_records(first: int, records: int) -> tuple[Counter[str], int]:
    """The fates of so many records, and how many rounds were broken."""
    fates: Counter[str] = Counter()
    broken, begun, told = 0, time.perf_counter(), 0
    seed = first
    while sum(fates.values()) + broken * ROUND < records:
        try:
            fates += await run_round(seed, ROUND)
        except Unaccounted as error:
            broken += 1
            print(error, flush=True)
        seed += 1
        done = sum(fates.values())
        if done - told >= EVERY:
            told, seconds = done, time.perf_counter() - begun
            print(f"{done:,} records, {done / seconds:,.0f} a second", flush=True)
    return fates, broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--texts", type=int, help="rule files, and settings; else records / 100")
    options = parser.parse_args()
    fates, broken = asyncio.run(fuzz_records(options.first, options.records))
    total = sum(fates.values())
    print(f"{total:,} records, every one accounted for; {broken} rounds broken")
    for fate, number in sorted(fates.items()):
        print(f"  {fate:18} {number:9,}")
    texts = options.records // 100 if options.texts is None else options.texts
    counts = fuzz_texts(options.first, texts)
    print(f"{texts:,} rule files and {texts:,} settings, none without a clear answer")
    for ending, number in sorted(counts.items()):
        print(f"  {ending:18} {number:9,}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
