"""Batches that are over leave the balance, once, each with a record that is dated at its instant.

One function for a timer and for an event that comes before it.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from rules_engine.account.operations import lapse
from rules_engine.account.values import EXACT, Account, Batch, Entry
from rules_engine.books.terms import BookTerms
from rules_engine.client import ClientState
from rules_engine.commands import EXECUTOR
from schemas.ids import operation_id, uuid_text
from schemas.instants import later_text
from schemas.wire import JournalOrigin, JournalRecord


class Lapsed(Struct, frozen=True):
    """The account after the lapses, their records, and how much lapsed at which instant."""

    account: Account
    records: tuple[JournalRecord, ...]
    amounts: tuple[tuple[int, Decimal], ...]


def lapse_batches(
    terms: BookTerms, client_id: str, club_id: str, account: Account, until: int
) -> Lapsed:
    """Every batch whose expiry is not after `until`, in order of expiry. `club_id`: that of the
    client's latest event."""
    account, entries = lapse(account, until)
    amounts: dict[int, Decimal] = {}
    records: list[JournalRecord] = []
    for batch, entry in entries:
        records.append(_record(terms, client_id, club_id, batch, entry))
        assert batch.expires_at is not None
        known = amounts.get(batch.expires_at)
        amounts[batch.expires_at] = entry.taken if known is None else EXACT.add(known, entry.taken)
    return Lapsed(account, tuple(records), tuple(amounts.items()))


def with_lapsed(
    client: ClientState, terms: BookTerms, amounts: tuple[tuple[int, Decimal], ...]
) -> ClientState:
    """The client with these lapses to be told of, where a rule asks for them."""
    if not amounts or not terms.tells_lapses:
        return client
    known = dict(client.lapsed)
    for at, amount in amounts:
        known[at] = amount if at not in known else EXACT.add(known[at], amount)
    return replace(client, lapsed=tuple(sorted(known.items())))


def _record(
    terms: BookTerms, client_id: str, club_id: str, batch: Batch, entry: Entry
) -> JournalRecord:
    """Nobody's event: dated and named by the lapse itself."""
    assert batch.expires_at is not None
    batch_id = uuid_text(batch.id)
    name = f"timer:{entry.type}:{batch_id}"
    return JournalRecord(
        operation_id(terms.organization_id, client_id, name, entry.type, batch_id),
        terms.organization_id,
        club_id,
        client_id,
        terms.currency,
        entry.type,
        EXECUTOR,
        None,
        JournalOrigin(name, entry.type, None, None, None),
        batch.rule_id or None,
        (),
        batch_id,
        terms.text(entry.amount),
        terms.text(entry.taken),
        terms.text(entry.balance_after),
        entry.violations,
        later_text(batch.expires_at),
    )
