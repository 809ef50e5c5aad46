"""The contract of the commands: what readers of the output topics may rely on.

Every field is always there. Money is text with exactly the currency's decimals; `issuedAt` is the
`occurredAt` of the event behind the command. A reader that drops repeated `commandId`s sees every
effect exactly once. `schemas.wire` writes the same shapes fast.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.fields import Id, Instant, MoneyText, Name, ProductType, Text
from schemas.model import WireModel


class CausedBy(WireModel):
    """The record that an effect comes from. A timer's effects come from none: `topic`, `partition`
    and `offset` are null."""

    event_id: Id
    type: Name
    topic: Text | None
    partition: Annotated[int, Field(ge=0)] | None
    offset: Annotated[int, Field(ge=0)] | None


class Restriction(WireModel):
    """What a batch of bonuses may pay for; both empty: anything."""

    product_types: list[ProductType]
    product_ids: list[Id]


class CommandModel(WireModel):
    """The envelope of every command. The record's key is `clientId`; the headers `type`,
    `organizationId` and `commandId` repeat the fields."""

    command_id: Id
    organization_id: Id
    club_id: Id
    client_id: Id
    rule_id: Id
    rule_set_version: Text
    tags: list[Text]
    executor: Literal["SYSTEM"]
    caused_by: CausedBy
    issued_at: Instant


class AddBonus(CommandModel):
    """Open a batch of bonuses; without `expiresAt` it never lapses."""

    type: Literal["ADD_BONUS"]
    amount_major: MoneyText
    currency: Text
    batch_id: Id
    expires_at: Instant | None
    restriction: Restriction


class RevokeBonus(CommandModel):
    """Take back from a batch what a refunded top-up had earned."""

    type: Literal["REVOKE_BONUS"]
    amount_major: MoneyText
    currency: Text
    batch_id: Id


class AssignGroup(CommandModel):
    type: Literal["ASSIGN_GROUP"]
    group_id: Id


class UnassignGroup(CommandModel):
    type: Literal["UNASSIGN_GROUP"]
    group_id: Id


class SendPush(CommandModel):
    """Not before `notBefore` (quiet hours), not after `notAfter` (its time to live)."""

    type: Literal["SEND_PUSH"]
    title: Annotated[Text, Field(max_length=40)]
    body: Annotated[Text, Field(max_length=120)]
    not_before: Instant | None
    not_after: Instant | None


COMMAND_MODELS: dict[str, type[CommandModel]] = {
    "ADD_BONUS": AddBonus,
    "REVOKE_BONUS": RevokeBonus,
    "ASSIGN_GROUP": AssignGroup,
    "UNASSIGN_GROUP": UnassignGroup,
    "SEND_PUSH": SendPush,
}
"""The model of each command type."""
