"""The contract of the events of `loyalty.clients`: what is known of a client, and its beginning and
end as the command line writes them."""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from functools import reduce
from typing import Annotated, Any, Literal, Self

from msgspec.structs import replace
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from schemas import decoded
from schemas.errors import NotAllowed, Unreadable
from schemas.event import EventModel, snapshot_of
from schemas.fields import Count, Day, Flag, Id, Instant, Money, MoneyOrZero, ProductType
from schemas.model import WireModel

MAX_OPENING_BATCHES = 500
_ANY_SIZE = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Adds numbers whose range is not judged yet."""


class _ClientEvent(EventModel):
    """May carry the snapshot's fields itself; these win over `client`."""

    groups: list[Id] | None = None
    registered_at: Instant | None = None
    birthday: Day | None = None
    bonus_balance_major: MoneyOrZero | None = None

    def _snapshot(self) -> decoded.Snapshot | None:
        return snapshot_of(self, self.client)


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
