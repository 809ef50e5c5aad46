"""The contract of the events: what may stand on the input topics.

camelCase on the wire; unknown fields are ignored; `null` of an optional field is its absence.
`to_event()` gives the value that the core works with. `schemas.decode` reads the same at a
fraction of the cost and leaves every refusal to these models.
"""

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from schemas import decoded
from schemas.client_events import (
    ClientForgotten,
    ClientImported,
    ClientRegistered,
    ClientUpdated,
)
from schemas.errors import Unreadable
from schemas.event import EventModel
from schemas.fields import Count, Days, Id, Money, MoneyOrZero, Name, ProductType, Text, TopUpSource


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
