"""An export checked whole, then published: two passes over one file, both as a stream."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from rules_engine.account.values import EXACT, NOTHING
from worker.clients.checkpoint import Checkpoint
from worker.clients.export import BadLine, Export, Published
from worker.clients.lines import Entry, csv_entries, json_entries

AT_ONCE = 1000
"""Records that are under way together; a checkpoint is written behind each such lot."""


class Writer(Protocol):
    async def write(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        """(key, value); returns when all are acknowledged. Raises Unavailable."""


class Survey(Struct, frozen=True):
    """What a file holds. `bonus`: what the accounts begin with, by organization."""

    clients: int
    bad: int
    last_line: int
    bonus: dict[str, Decimal]


def entries_of(path: Path, lines: Iterable[bytes]) -> Iterator[Entry]:
    """CSV by the file's name, else JSON lines."""
    return csv_entries(lines) if path.suffix.lower() == ".csv" else json_entries(lines)


def survey(export: Export, entries: Iterable[Entry], on_bad: Callable[[BadLine], None]) -> Survey:
    """The first pass: every entry is judged, nothing is published."""
    clients = bad = line = 0
    bonus: dict[str, Decimal] = {}
    for each in export.records(entries):
        line = each.line
        if isinstance(each, BadLine):
            bad += 1
            on_bad(each)
            continue
        clients += 1
        organization = each.event.organization_id
        bonus[organization] = EXACT.add(bonus.get(organization, NOTHING), each.bonus)
    return Survey(clients, bad, line, bonus)


async def publish(
    export: Export, entries: Iterable[Entry], begin: Checkpoint, writer: Writer
) -> AsyncIterator[Checkpoint]:
    """The second pass: records behind the checkpoint `begin`, which gives how far it has come after
    each lot that is acknowledged. Bad lines are passed over. Raises Unavailable."""
    line, published = begin.line, begin.published
    lot: list[Published] = []
    for each in export.records(entries):
        if each.line <= begin.line:
            continue
        line = each.line
        if isinstance(each, Published):
            lot.append(each)
        if len(lot) == AT_ONCE:
            await writer.write([(record.key, record.value) for record in lot])
            published += len(lot)
            lot.clear()
            yield Checkpoint(begin.export, line, published)
    await writer.write([(record.key, record.value) for record in lot])
    yield Checkpoint(begin.export, line, published + len(lot), done=True)
