"""One client's account while an event is booked, and the records that come of it."""

from msgspec.structs import replace

from rules_engine.account.operations import tidied
from rules_engine.account.packed import pack_account, unpack_account
from rules_engine.account.payments import Payment
from rules_engine.account.values import Account, Entry
from rules_engine.books.around import Around
from rules_engine.books.terms import BookTerms
from rules_engine.budgets.port import Budgets
from rules_engine.client import ClientState
from rules_engine.commands import EXECUTOR
from rules_engine.outcome import Origin
from schemas.decoded import BalanceToppedUp, Event
from schemas.ids import operation_id, uuid_bytes, uuid_text
from schemas.instants import later_text
from schemas.wire import Command, JournalOrigin, JournalRecord


class Books:
    """`client`: the state before the event, as far as it has been booked; `clock`: the lane's, with
    this event. `as_of`: batches that are over by then cannot be used."""

    def __init__(
        self,
        terms: BookTerms,
        client: ClientState,
        event: Event,
        origin: Origin,
        around: Around,
        clock: int,
        budgets: Budgets,
    ) -> None:
        self.terms, self.client, self.event, self.around = terms, client, event, around
        self.budgets = budgets
        self.account: Account = unpack_account(client.account)
        self.clock = clock
        self.lapsed_until = clock - around.lapse_grace_us
        self.as_of = max(event.occurred_at, self.lapsed_until)
        self.caused_by = journal_origin(event, origin)
        self.records: list[JournalRecord] = []
        self.commands: list[Command] = []
        self.payment: Payment | None = None
        self.has_drifted = False

    def close(self) -> ClientState:
        """The client with its account as booked so far."""
        self.client = with_account(self.client, self.account, self.terms, self.around, self.clock)
        return self.client

    def own_id(self, kind: str, part: str = "") -> str:
        """The `operationId` of what the event itself does; the batch that it opens has it too.
        `part` tells several batches of one operation apart."""
        event = self.event
        return operation_id(self.terms.organization_id, event.client_id, event.event_id, kind, part)

    def own_batch_id(self, kind: str, part: str = "") -> bytes:
        return uuid_bytes(self.own_id(kind, part))

    def write(
        self,
        entry: Entry,
        executor: str = EXECUTOR,
        reason: str | None = None,
        club_id: str | None = None,
    ) -> None:
        """The record of what the event itself did, in its club where none is named."""
        at = later_text(self.event.occurred_at)
        made = self.own_id(entry.type)
        club = self.event.club_id if club_id is None else club_id
        self._write(entry, made, club, executor, reason, self.caused_by, None, (), at)

    def write_revocation(
        self, command_id: str, rule_id: str, tags: tuple[str, ...], entry: Entry
    ) -> None:
        at = later_text(self.event.occurred_at)
        club = self.event.club_id
        self._write(entry, command_id, club, EXECUTOR, None, self.caused_by, rule_id, tags, at)

    def _write(
        self,
        entry: Entry,
        made: str,
        club_id: str,
        executor: str,
        reason: str | None,
        caused_by: JournalOrigin,
        rule_id: str | None,
        tags: tuple[str, ...],
        at: str,
    ) -> None:
        terms = self.terms
        self.records.append(
            JournalRecord(
                made,
                terms.organization_id,
                club_id,
                self.event.client_id,
                terms.currency,
                entry.type,
                executor,
                reason,
                caused_by,
                rule_id,
                tags,
                None if entry.batch_id is None else uuid_text(entry.batch_id),
                terms.text(entry.amount),
                terms.text(entry.taken),
                terms.text(entry.balance_after),
                entry.violations,
                at,
            )
        )


def with_account(
    client: ClientState, account: Account, terms: BookTerms, around: Around, clock: int
) -> ClientState:
    """The client with the account, of which only what may still be needed is kept."""
    account = tidied(account, clock, around.remember_payments_us, terms.revokes)
    ends = [each.expires_at for each in account.batches if each.expires_at is not None]
    return replace(client, account=pack_account(account), lapses_at=min(ends, default=None))


def journal_origin(event: Event, origin: Origin | None) -> JournalOrigin:
    """The record behind an operation; a top-up's with what traces its money. A timer's event comes
    from none."""
    if origin is None:
        return JournalOrigin(event.event_id, event.type, None, None, None)
    at = (event.event_id, event.type, origin.topic, origin.partition, origin.offset)
    if type(event) is not BalanceToppedUp:
        return JournalOrigin(*at)
    return JournalOrigin(*at, event.shift_id, event.gateway_transaction_id, event.top_up_source)
