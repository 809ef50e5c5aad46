"""Lanes emptied, and brought up again by the replay that every start uses.

1. Nobody is in the group: a worker that were open would find its state gone.
2. The log, the inputs and the rules still hold everything (`survey.py`), or nothing is touched.
3. The lanes' keys go (`worker.tables.emptying`).
4. Each lane is acquired as by a worker, up to the end of its log, and nothing beyond it is taken
   (`lanes.py`), by several processes (`jobs.py`). Commands that the log calls published
   are not published again.

Broken off anywhere, it is begun again from 1.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from config.settings import Settings
from worker.errors import Misconfigured
from worker.kafka.group import live_members
from worker.rebuild.jobs import divide, run_jobs
from worker.rebuild.news import Failed, News, Order, Rebuilt, Share
from worker.rebuild.survey import Survey
from worker.tables.factory import TablesFactory


class Outcome(Struct, frozen=True):
    """Every lane that has plans is in one of them, in the order of their numbers."""

    rebuilt: Sequence[Rebuilt]
    failed: Sequence[Failed]


async def require_no_members(settings: Settings) -> None:
    """Raises Misconfigured where workers run, Unavailable where nobody can say."""
    members = await live_members(settings)
    if members:
        raise Misconfigured(
            f"Workers of group {settings.kafka_group_id} run: {', '.join(map(str, members))}.",
            "Stop them; one that was killed counts until its session timeout is over.",
        )


async def rebuild(
    tables: TablesFactory,
    surveyed: Sequence[Survey],
    partitions: int,
    *,
    stale_outputs: str,
    jobs: int,
    progress: Callable[[int], None],
) -> Outcome:
    """Steps 3 and 4. `jobs`: processes, at most one a lane, which read their settings from the
    environment of this one. `progress` hears of input records that were evaluated again, as they
    come. Raises Unavailable where lanes cannot be emptied."""
    await tables.empty([each.lane for each in surveyed])
    shares = [Share(each.lane, each.plans, each.records) for each in surveyed if each.plans]
    parts = divide(shares, jobs)
    orders = [Order(part, partitions, stale_outputs, len(parts)) for part in parts]
    rebuilt: list[Rebuilt] = []
    failed: list[Failed] = []

    def tell(news: News) -> None:
        if isinstance(news, Rebuilt):
            rebuilt.append(news)
        elif isinstance(news, Failed):
            failed.append(news)
        else:
            progress(news.records)

    await run_jobs(orders, tell)
    return Outcome(
        sorted(rebuilt, key=lambda each: each.lane), sorted(failed, key=lambda each: each.lane)
    )
