"""Events as the core sees them: exact, immutable values with no trace of JSON.

The wire contract is `schemas.events` (pydantic); these are what `schemas.decode` yields for it.
Instants are microseconds since the Unix epoch in UTC (int); money is `Decimal` in major units,
read from the source text and never through a float; minutes and days are int.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import ClassVar, final

from msgspec import Struct


class Snapshot(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the CRM knew of the client just before the event; None = it said nothing of it."""

    groups: tuple[str, ...] | None = None
    registered_at: int | None = None
    birthday: date | None = None
    bonus_balance_major: Decimal | None = None


NOTHING_SAID = Snapshot()
"""An event whose snapshot would be this one has none."""


def group_set(groups: Iterable[str]) -> tuple[str, ...]:
    """Groups in the one form of a set: sorted, each once."""
    return tuple(sorted(set(groups)))


class Event(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The envelope that every event carries."""

    type: ClassVar[str]

    event_id: str
    organization_id: str
    club_id: str
    client_id: str
    occurred_at: int
    snapshot: Snapshot | None = None


class BalanceToppedUp(Event, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "BALANCE_TOPPED_UP"
    topup_amount_major: Decimal
    top_up_source: str
    shift_id: str | None = None
    gateway_transaction_id: str | None = None
    product_id: str | None = None


class TopupRefunded(Event, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "TOPUP_REFUNDED"
    original_event_id: str
    refund_amount_major: Decimal


class VisitStarted(Event, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "VISIT_STARTED"
    visit_id: str
    tariff_id: str


class VisitEnded(Event, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "VISIT_ENDED"
    visit_id: str
    tariff_id: str
    duration_minutes: int


class PaymentMade(Event, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "PAYMENT_MADE"
    payment_id: str
    total_amount_major: Decimal
    bonus_amount_major: Decimal
    product_type: str
    product_id: str


class PaymentRefunded(Event, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "PAYMENT_REFUNDED"
    payment_id: str
    refund_amount_major: Decimal
    bonus_amount_major: Decimal


class BonusCredited(Event, frozen=True, kw_only=True, gc=False):
    """A credit by an administrator, by hand."""

    type: ClassVar[str] = "BONUS_CREDITED"
    amount_major: Decimal
    executor: str
    reason: str | None = None


class BonusWrittenOff(Event, frozen=True, kw_only=True, gc=False):
    """A write-off by an administrator, by hand."""

    type: ClassVar[str] = "BONUS_WRITTEN_OFF"
    amount_major: Decimal
    executor: str
    reason: str | None = None


class PromoCodeRedeemed(Event, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "PROMO_CODE_REDEEMED"
    code: str
    amount_major: Decimal
    expires_in_days: int | None = None


class ClientRegistered(Event, frozen=True, kw_only=True, gc=False):
    """Its own fields are merged over `client`: they are all in `snapshot`."""

    type: ClassVar[str] = "CLIENT_REGISTERED"


class ClientUpdated(Event, frozen=True, kw_only=True, gc=False):
    """Its own fields are merged over `client`: they are all in `snapshot`."""

    type: ClassVar[str] = "CLIENT_UPDATED"
    resync: bool = False


class OpeningBatch(Struct, frozen=True, gc=False, omit_defaults=True):
    """Bonuses that a client brings along; both restrictions empty: they may pay for anything."""

    amount_major: Decimal
    expires_at: int | None = None
    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()


class ClientImported(Event, frozen=True, kw_only=True, gc=False):
    """State to begin with, written by the command line only; None = nothing is said of it.

    With `batches` the snapshot says no balance: theirs is it.
    """

    type: ClassVar[str] = "CLIENT_IMPORTED"
    total_topup_major: Decimal | None = None
    topup_count: int | None = None
    total_spent_major: Decimal | None = None
    visit_count: int | None = None
    first_visit_at: int | None = None
    last_visit_at: int | None = None
    batches: tuple[OpeningBatch, ...] = ()


class ClientForgotten(Event, frozen=True, kw_only=True, gc=False):
    """Erase what is known of the client; written by the command line only."""

    type: ClassVar[str] = "CLIENT_FORGOTTEN"


@final
class Rejected(Struct, frozen=True, gc=False):
    """An event that is not taken: what a dead letter says of it."""

    code: str
    message: str
