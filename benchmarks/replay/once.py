"""One rebuild of all lanes in a process of its own; prints records, seconds and CPU seconds.

`plain` is the replay as the procedure reads: one plan after the other, each fetched, loaded and
committed by itself.
"""

import asyncio
import os
import resource
import sys
import time

import msgspec

from config.load import load_settings
from worker import refetch, replay
from worker.garbage import collect_rarely
from worker.kafka.topics import partition_count
from worker.rebuild.run import rebuild
from worker.rebuild.survey import survey
from worker.start import tables_of


class Took(msgspec.Struct, frozen=True):
    """Of one rebuild. `seconds` begin when Redis is empty and end with the last lane."""

    plans: int
    records: int
    seconds: float
    cpu: float


def go_plan_by_plan() -> None:
    refetch.WINDOW = 1
    replay.MOST_KEYS = 0


async def once() -> Took:
    collect_rarely()
    settings = load_settings(os.environ)
    partitions = await partition_count(settings, settings.topic_topups)
    tables = tables_of(settings)
    try:
        surveyed = await survey(settings, tables, range(partitions))
        await tables.empty(range(partitions))
        begun, cpu = time.perf_counter(), _cpu()
        await rebuild(
            settings,
            tables,
            surveyed,
            partitions,
            stale_outputs="stop",
            progress=lambda _: None,
        )
        seconds, cpu = time.perf_counter() - begun, _cpu() - cpu
    finally:
        await tables.close()
    plans = sum(each.plans for each in surveyed)
    return Took(plans, sum(each.records for each in surveyed), seconds, cpu)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    if sys.argv[1] == "plain":
        go_plan_by_plan()
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(once())))
