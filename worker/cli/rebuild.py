"""`loyalty rebuild`: the state of lanes from log and topics, workers stopped."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from rules_engine.wording import counted
from worker.cli.failure import CommandFailed
from worker.cli.output import (
    Format,
    FormatOption,
    confirm,
    is_terminal,
    print_json,
    print_table,
    say,
)
from worker.cli.waiting import wait
from worker.cli.worker import StaleOutputs

if TYPE_CHECKING:
    from config.settings import Settings
    from worker.rebuild.news import Failed
    from worker.rebuild.run import Outcome
    from worker.rebuild.survey import Survey


def rebuild(
    lane: Annotated[
        list[int] | None,
        typer.Option("--lane", min=0, metavar="N", help="Only this lane; repeat it."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default="the processors of this machine",
            help="So many processes share the lanes, at most one a lane.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
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

    All workers of the group must be stopped. Without --yes it shows what there is to replay and
    what is in the way, and asks. Nothing is decided anew: every plan of the log is repeated
    exactly, and a lane stops where one comes out otherwise. What the log calls published is not
    published again. Where log, topics or the history of rule sets no longer hold everything,
    nothing is emptied. Broken off anywhere, it is run again.
    """
    from config.load import load_settings

    settings = load_settings(os.environ)
    if not yes:
        _confirm(list(wait(_survey(settings, lane))), form)
    outcome = wait(_rebuild(settings, lane, jobs, stale_outputs))
    _print_done(outcome, form)
    if outcome.failed:
        raise _incomplete(outcome.failed)


async def _survey(settings: "Settings", lanes: list[int] | None) -> Sequence["Survey"]:
    from worker.rebuild.survey import survey
    from worker.start import tables_of

    numbers, _ = await _lanes(settings, lanes)
    tables = tables_of(settings)
    try:
        return await survey(settings, tables, numbers)
    finally:
        await tables.close()


def _confirm(surveyed: Sequence["Survey"], form: Format) -> None:
    from worker.rebuild.survey import refuse

    _print_survey(surveyed, form)
    refuse(surveyed)
    lanes = counted(len(surveyed), "lane")
    records = counted(sum(each.records for each in surveyed), "record")
    question = f"Empty {lanes} and replay {records}, all workers stopped?"
    confirm(question)


async def _rebuild(
    settings: "Settings", lanes: list[int] | None, jobs: int | None, stale_outputs: StaleOutputs
) -> "Outcome":
    from worker.rebuild.jobs import processors
    from worker.rebuild.run import rebuild, require_no_members
    from worker.rebuild.survey import refuse, survey
    from worker.start import tables_of

    await require_no_members(settings)
    numbers, partitions = await _lanes(settings, lanes)
    tables = tables_of(settings)
    try:
        surveyed = await survey(settings, tables, numbers)
        refuse(surveyed)
        with _bar(sum(each.records for each in surveyed)) as progress, _told_when_broken_off():
            return await rebuild(
                tables,
                surveyed,
                partitions,
                stale_outputs=stale_outputs.value,
                jobs=jobs or processors(),
                progress=progress,
            )
    finally:
        await tables.close()


async def _lanes(settings: "Settings", wanted: list[int] | None) -> tuple[list[int], int]:
    """The lanes that are asked for, and how many there are."""
    from schemas.topics import INPUTS
    from worker.kafka.topics import partition_count
    from worker.rebuild.survey import require_topics

    await require_topics(settings)
    count = await partition_count(settings, settings.topic(INPUTS[0]))
    beyond = [number for number in wanted or () if number >= count]
    if beyond:
        raise typer.BadParameter(f"--lane {beyond[0]}: lanes are numbered 0 to {count - 1}")
    return sorted(set(wanted)) if wanted else list(range(count)), count


@contextmanager
def _bar(records: int) -> Iterator[Callable[[int], None]]:
    """On a terminal a bar that goes away at the end."""
    if not is_terminal(sys.stderr):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replaying", total=records)
        yield lambda more: progress.advance(task, more)


@contextmanager
def _told_when_broken_off() -> Iterator[None]:
    """Ctrl-C ends the jobs, and what they leave is not nothing done."""
    try:
        yield
    except asyncio.CancelledError:
        message = "broken off: lanes are empty or not up to date; run the same command again"
        raise CommandFailed(message) from None


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


def _print_done(outcome: "Outcome", form: Format) -> None:
    done = outcome.rebuilt
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
        print_json({"rebuilt": rows, "failed": [each.lane for each in outcome.failed]})
        return
    for each in done:
        print(
            f"lane {each.lane}: {counted(each.plans, 'plan')} with "
            f"{counted(each.records, 'record')} in {each.seconds:.1f} s"
        )
    say(f"{counted(len(done), 'lane')} rebuilt.")


def _incomplete(failed: Sequence["Failed"]) -> CommandFailed:
    """One line for lanes that failed alike, and how to go on."""
    by_reason: dict[str, list[str]] = {}
    for each in failed:
        by_reason.setdefault(each.why, []).append(str(each.lane))
    lines = [f"Lane {', '.join(lanes)}: {why}" for why, lanes in by_reason.items()]
    again = " ".join(f"--lane {each.lane}" for each in failed)
    how_many = counted(len(failed), "lane")
    return CommandFailed(*lines, f"not whole: {how_many}; mend it, then: loyalty rebuild {again}")
