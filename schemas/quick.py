"""The shapes of the events for msgspec: what the quick path of `schemas.decode` reads.

They say yes to less than the contract does and never to more. Amounts stay source text (`Raw`):
msgspec's own reading of a `Decimal` from a string takes `1_000`, spaces and `Infinity`.
`event(digits)` raises ValueError where in doubt; the contract then decides.
"""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from schemas import decoded
from schemas.errors import NotAllowed, Unreadable
from schemas.instants import parse_date, parse_instant
from schemas.money import MAX_MINOR_DIGITS, parse_money

Id = Annotated[str, Meta(min_length=1)]

_NULL = Raw(b"null")
_REMEMBERED = 8192
_MAX_REMEMBERED_BYTES = 32

# Amounts repeat (100, 300, 500): each source text is read once per number of decimals.
_amounts: tuple[dict[bytes, Decimal], ...] = tuple({} for _ in range(MAX_MINOR_DIGITS + 1))


def _amount(raw: Raw, digits: int) -> Decimal:
    """An amount of zero or more. Raises SchemaError."""
    source = bytes(raw)
    amount = _amounts[digits].get(source)
    return _read_amount(source, digits) if amount is None else amount


def _positive(raw: Raw, digits: int) -> Decimal:
    """An amount above zero. Raises SchemaError."""
    source = bytes(raw)
    amount = _amounts[digits].get(source) or _read_amount(source, digits)
    if not amount:
        raise NotAllowed("must be greater than 0")
    return amount


def _read_amount(source: bytes, digits: int) -> Decimal:
    text = source[1:-1] if source[:1] == b'"' else source
    amount = parse_money(text.decode(), digits, zero=True)
    if len(source) <= _MAX_REMEMBERED_BYTES:
        memory = _amounts[digits]
        if len(memory) >= _REMEMBERED:
            memory.clear()
        memory[source] = amount
    return amount


class QuickSnapshot(Struct, rename="camel", gc=False):
    groups: list[Id] | None = None
    registered_at: str | None = None
    birthday: str | None = None
    bonus_balance_major: Raw = _NULL

    def read(self, digits: int) -> decoded.Snapshot:
        balance = self.bonus_balance_major
        return decoded.Snapshot(
            None if self.groups is None else decoded.group_set(self.groups),
            None if self.registered_at is None else parse_instant(self.registered_at),
            None if self.birthday is None else parse_date(self.birthday),
            None if bytes(balance) == b"null" else _amount(balance, digits),
        )


class QuickEvent(Struct, rename="camel", gc=False, kw_only=True, tag_field="type"):
    event_id: Id
    organization_id: Id
    club_id: Id
    client_id: Id
    occurred_at: str
    client: QuickSnapshot | None = None

    def event(self, digits: int) -> decoded.Event:
        """The event as a value, for a currency with `digits` decimals."""
        raise NotImplementedError

    def snapshot(self, digits: int) -> decoded.Snapshot | None:
        if self.client is None:
            return None
        said = self.client.read(digits)
        return None if said == decoded.NOTHING_SAID else said


class BalanceToppedUp(QuickEvent, gc=False, kw_only=True, tag="BALANCE_TOPPED_UP"):
    topup_amount_major: Raw
    top_up_source: Literal["ACQUIRING", "POS_TERMINAL", "CASH"]
    shift_id: Id | None = None
    gateway_transaction_id: Id | None = None
    product_id: Id | None = None

    def event(self, digits: int) -> decoded.Event:
        source = self.top_up_source
        if (source == "CASH" and self.shift_id is None) or (
            source == "ACQUIRING" and self.gateway_transaction_id is None
        ):
            raise Unreadable("lacks what its source requires")
        return decoded.BalanceToppedUp(
            event_id=self.event_id,
            organization_id=self.organization_id,
            club_id=self.club_id,
            client_id=self.client_id,
            occurred_at=parse_instant(self.occurred_at),
            snapshot=None if self.client is None else self.snapshot(digits),
            topup_amount_major=_positive(self.topup_amount_major, digits),
            top_up_source=source,
            shift_id=self.shift_id,
            gateway_transaction_id=self.gateway_transaction_id,
            product_id=self.product_id,
        )


class TopupRefunded(QuickEvent, gc=False, kw_only=True, tag="TOPUP_REFUNDED"):
    original_event_id: Id
    refund_amount_major: Raw

    def event(self, digits: int) -> decoded.Event:
        return decoded.TopupRefunded(
            event_id=self.event_id,
            organization_id=self.organization_id,
            club_id=self.club_id,
            client_id=self.client_id,
            occurred_at=parse_instant(self.occurred_at),
            snapshot=self.snapshot(digits),
            original_event_id=self.original_event_id,
            refund_amount_major=_positive(self.refund_amount_major, digits),
        )


class VisitStarted(QuickEvent, gc=False, kw_only=True, tag="VISIT_STARTED"):
    visit_id: Id
    tariff_id: Id

    def event(self, digits: int) -> decoded.Event:
        return decoded.VisitStarted(
            event_id=self.event_id,
            organization_id=self.organization_id,
            club_id=self.club_id,
            client_id=self.client_id,
            occurred_at=parse_instant(self.occurred_at),
            snapshot=self.snapshot(digits),
            visit_id=self.visit_id,
            tariff_id=self.tariff_id,
        )


class VisitEnded(QuickEvent, gc=False, kw_only=True, tag="VISIT_ENDED"):
    visit_id: Id
    tariff_id: Id
    duration_minutes: Annotated[int, Meta(ge=0, le=10**18)]

    def event(self, digits: int) -> decoded.Event:
        return decoded.VisitEnded(
            event_id=self.event_id,
            organization_id=self.organization_id,
            club_id=self.club_id,
            client_id=self.client_id,
            occurred_at=parse_instant(self.occurred_at),
            snapshot=self.snapshot(digits),
            visit_id=self.visit_id,
            tariff_id=self.tariff_id,
            duration_minutes=self.duration_minutes,
        )


class PaymentMade(QuickEvent, gc=False, kw_only=True, tag="PAYMENT_MADE"):
    payment_id: Id
    total_amount_major: Raw
    bonus_amount_major: Raw
    product_type: Literal["TARIFF", "BAR", "MULTIPASS"]
    product_id: Id

    def event(self, digits: int) -> decoded.Event:
        return decoded.PaymentMade(
            event_id=self.event_id,
            organization_id=self.organization_id,
            club_id=self.club_id,
            client_id=self.client_id,
            occurred_at=parse_instant(self.occurred_at),
            snapshot=self.snapshot(digits),
            payment_id=self.payment_id,
            total_amount_major=_positive(self.total_amount_major, digits),
            bonus_amount_major=_amount(self.bonus_amount_major, digits),
            product_type=self.product_type,
            product_id=self.product_id,
        )


class PaymentRefunded(QuickEvent, gc=False, kw_only=True, tag="PAYMENT_REFUNDED"):
    payment_id: Id
    refund_amount_major: Raw
    bonus_amount_major: Raw

    def event(self, digits: int) -> decoded.Event:
        return decoded.PaymentRefunded(
            event_id=self.event_id,
            organization_id=self.organization_id,
            club_id=self.club_id,
            client_id=self.client_id,
            occurred_at=parse_instant(self.occurred_at),
            snapshot=self.snapshot(digits),
            payment_id=self.payment_id,
            refund_amount_major=_positive(self.refund_amount_major, digits),
            bonus_amount_major=_amount(self.bonus_amount_major, digits),
        )


QUICK_TYPES: dict[str, type[QuickEvent]] = {
    "BALANCE_TOPPED_UP": BalanceToppedUp,
    "TOPUP_REFUNDED": TopupRefunded,
    "VISIT_STARTED": VisitStarted,
    "VISIT_ENDED": VisitEnded,
    "PAYMENT_MADE": PaymentMade,
    "PAYMENT_REFUNDED": PaymentRefunded,
}
"""The types that arrive in numbers; the others are read by the contract alone."""
