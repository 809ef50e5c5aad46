"""The contract of the events (DOMAIN 2): what may stand on the input topics.

camelCase on the wire; unknown fields are ignored; `null` of an optional field is its absence.
`to_event()` gives the value that the core works with. `schemas.decode` reads the same at a
fraction of the cost and leaves every refusal to these models.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from schemas import decoded
from schemas.errors import Unreadable
from schemas.fields import (
    Count,
    Day,
    Days,
    Flag,
    Id,
    Instant,
    Money,
    MoneyOrZero,
    Name,
    ProductType,
    Text,
    TopUpSource,
)
from schemas.model import WireModel


class ClientSnapshot(WireModel):
    """What the CRM knew of the client just before the event. Absent: it says nothing of it."""

    groups: list[Id] | None = None
    registered_at: Instant | None = None
    birthday: Day | None = None
    bonus_balance_major: MoneyOrZero | None = None


class EventModel(WireModel):
    """The envelope of every event. The record's key is `clientId`."""

    value: ClassVar[type[decoded.Event]]

    event_id: Id
    organization_id: Id
    club_id: Id
    client_id: Id
    occurred_at: Instant
    client: ClientSnapshot | None = None

    def to_event(self) -> decoded.Event:
        """The same event as the core's value. Its ranges are judged before, by `allowed`."""
        names = (name for name in self.value.__struct_fields__ if name != "snapshot")
        fields = {name: getattr(self, name) for name in names}
        known = {name: value for name, value in fields.items() if value is not None}
        return self.value(snapshot=self._snapshot(), **known)

    def _snapshot(self) -> decoded.Snapshot | None:
        return _snapshot_of(self.client)


class BalanceToppedUp(EventModel):
    """Real money was put on the balance."""

    value = decoded.BalanceToppedUp
    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "if": {"properties": {"topUpSource": {"const": source}}},
                    "then": {
                        "required": [field],
                        "properties": {field: {"type": "string", "minLength": 1}},
                    },
                }
                for source, field in (("CASH", "shiftId"), ("ACQUIRING", "gatewayTransactionId"))
            ]
        }
    )

    type: Literal["BALANCE_TOPPED_UP"]
    topup_amount_major: Money
    top_up_source: TopUpSource
    shift_id: Id | None = Field(default=None, description="Required for CASH.")
    gateway_transaction_id: Id | None = Field(default=None, description="Required for ACQUIRING.")
    product_id: Id | None = Field(default=None, description="What the deposit is earmarked for.")

    @model_validator(mode="after")
    def _traceable(self) -> "BalanceToppedUp":
        if self.top_up_source == "CASH" and self.shift_id is None:
            raise Unreadable("`shiftId` is missing: a top-up in CASH must name its shift")
        if self.top_up_source == "ACQUIRING" and self.gateway_transaction_id is None:
            raise Unreadable(
                "`gatewayTransactionId` is missing: a top-up by ACQUIRING must name its transaction"
            )
        return self


class TopupRefunded(EventModel):
    """Part or all of a top-up was given back."""

    value = decoded.TopupRefunded
    type: Literal["TOPUP_REFUNDED"]
    original_event_id: Id
    refund_amount_major: Money


class VisitStarted(EventModel):
    value = decoded.VisitStarted
    type: Literal["VISIT_STARTED"]
    visit_id: Id
    tariff_id: Id


class VisitEnded(EventModel):
    value = decoded.VisitEnded
    type: Literal["VISIT_ENDED"]
    visit_id: Id
    tariff_id: Id
    duration_minutes: Count


class PaymentMade(EventModel):
    """A purchase; `bonusAmountMajor` is the part of the total that was paid with bonuses."""

    value = decoded.PaymentMade
    type: Literal["PAYMENT_MADE"]
    payment_id: Id
    total_amount_major: Money
    bonus_amount_major: MoneyOrZero
    product_type: ProductType
    product_id: Id


class PaymentRefunded(EventModel):
    value = decoded.PaymentRefunded
    type: Literal["PAYMENT_REFUNDED"]
    payment_id: Id
    refund_amount_major: Money
    bonus_amount_major: MoneyOrZero


class BonusCredited(EventModel):
    """Bonuses given by an administrator, by hand."""

    value = decoded.BonusCredited
    type: Literal["BONUS_CREDITED"]
    amount_major: Money
    executor: Name
    reason: Text | None = None


class BonusWrittenOff(EventModel):
    """Bonuses taken by an administrator, by hand."""

    value = decoded.BonusWrittenOff
    type: Literal["BONUS_WRITTEN_OFF"]
    amount_major: Money
    executor: Name
    reason: Text | None = None


class PromoCodeRedeemed(EventModel):
    value = decoded.PromoCodeRedeemed
    type: Literal["PROMO_CODE_REDEEMED"]
    code: Name
    amount_major: Money
    expires_in_days: Days | None = None


class _ClientEvent(EventModel):
    """May carry the snapshot's fields itself; these win over `client`."""

    groups: list[Id] | None = None
    registered_at: Instant | None = None
    birthday: Day | None = None
    bonus_balance_major: MoneyOrZero | None = None

    def _snapshot(self) -> decoded.Snapshot | None:
        return _snapshot_of(self, self.client)


class ClientRegistered(_ClientEvent):
    value = decoded.ClientRegistered
    type: Literal["CLIENT_REGISTERED"]


class ClientUpdated(_ClientEvent):
    value = decoded.ClientUpdated
    type: Literal["CLIENT_UPDATED"]
    resync: Annotated[
        Flag | None,
        Field(description="Set the account to `bonusBalanceMajor`, which is required then."),
    ] = None

    @model_validator(mode="after")
    def _resync_to_what(self) -> "ClientUpdated":
        balances = (self.bonus_balance_major, self.client and self.client.bonus_balance_major)
        if self.resync and all(balance is None for balance in balances):
            raise Unreadable("`bonusBalanceMajor` is missing: `resync` needs the balance to set")
        return self


class ClientImported(_ClientEvent):
    """State to begin with, written by the command line only."""

    value = decoded.ClientImported
    type: Literal["CLIENT_IMPORTED"]
    total_topup_major: MoneyOrZero | None = None
    topup_count: Count | None = None
    total_spent_major: MoneyOrZero | None = None
    visit_count: Count | None = None
    first_visit_at: Instant | None = None
    last_visit_at: Instant | None = None


class ClientForgotten(EventModel):
    """Erase what is known of the client; written by the command line only."""

    value = decoded.ClientForgotten
    type: Literal["CLIENT_FORGOTTEN"]


EVENT_MODELS: dict[str, type[EventModel]] = {
    model.value.type: model
    for model in (
        BalanceToppedUp,
        TopupRefunded,
        VisitStarted,
        VisitEnded,
        PaymentMade,
        PaymentRefunded,
        BonusCredited,
        BonusWrittenOff,
        PromoCodeRedeemed,
        ClientRegistered,
        ClientUpdated,
        ClientImported,
        ClientForgotten,
    )
}
"""The model of each event type."""


def _snapshot_of(*sources: ClientSnapshot | _ClientEvent | None) -> decoded.Snapshot | None:
    """What the sources say, the first one that says it; None where all are silent."""
    said: dict[str, Any] = {}
    for name in decoded.Snapshot.__struct_fields__:
        values = (getattr(source, name) for source in sources if source is not None)
        said[name] = next((value for value in values if value is not None), None)
    if said["groups"] is not None:
        said["groups"] = decoded.group_set(said["groups"])
    snapshot = decoded.Snapshot(**said)
    return None if snapshot == decoded.NOTHING_SAID else snapshot
