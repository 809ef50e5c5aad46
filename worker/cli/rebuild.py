"""`loyalty rebuild`: the state of lanes from log and topics, workers stopped."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from rules_engine.wording import counted
from worker.cli.output import Format, FormatOption, print_json, print_table, say
from worker.cli.waiting import wait
from worker.cli.worker import StaleOutputs

if TYPE_CHECKING:
    from config.settings import Settings
    from worker.rebuild.run import Rebuilt
    from worker.rebuild.survey import Survey


def rebuild(
    lane: Annotated[
        list[int] | None,
        typer.Option("--lane", min=0, metavar="N", help="Only this lane; repeat it."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it only say what would happen.")
    ] = False,
    stale_outputs: Annotated[
        StaleOutputs,
        typer.Option(
            help="What to do with outputs that are older than LOYALTY_REPEAT_HORIZON_DAYS and that "
            "nothing calls published."
        ),
    ] = StaleOutputs.STOP,
    form: FormatOption = Format.TEXT,
) -> None:
    """Empty the lanes' state in Redis and make it anew from lane log and input topics.

    All workers of the group must be stopped. Nothing is decided anew: every plan of the log is
    repeated exactly, and stops the rebuild where it comes out otherwise. What the log calls
    published is not published again. Where log or topics no longer hold everything, nothing is
    emptied.
    """
    from config.load import load_settings

    settings = load_settings(os.environ)
    if yes:
        done = list(wait(_rebuild(settings, lane, stale_outputs)))
        _print_done(done, form)
        return
    surveyed = list(wait(_survey(settings, lane)))
    _print_survey(surveyed, form)
    say("Nothing was done: repeat the command with --yes, all workers stopped.")
    raise typer.Exit(2)


async def _survey(settings: "Settings", lanes: list[int] | None) -> Sequence["Survey"]:
    from worker.rebuild.survey import survey
    from worker.start import tables_of

    numbers, _ = await _lanes(settings, lanes)
    tables = tables_of(settings)
    try:
        return await survey(settings, tables, numbers)
    finally:
        await tables.close()


async def _rebuild(
    settings: "Settings", lanes: list[int] | None, stale_outputs: StaleOutputs
) -> Sequence["Rebuilt"]:
    from worker.rebuild.run import rebuild, require_no_members
    from worker.rebuild.survey import refuse, survey
    from worker.start import tables_of

    await require_no_members(settings)
    numbers, partitions = await _lanes(settings, lanes)
    tables = tables_of(settings)
    try:
        surveyed = await survey(settings, tables, numbers)
        refuse(surveyed)
        with _bar(sum(each.records for each in surveyed)) as progress:
            return await rebuild(
                settings,
                tables,
                surveyed,
                partitions,
                stale_outputs=stale_outputs.value,
                progress=progress,
            )
    finally:
        await tables.close()


async def _lanes(settings: "Settings", wanted: list[int] | None) -> tuple[list[int], int]:
    """The lanes that are asked for, and how many there are."""
    from schemas.topics import INPUTS
    from worker.kafka.topics import partition_count

    count = await partition_count(settings, settings.topic(INPUTS[0]))
    beyond = [number for number in wanted or () if number >= count]
    if beyond:
        raise typer.BadParameter(f"--lane {beyond[0]}: lanes are numbered 0 to {count - 1}")
    return sorted(set(wanted)) if wanted else list(range(count)), count


@contextmanager
def _bar(records: int) -> Iterator[Callable[[int], None]]:
    """On a terminal a bar that goes away at the end."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replaying", total=records)
        yield lambda more: progress.advance(task, more)


def _print_survey(surveyed: Sequence["Survey"], form: Format) -> None:
    if form is Format.JSON:
        rows = [
            {
                "lane": each.lane,
                "state": each.state,
                "plans": each.plans,
                "records": each.records,
                "obstacle": each.obstacle or None,
            }
            for each in surveyed
        ]
        print_json({"good": not any(each.obstacle for each in surveyed), "lanes": rows})
        return
    print_table(
        ("lane", "state stands at plan", "plans in the log", "records to replay", "in the way"),
        [
            (str(each.lane), str(each.state), str(each.plans), str(each.records), each.obstacle)
            for each in surveyed
        ],
    )


def _print_done(done: Sequence["Rebuilt"], form: Format) -> None:
    if form is Format.JSON:
        rows = [
            {
                "lane": each.lane,
                "plans": each.plans,
                "records": each.records,
                "seconds": round(each.seconds, 3),
            }
            for each in done
        ]
        print_json({"rebuilt": rows})
        return
    for each in done:
        print(
            f"lane {each.lane}: {counted(each.plans, 'plan')} with "
            f"{counted(each.records, 'record')} in {each.seconds:.1f} s"
        )
    say(f"{counted(len(done), 'lane')} rebuilt.")
