"""One entry of an export as the CLIENT_IMPORTED record that is published for it.

The contract of the events judges it (`schemas.contract`), so what passes here is taken by the lane,
unless the client has state there. Beyond the contract nothing is passed over: a name that is not
known would be a counter that is silently zero.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid5

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rules_engine.account.values import total
from rules_engine.diagnostics import did_you_mean
from schemas.client_events import ClientImported as ImportedModel
from schemas.client_events import OpeningBatch, OpeningRestriction
from schemas.contract import MinorDigits, judge
from schemas.decoded import ClientImported, Rejected
from schemas.digests import content_name
from schemas.errors import shown
from schemas.fields import JsonNumber
from schemas.ids import NAMESPACE
from schemas.topics import Channel
from worker.clients.lines import Entry, Fields

GIVEN_HERE = frozenset({"type", "eventId", "client"})
"""Of the event, but not of an entry."""

OPTIONS = {"organizationId": "--organization", "clubId": "--club", "occurredAt": "--at"}
"""What an entry may leave to the command line."""

_encode = msgspec.json.Encoder().encode


def _names(model: type[Any]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


NAMES = _names(ImportedModel) - GIVEN_HERE
_BATCH_NAMES, _RESTRICTION_NAMES = _names(OpeningBatch), _names(OpeningRestriction)


class Published(Struct, frozen=True):
    """A client's record. `bonus`: what its account begins with."""

    line: int
    key: bytes
    value: bytes
    event: ClientImported

    @property
    def bonus(self) -> Decimal:
        said = self.event.snapshot
        if said is not None and said.bonus_balance_major is not None:
            return said.bonus_balance_major
        return total(batch.amount_major for batch in self.event.batches)


class BadLine(Struct, frozen=True):
    """An entry that cannot be published, and what to mend."""

    line: int
    text: bytes
    message: str


class Export:
    """Entries to records, in order. `given`: `organizationId`, `clubId` and `occurredAt` of entries
    that do not say their own. A second entry of a client is a bad line."""

    def __init__(self, given: Mapping[str, str], minor_digits: MinorDigits) -> None:
        self._given = dict(given)
        self._minor_digits = minor_digits
        self._seen: set[int] = set()

    def records(self, entries: Iterable[Entry]) -> Iterator[Published | BadLine]:
        for entry in entries:
            yield self._record(entry)

    def _record(self, entry: Entry) -> Published | BadLine:
        fields = {**self._given, **entry.fields}
        wrong = entry.fault or _unknown(entry.fields) or _missing(fields)
        if wrong:
            return BadLine(entry.line, entry.text, wrong)
        read = _judged(fields, self._minor_digits)
        wrong = read.message.rstrip(".") if isinstance(read, Rejected) else self._refused(read)
        if isinstance(read, Rejected) or wrong:
            return BadLine(entry.line, entry.text, wrong)
        value = _value({**fields, "eventId": event_id(read)})
        return Published(entry.line, read.client_id.encode(), value, read)

    def _refused(self, event: ClientImported) -> str:
        for number, batch in enumerate(event.batches):
            if batch.expires_at is not None and batch.expires_at <= event.occurred_at:
                place = f"`batches.{number}.expiresAt`"
                return f"{place} is not after `occurredAt`: the batch is over, leave it out"
        client = hash((event.organization_id, event.client_id))
        if client in self._seen:
            return f"the client {shown(event.client_id)} stands on an earlier line: leave one out"
        self._seen.add(client)
        return ""


def event_id(event: ClientImported) -> str:
    """A function of organization, client and content, however that was written, so that a line that
    is published twice is a duplicate. The event's own id is not looked at."""
    name = content_name(replace(event, event_id=""))
    return str(uuid5(NAMESPACE, f"{event.organization_id}\x1f{event.client_id}\x1f{name}"))


def _judged(fields: Fields, minor_digits: MinorDigits) -> ClientImported | Rejected:
    value = _value({**fields, "eventId": "-"})
    read = judge(value, None, Channel.CLIENTS, minor_digits, check_key=False)
    assert isinstance(read, ClientImported | Rejected)
    return read


def _value(fields: Fields) -> bytes:
    return _encode({"type": ClientImported.type, **_plain(fields)})


def _plain(held: Any) -> Any:
    """Numbers by their source text."""
    if isinstance(held, JsonNumber):
        return msgspec.Raw(held.text.encode())
    if isinstance(held, dict):
        return {name: _plain(each) for name, each in held.items()}
    return [_plain(each) for each in held] if isinstance(held, list) else held


def _missing(fields: Fields) -> str:
    for name, option in OPTIONS.items():
        if name not in fields:
            return f"`{name}` is missing: write it, or give {option} for all lines"
    return ""


def _unknown(fields: Fields) -> str:
    """What is wrong with the entry's names, or nothing."""
    batches = fields.get("batches")
    places: list[tuple[str, Any, frozenset[str]]] = [("", fields, NAMES)]
    for number, batch in enumerate(batches if isinstance(batches, list) else ()):
        if isinstance(batch, dict):
            places.append((f"batches.{number}.", batch, _BATCH_NAMES))
            only_for = batch.get("restriction")
            place = f"batches.{number}.restriction."
            places.append((place, only_for or {}, _RESTRICTION_NAMES))
    for place, held, names in places:
        for name in held if isinstance(held, dict) else ():
            if name not in names:
                return _stranger(place, name, names)
    return ""


def _stranger(place: str, name: str, names: frozenset[str]) -> str:
    told = f"there is no field `{place}{shown(name)[1:-1]}`"
    if not place and name in GIVEN_HERE:
        return f"{told} in an entry: the command writes it, leave it out"
    meant = did_you_mean(name, names)
    return f"{told}: {meant or 'use ' + ', '.join(sorted(names))}"
