"""The contract of the events (DOMAIN 2): what may stand on the input topics.

camelCase on the wire; unknown fields are ignored; `null` of an optional field is its absence.
`to_event()` gives the value that the core works with. `schemas.decode` reads the same at a
fraction of the cost and leaves every refusal to these models.
"""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from functools import reduce
from typing import Annotated, Any, ClassVar, Literal, Self

from msgspec.structs import replace
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from schemas import decoded
from schemas.errors import NotAllowed, Unreadable
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

MAX_OPENING_BATCHES = 500
_ANY_SIZE = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Adds numbers whose range is not judged yet."""


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


def _a_list(value: Any) -> Any:
    if isinstance(value, list):
        return value
    raise Unreadable("must be a list of objects")


class OpeningRestriction(WireModel):
    """What a batch may pay for; what is absent or empty restricts nothing."""

    product_types: list[ProductType] | None = None
    product_ids: list[Id] | None = None


class OpeningBatch(WireModel):
    """Bonuses that came together; without `expiresAt` they never lapse."""

    amount_major: Money
    expires_at: Instant | None = None
    restriction: OpeningRestriction | None = None

    def to_batch(self) -> decoded.OpeningBatch:
        only_for = self.restriction or OpeningRestriction()
        return decoded.OpeningBatch(
            self.amount_major,
            self.expires_at,
            decoded.group_set(only_for.product_types or ()),
            decoded.group_set(only_for.product_ids or ()),
        )


class ClientImported(_ClientEvent):
    """State to begin with, as of `occurredAt`; written by the command line only.

    It is taken for a client of whom nothing is counted yet, else it is a dead letter
    `NOT_IMPORTED`. Counters that are absent are zero. What would make a regular look like a
    newcomer (a sum without a count, visits without a first one) is refused. The bonus account is
    `batches`, or `bonusBalanceMajor` as one batch that never lapses; where both are given they
    must agree. `clubId` is the club whose time the client's timers keep until it is seen in one.
    """

    value = decoded.ClientImported
    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {
                "firstVisitAt": ["visitCount"],
                "lastVisitAt": ["visitCount", "firstVisitAt"],
            }
        }
    )

    type: Literal["CLIENT_IMPORTED"]
    total_topup_major: MoneyOrZero | None = None
    topup_count: Count | None = None
    total_spent_major: MoneyOrZero | None = None
    visit_count: Count | None = None
    first_visit_at: Instant | None = None
    last_visit_at: Instant | None = None
    batches: Annotated[
        list[OpeningBatch] | None,
        BeforeValidator(lambda value: value if value is None else _a_list(value)),
        Field(description=f"In order of opening, at most {MAX_OPENING_BATCHES}."),
    ] = None

    @model_validator(mode="after")
    def _no_newcomer(self) -> "ClientImported":
        if self.total_topup_major and not self.topup_count:
            raise Unreadable(
                "`topupCount` is missing: with `totalTopupMajor` it must be at least 1, or the "
                "next top-up would be the client's first"
            )
        if self.visit_count and self.first_visit_at is None:
            raise Unreadable(
                "`firstVisitAt` is missing: with `visitCount` it is needed, or the next visit "
                "would be the client's first; where it is not known, write that of registration"
            )
        if self.first_visit_at is None and self.last_visit_at is not None:
            raise Unreadable("`firstVisitAt` is missing: with `lastVisitAt` it is needed")
        if self.first_visit_at is not None and not self.visit_count:
            raise Unreadable(
                "`visitCount` is missing: with `firstVisitAt` it must be at least 1, or the next "
                "visit would be the client's first"
            )
        return self

    @model_validator(mode="after")
    def _one_balance(self) -> "ClientImported":
        said = self._merged()
        balance = None if said is None else said.bonus_balance_major
        if self.batches is not None and balance is not None:
            opened = reduce(_ANY_SIZE.add, (each.amount_major for each in self.batches), Decimal(0))
            if opened != balance:
                raise Unreadable("`bonusBalanceMajor` is not the sum of `batches`: leave one out")
        return self

    def allowed(self, digits: int) -> Self:
        """Also the order of the instants. Raises NotAllowed."""
        plain = super().allowed(digits)
        first, last = self.first_visit_at, self.last_visit_at
        if first is not None and first > self.occurred_at:
            raise NotAllowed("must not be later than `occurredAt`", "firstVisitAt")
        if last is not None and last > self.occurred_at:
            raise NotAllowed("must not be later than `occurredAt`", "lastVisitAt")
        if first is not None and last is not None and last < first:
            raise NotAllowed("must not be earlier than `firstVisitAt`", "lastVisitAt")
        if len(self.batches or ()) > MAX_OPENING_BATCHES:
            raise NotAllowed(f"must be at most {MAX_OPENING_BATCHES}", "batches")
        return plain

    def to_event(self) -> decoded.Event:
        event = super().to_event()
        assert isinstance(event, decoded.ClientImported)
        return replace(event, batches=tuple(each.to_batch() for each in self.batches or ()))

    def _merged(self) -> decoded.Snapshot | None:
        return super()._snapshot()

    def _snapshot(self) -> decoded.Snapshot | None:
        said = self._merged()
        if said is None or not self.batches:
            return said
        silent = replace(said, bonus_balance_major=None)
        return None if silent == decoded.NOTHING_SAID else silent


class ClientForgotten(EventModel):
    """Erase what is known of the client; written by the command line only.

    Nothing is read from `client` and `clubId` (the command line writes `*`).
    """

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
