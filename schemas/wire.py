"""Commands and the journal as they go out: names and order are those of the wire, money is text.

The contract is `schemas.commands` and `schemas.journal`; a test holds both against each other.
Encode with `msgspec.json.encode`. Instants are RFC 3339 text in UTC (`instant_text`).
"""

from msgspec import Struct


class CausedBy(Struct, frozen=True, gc=False, rename="camel"):
    """The record that an effect comes from; a timer's effects come from none (all three null)."""

    event_id: str
    type: str
    topic: str | None
    partition: int | None
    offset: int | None


class Restriction(Struct, frozen=True, gc=False, rename="camel"):
    """What a batch of bonuses may pay for; both empty = anything."""

    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()


class Command(Struct, frozen=True, gc=False, rename="camel"):
    """The envelope of every command."""

    command_id: str
    type: str
    organization_id: str
    club_id: str
    client_id: str
    rule_id: str
    rule_set_version: str
    tags: tuple[str, ...]
    executor: str
    caused_by: CausedBy
    issued_at: str


class AddBonus(Command, frozen=True, gc=False, rename="camel"):
    amount_major: str
    currency: str
    batch_id: str
    expires_at: str | None
    restriction: Restriction


class RevokeBonus(Command, frozen=True, gc=False, rename="camel"):
    amount_major: str
    currency: str
    batch_id: str


class AssignGroup(Command, frozen=True, gc=False, rename="camel"):
    group_id: str


class UnassignGroup(Command, frozen=True, gc=False, rename="camel"):
    group_id: str


class SendPush(Command, frozen=True, gc=False, rename="camel"):
    title: str
    body: str
    not_before: str | None
    not_after: str | None


class JournalOrigin(CausedBy, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """The record behind an operation, with what traces a top-up's money where it had that."""

    shift_id: str | None = None
    gateway_transaction_id: str | None = None
    top_up_source: str | None = None


class JournalRecord(Struct, frozen=True, gc=False, rename="camel"):
    """One operation on a bonus account."""

    operation_id: str
    organization_id: str
    club_id: str
    client_id: str
    currency: str
    type: str
    executor: str
    reason: str | None
    caused_by: JournalOrigin
    rule_id: str | None
    tags: tuple[str, ...]
    batch_id: str | None
    amount_major: str
    taken_major: str
    balance_after_major: str
    violations: tuple[str, ...]
    occurred_at: str
