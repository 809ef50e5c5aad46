"""Millions of records, thousands of rule files and settings: `python -m tests.fuzz.run`.

A failing round prints its seed; `--first SEED --records 1` runs it alone. For every hundred records
a rule file and a set of settings are tried, too.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter

from msgspec import Struct, field

from tests.fuzz.rounds import Unaccounted, run_round
from tests.fuzz.texts import fuzz_texts

ROUND = 2_000
EVERY = 50_000


class Ran(Struct):
    """The fates of records, what they and the timers between them caused, and how many rounds were
    broken."""

    fates: Counter[str] = field(default_factory=Counter)
    caused: Counter[str] = field(default_factory=Counter)
    broken: int = 0


async def fuzz_records(first: int, records: int) -> Ran:
    ran = Ran()
    begun, told = time.perf_counter(), 0
    seed = first
    while ran.fates.total() + ran.broken * ROUND < records:
        try:
            due = await run_round(seed, ROUND)
            ran.fates += due.fates
            ran.caused += due.caused
        except Unaccounted as error:
            ran.broken += 1
            print(error, flush=True)
        seed += 1
        done = ran.fates.total()
        if done - told >= EVERY:
            told, seconds = done, time.perf_counter() - begun
            print(f"{done:,} records, {done / seconds:,.0f} a second", flush=True)
    return ran


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--texts", type=int, help="rule files, and settings; else records / 100")
    options = parser.parse_args()
    ran = asyncio.run(fuzz_records(options.first, options.records))
    total = ran.fates.total()
    print(f"{total:,} records, every one accounted for; {ran.broken} rounds broken")
    for fate, number in sorted(ran.fates.items()):
        print(f"  {fate:24} {number:9,}")
    print(f"{ran.caused.total():,} commands and journal records, by what caused them")
    for cause, number in sorted(ran.caused.items()):
        print(f"  {cause:24} {number:9,}")
    texts = options.records // 100 if options.texts is None else options.texts
    counts = fuzz_texts(options.first, texts)
    print(f"{texts:,} rule files and {texts:,} settings, none without a clear answer")
    for ending, number in sorted(counts.items()):
        print(f"  {ending:24} {number:9,}")
    return 1 if ran.broken else 0


if __name__ == "__main__":
    sys.exit(main())
