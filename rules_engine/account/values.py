"""The bonus account of one client: batches, and what an operation did to them.

Values: nobody changes one in place. Instants are microseconds since the epoch, amounts `Decimal`
in major units with the currency's decimals; sums are exact. The account is a projection: the CRM
owns the ledger.
"""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import IntEnum

from msgspec import Struct

EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])
"""A sum that does not fit would be wrong money: it is never rounded."""

NOTHING = Decimal(0)


class Opened(IntEnum):
    """What opened a batch. The numbers are kept with the state: they never change."""

    RULE = 0
    OPENING = 1
    MANUAL = 2
    PROMO = 3
    REFUND = 4
    ADJUSTMENT = 5


class Earned(Struct, frozen=True, gc=False, array_like=True):
    """What a top-up earned: all that its refund needs to know of one credit.

    `credited` of `topup`; `day`: the local day of the top-up, by which limits were charged;
    `siblings`: how many credits the rule gave for it; `charged`: period letters of what was charged
    (see `CreditTerms`); `refunded` of the top-up and `revoked` of the credit so far.
    """

    credited: Decimal
    topup: Decimal
    day: int
    siblings: int = 1
    charged: str = ""
    refunded: Decimal = NOTHING
    revoked: Decimal = NOTHING

    @property
    def is_revoked_whole(self) -> bool:
        return self.revoked == self.credited


class Batch(Struct, frozen=True, gc=False, array_like=True):
    """Bonuses that came together. `number` counts the account's batches in order of opening.

    `id`: the 16 bytes of the batch's UUID; `expires_at` None: never; both restrictions empty: it
    may pay for anything. `rule_id`: the rule that credited it, else empty. `emptied_at`: an empty
    batch that a refund may fill again.
    """

    number: int
    id: bytes
    left: Decimal
    expires_at: int | None = None
    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    opened_by: Opened = Opened.RULE
    rule_id: str = ""
    earned: Earned | None = None
    emptied_at: int | None = None

    def is_over(self, as_of: int) -> bool:
        """It cannot be used any more; at its expiry instant neither."""
        return self.expires_at is not None and self.expires_at <= as_of

    def may_pay_for(self, product_type: str, product_id: str) -> bool:
        """Everything that the restriction names must hold."""
        return (not self.product_types or product_type in self.product_types) and (
            not self.product_ids or product_id in self.product_ids
        )


class Account(Struct, frozen=True, array_like=True):
    """All batches in order of opening, empty ones only as long as a refund may fill them again.

    `opened`: how many there have ever been. `commanded_at`: instant of the latest bonus command,
    by which drift is judged. `is_used`: there has been an operation.
    """

    batches: tuple[Batch, ...] = ()
    opened: int = 0
    commanded_at: int | None = None
    is_used: bool = False

    @property
    def balance(self) -> Decimal:
        return total(batch.left for batch in self.batches)


UNUSED = Account()


class Entry(Struct, frozen=True, gc=False):
    """What one operation did: the part of its journal record that the account knows.

    `batch_id`: the batch that it is about; None for what may touch several: payments, their
    refunds, write-offs and cuts.
    """

    type: str
    amount: Decimal
    taken: Decimal
    balance_after: Decimal
    batch_id: bytes | None = None
    violations: tuple[str, ...] = ()


def total(amounts: Iterable[Decimal]) -> Decimal:
    sum_ = NOTHING
    for amount in amounts:
        sum_ = EXACT.add(sum_, amount)
    return sum_


def less(amount: Decimal, other: Decimal) -> Decimal:
    return EXACT.subtract(amount, other)


def share_of(amount: Decimal, part: Decimal, whole: Decimal, unit: Decimal) -> Decimal:
    """amount × part ÷ whole, rounded down to the currency's smallest `unit`, exactly."""
    units = EXACT.divide_int(EXACT.multiply(amount, part), EXACT.multiply(whole, unit))
    return EXACT.multiply(units, unit)
