"""One rebuild of all lanes in a process of its own; prints records, seconds and CPU seconds.

`joined`: as one job of `loyalty rebuild` does it. `plain`: the replay as the procedure reads, one
plan after the other, each fetched, loaded and committed by itself. A number: as `loyalty rebuild
--jobs` does it, with the start of the processes.
"""

import asyncio
import os
import resource
import sys
import time
from collections.abc import Sequence

import msgspec

from config.load import load_settings
from config.settings import Settings
from worker.kafka.topics import partition_count
from worker.lane import refetch, replay
from worker.process.garbage import collect_rarely
from worker.rebuild.lanes import rebuild_lanes
from worker.rebuild.news import Failed, News, Order, Share
from worker.rebuild.run import rebuild
from worker.rebuild.survey import Survey, survey
from worker.start import tables_of
from worker.tables.factory import TablesFactory


class Took(msgspec.Struct, frozen=True):
    """Of one rebuild. `seconds` begin when Redis is empty and end with the last lane; `cpu`: of
    all processes."""

    plans: int
    records: int
    seconds: float
    cpu: float


def go_plan_by_plan() -> None:
    refetch.WINDOW = 1
    replay.MOST_KEYS = 0


async def once(jobs: int) -> Took:
    """`jobs` 0: in this very process."""
    settings = load_settings(os.environ)
    partitions = await partition_count(settings, settings.topic_topups)
    tables = tables_of(settings)
    try:
        surveyed = await survey(settings, tables, range(partitions))
        await tables.empty(range(partitions))
        begun, cpu = time.perf_counter(), _cpu()
        failed = await _rebuild(settings, tables, surveyed, partitions, jobs)
        seconds, cpu = time.perf_counter() - begun, _cpu() - cpu
    finally:
        await tables.close()
    if failed:
        raise SystemExit(str(failed))
    plans = sum(each.plans for each in surveyed)
    return Took(plans, sum(each.records for each in surveyed), seconds, cpu)


async def _rebuild(
    settings: Settings,
    tables: TablesFactory,
    surveyed: Sequence[Survey],
    partitions: int,
    jobs: int,
) -> Sequence[Failed]:
    if jobs:
        outcome = await rebuild(
            tables,
            surveyed,
            partitions,
            stale_outputs="stop",
            jobs=jobs,
            progress=lambda _: None,
        )
        return outcome.failed
    failed: list[Failed] = []

    def tell(news: News) -> None:
        if isinstance(news, Failed):
            failed.append(news)

    shares = [Share(each.lane, each.plans, each.records) for each in surveyed]
    await rebuild_lanes(settings, tables, Order(shares, partitions, "stop"), tell)
    return failed


def _cpu() -> float:
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def main(kind: str) -> None:
    collect_rarely()
    if kind == "plain":
        go_plan_by_plan()
    took = asyncio.run(once(int(kind) if kind.isdecimal() else 0))
    sys.stdout.buffer.write(msgspec.json.encode(took))


if __name__ == "__main__":
    main(sys.argv[1])
