"""Was everything taken exactly once? By the lane log, and by the ids of the commands.

A command may stand in the topic twice under one id, with one content: readers drop that. It may
not stand there under two.
"""

import asyncio
from collections.abc import Mapping

from msgspec import Struct

from benchmarks.harness.entrant import Entrant
from benchmarks.harness.errors import WrongCommands
from benchmarks.harness.ours import lane_log_topic
from benchmarks.harness.topics import PARTITIONS, OutputWatch, check_commands, decode_command
from benchmarks.workload.expected import Command
from schemas.records import InputRecord
from tests.integration.verifier import unread, valid_plans
from worker.lane.plan import Start, decode_record


class Taken(Struct, frozen=True):
    """`repeats`: raw repetitions of an id. `terms`: how often a lane got an owner; `rule_sets`: how
    many decided."""

    commands: int
    repeats: int
    terms: int
    rule_sets: int


async def check_taken(entrant: Entrant, expected: set[Command]) -> Taken:
    """Raises WrongCommands where an input was not taken once, a command is missing, foreign, has
    two contents or two ids. Workers must have stopped."""
    terms, rule_sets = await _check_inputs(entrant)
    by_id: dict[bytes, bytes] = {}
    records = await _everything(entrant.site.bootstrap, entrant.site.commands)
    for record in records:
        name = dict(record.headers)["commandId"]
        value = record.value or b""
        if by_id.setdefault(name, value) != value:
            raise WrongCommands(f"{entrant.name}: two commands have the id {name.decode()}")
    check_commands(entrant.name, [_command(value) for value in by_id.values()], expected)
    return Taken(len(by_id), len(records) - len(by_id), terms, rule_sets)


def _command(value: bytes) -> Command:
    command = decode_command(value)
    return command.caused_by.event_id, command.rule_id, command.amount_major


async def _check_inputs(entrant: Entrant) -> tuple[int, int]:
    """Terms and rule sets of the lane log, whose valid plans take every input once and in order."""
    log = await _everything(entrant.site.bootstrap, lane_log_topic(entrant.site))
    plans = valid_plans(log, PARTITIONS)
    ends: Mapping[tuple[str, int], int] = {
        place: end
        for topic in entrant.site.inputs.values()
        for place, end in (await _ends(entrant.site.bootstrap, topic)).items()
    }
    if missed := unread(plans, ends):
        raise WrongCommands(f"{entrant.name}: {missed} inputs were not taken exactly once")
    terms = sum(isinstance(decode_record(record.value or b""), Start) for record in log)
    named = {name for chain in plans.values() for plan in chain for name in plan.rules.values()}
    return terms, len(named)


async def _ends(bootstrap: str, topic: str) -> dict[tuple[str, int], int]:
    async with OutputWatch(bootstrap, topic) as watch:
        return {(topic, each.partition): end for each, end in (await watch.ends()).items()}


async def _everything(bootstrap: str, topic: str) -> list[InputRecord]:
    async with OutputWatch(bootstrap, topic) as watch:
        count = sum((await watch.ends()).values())
        watch.seek(dict.fromkeys(await watch.ends(), 0))
        found: list[InputRecord] = []
        while len(found) < count:
            for r in await watch.poll(5000):
                found.append(
                    InputRecord(
                        r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers
                    )
                )
            await asyncio.sleep(0)
        return found
