"""One round: records through a lane, and every one of them accounted for from outside.

1. Dead letters name exactly the records, with the codes, that the accountant says.
2. Commands and journal are those that the applied events, and the timers between them, must give:
   field by field, in order, none more and none less.
3. What the worker reports adds up to the records: applied, duplicate or dead letter.
4. A lane that lost its tables replays the round to the same states, and says nothing again.
"""

import json
from collections import Counter
from itertools import zip_longest
from random import Random
from typing import Any

from msgspec import Struct, field

from schemas.records import InputRecord
from schemas.topics import Channel
from tests.fuzz.accountant import APPLIED, DUPLICATE, Accountant, spare_words
from tests.fuzz.lane import RULES, Site
from tests.fuzz.records import Round

Place = tuple[str, int]
"""Topic and offset."""
Output = dict[str, Any]
TYPES = {
    Channel.BONUS_COMMANDS: ("ADD_BONUS", "REVOKE_BONUS"),
    Channel.GROUP_COMMANDS: ("ASSIGN_GROUP", "UNASSIGN_GROUP"),
    Channel.PUSH_COMMANDS: ("SEND_PUSH",),
}


class Unaccounted(AssertionError):
    """A record came to another end than it must."""


class Due(Struct):
    """What must come out. `fates`: how many records came to each."""

    letters: set[tuple[Place, str]] = field(default_factory=set)
    outputs: dict[Channel, list[Output]] = field(default_factory=dict)
    fates: Counter[str] = field(default_factory=Counter)

    @property
    def caused(self) -> Counter[str]:
        """How many outputs there are by what caused them; a timer's are named `timer`."""
        return Counter(
            cause["type"] if cause["topic"] else f"timer {cause['type']}"
            for outputs in self.outputs.values()
            for cause in (each["causedBy"] for each in outputs)
        )


def account(records: list[InputRecord]) -> Due:
    accountant, due = Accountant(RULES), Due()
    for record in records:
        fate = accountant.fate_of(record)
        due.fates[fate] += 1
        if fate not in (APPLIED, DUPLICATE):
            due.letters.add(((record.topic, record.offset), fate))
    result = accountant.close()
    commands = [command for _, command in result.commands]
    for channel, types in TYPES.items():
        due.outputs[channel] = [each for each in commands if each["type"] in types]
    due.outputs[Channel.BONUS_JOURNAL] = [record for _, record in result.journal]
    return due


async def run_round(seed: int, count: int) -> Due:
    """What came out, since it was due. Raises Unaccounted, and whatever crashes the worker."""
    records = Round(seed, count).records
    due = account(records)
    site = Site(records, Random(seed))
    lane = await site.work_off()
    _hold(seed, records, "dead letters", _letters(site), due.letters)  # 1
    for channel, outputs in due.outputs.items():  # 2
        _hold_outputs(seed, records, channel, _said(site, channel), outputs)
    counts = {"events": site.observer.events, "duplicates": site.observer.duplicates}  # 3
    applied, duplicates = due.fates[APPLIED], due.fates[DUPLICATE]
    _hold(seed, records, "counts", counts.items(), {
        "events": applied + duplicates, "duplicates": duplicates}.items())  # fmt: skip
    if due.fates.total() != count or not site.inputs.exhausted:
        raise Unaccounted(f"seed {seed}: not every record was taken")
    await _replay(seed, site, lane.held().head.positions)  # 4
    return due


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


def _said(site: Site, channel: Channel) -> list[Output]:
    """Texts as the accountant reads them."""
    said = [json.loads(record.value or b"") for record in site.publisher.records(channel)]
    for output in said:
        spare_words(output)
    return said


def _hold_outputs(
    seed: int, records: list[InputRecord], channel: Channel, got: list[Output], due: list[Output]
) -> None:
    """The first that differs, with the record that caused it."""
    for mine, theirs in zip_longest(got, due):
        if mine != theirs:
            cause = (mine or theirs)["causedBy"]
            by_place = {(record.topic, record.offset): record for record in records}
            record = by_place.get((cause["topic"], cause["offset"]))
            told = f"seed {seed}: {channel.value} differ:\n  worker {mine}\n  model  {theirs}"
            raise Unaccounted(f"{told}\n  {str(record)[:600]}")


def _hold(seed: int, records: list[InputRecord], what: str, got: object, due: object) -> None:
    if got == due:
        return
    assert isinstance(got, set | type({}.items()))
    assert isinstance(due, set | type({}.items()))
    odd = sorted(map(str, set(got) ^ set(due)))[:5]
    by_place = {str((r.topic, r.offset)): r for r in records}
    shown = [str(r)[:600] for place, r in by_place.items() if any(place in one for one in odd)]
    raise Unaccounted(f"seed {seed}: {what} differ: {odd}\n" + "\n".join(shown))
