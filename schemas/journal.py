"""The contract of the bonus journal: one record per operation on a bonus account."""

from typing import Literal

from schemas.commands import CausedBy
from schemas.fields import Id, Instant, MoneyText, Name, SignedMoneyText, Text, TopUpSource
from schemas.model import WireModel

Operation = Literal[
    "BONUS_OPENING",
    "BONUS_CREDIT",
    "BONUS_PAYMENT",
    "BONUS_WRITE_OFF",
    "BONUS_REFUND",
    "BONUS_EXPIRY",
    "BONUS_REVOKED",
    "BONUS_ADJUSTMENT",
    "PROMO_CREDIT",
]
Violation = Literal["RESTRICTED_BONUS_SPENT", "OVER_BONUS_BALANCE", "OVER_MAX_BONUS_PERCENT"]


class Origin(CausedBy):
    """The record behind the operation, with what traces a top-up's money where it had that."""

    shift_id: Id | None = None
    gateway_transaction_id: Id | None = None
    top_up_source: TopUpSource | None = None


class JournalRecord(WireModel):
    """One operation. Payments, write-offs, expiries and revocations subtract `takenMajor`, all
    others add it; the sum over a client is the balance.

    `amountMajor` is positive, of an adjustment signed, of a payment as in the event;
    `takenMajor` is what was really moved, positive, of an adjustment signed. `batchId` is null
    where several batches were touched.
    """

    operation_id: Id
    organization_id: Id
    club_id: Id
    client_id: Id
    currency: Text
    type: Operation
    executor: Name
    reason: Text | None
    caused_by: Origin
    rule_id: Id | None
    tags: list[Text]
    batch_id: Id | None
    amount_major: SignedMoneyText
    taken_major: SignedMoneyText
    balance_after_major: MoneyText
    violations: list[Violation]
    occurred_at: Instant
