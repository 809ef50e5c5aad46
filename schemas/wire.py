"""Commands as they go out: field order and names are those of the wire, money is text.

The contract is `schemas.commands` (pydantic); a test holds the two against each other.
Encode with `msgspec.json.encode`. Instants are RFC 3339 text in UTC (`instant_text`).
"""

from msgspec import Struct


class CausedBy(Struct, frozen=True, gc=False, rename="camel"):
    """The record that an effect comes from."""

    event_id: str
    type: str
    topic: str
    partition: int
    offset: int


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


class AssignGroup(Command, frozen=True, gc=False, rename="camel"):
    group_id: str


class UnassignGroup(Command, frozen=True, gc=False, rename="camel"):
    group_id: str


class SendPush(Command, frozen=True, gc=False, rename="camel"):
    title: str
    body: str
    not_before: str | None
    not_after: str | None
