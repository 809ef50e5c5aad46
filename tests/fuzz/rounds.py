"""One round: records through a lane, and every one of them accounted for from outside.

1. Dead letters name exactly the records, with the codes, that the accountant says.
2. Commands are caused by exactly the applied events that have a rule.
3. What the worker reports adds up to the records: applied, duplicate or dead letter.
4. A lane that lost its tables replays the round to the same states, and says nothing again.
"""

import json
from collections import Counter
from random import Random

from msgspec import Struct, field

from schemas.records import InputRecord
from schemas.topics import Channel
from tests.fuzz.accountant import APPLIED, DUPLICATE, Accountant
from tests.fuzz.lane import TRIGGERS, Site
from tests.fuzz.records import Round

Place = tuple[str, int]
"""Topic and offset."""


class Unaccounted(AssertionError):
    """A record came to another end than it must."""


class Due(Struct):
    """What must come out. `fates`: how many of each."""

    letters: set[tuple[Place, str]] = field(default_factory=set)
    fired: set[Place] = field(default_factory=set)
    fates: Counter[str] = field(default_factory=Counter)


def account(records: list[InputRecord]) -> Due:
    accountant, due = Accountant(), Due()
    for record in records:
        fate, event = accountant.judge(record)
        place = (record.topic, record.offset)
        due.fates[fate] += 1
        if fate not in (APPLIED, DUPLICATE):
            due.letters.add((place, fate))
        elif fate == APPLIED and event is not None and _fires(event):
            due.fired.add(place)
    return due


def _fires(event: dict[str, object]) -> bool:
    return event["organizationId"] == "izi" and event["type"] in TRIGGERS


async def run_round(seed: int, count: int) -> Counter[str]:
    """The fates of its records. Raises Unaccounted, and whatever crashes the worker."""
    records = Round(seed, count).records
    due = account(records)
    site = Site(records, Random(seed))
    lane = await site.work_off()
    _hold(seed, records, "dead letters", _letters(site), due.letters)  # 1
    _hold(seed, records, "events that fired", _causes(site), due.fired)  # 2
    counts = {"events": site.observer.events, "duplicates": site.observer.duplicates}  # 3
    applied, duplicates = due.fates[APPLIED], due.fates[DUPLICATE]
    _hold(seed, records, "counts", counts.items(), {
        "events": applied + duplicates, "duplicates": duplicates}.items())  # fmt: skip
    if sum(due.fates.values()) != count or not site.inputs.exhausted:
        raise Unaccounted(f"seed {seed}: not every record was taken")
    await _replay(seed, site, lane.held().head.positions)  # 4
    return due.fates


async def _replay(seed: int, site: Site, positions: dict[str, int]) -> None:
    said = {channel: len(site.publisher.records(channel)) for channel in Channel}
    before = site.tables
    site.forget_tables()
    lane = await site.work_off()
    if lane.held().head.positions != positions:
        raise Unaccounted(f"seed {seed}: the replay ended elsewhere")
    head, _ = await before.peek()
    again, _ = await site.tables.peek()
    if head != again:
        raise Unaccounted(f"seed {seed}: the replay came to another head")
    repeated = sum(len(site.publisher.records(channel)) - said[channel] for channel in Channel)
    last = 900  # outputs of the last plan, which nothing calls published yet
    if repeated > last:
        raise Unaccounted(f"seed {seed}: {repeated} outputs were said again")


def _letters(site: Site) -> set[tuple[Place, str]]:
    found = set()
    for letter in site.publisher.records(Channel.DEAD_LETTERS):
        headers = {name: value for name, value in letter.headers if value is not None}
        place = (headers["source.topic"].decode(), int(headers["source.offset"]))
        found.add((place, headers["error.code"].decode()))
    return found


def _causes(site: Site) -> set[Place]:
    commands = site.publisher.records(Channel.GROUP_COMMANDS)
    causes = [json.loads(command.value or b"")["causedBy"] for command in commands]
    return {(cause["topic"], cause["offset"]) for cause in causes}


def _hold(seed: int, records: list[InputRecord], what: str, got: object, due: object) -> None:
    if got == due:
        return
    assert isinstance(got, set | type({}.items()))
    assert isinstance(due, set | type({}.items()))
    odd = sorted(map(str, set(got) ^ set(due)))[:5]
    by_place = {str((r.topic, r.offset)): r for r in records}
    shown = [str(r)[:600] for place, r in by_place.items() if any(place in one for one in odd)]
    raise Unaccounted(f"seed {seed}: {what} differ: {odd}\n" + "\n".join(shown))
