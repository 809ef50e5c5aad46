"""The bonus account: batches, who pays for what, what comes back."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Batch:
    """`left` of a batch that never lapses (`expires` None), or is `lapsed`, or not yet.

    `late`: already over by the clock when it was opened.
    """

    batch_id: str
    left: Decimal
    expires: datetime | None
    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    lapsed: bool = False
    late: bool = False
    rule_id: str | None = None

    def may_pay(self, product_type: str, product_id: str) -> bool:
        """Every restriction that it has must hold."""
        if self.types and product_type not in self.types:
            return False
        return not self.ids or product_id in self.ids


@dataclass
class Draw:
    """What a payment took of a batch, and what was given back for it."""

    batch: Batch
    taken: Decimal
    returned: Decimal = Decimal(0)


@dataclass
class Payment:
    """A payment with a bonus part, as remembered for its refunds."""

    event: dict[str, Any]
    policy: str = "RETURN"
    draws: list[Draw] = field(default_factory=list)
    forgotten: bool = False
    """With its client: nothing is known of it but that its id was taken."""

    @property
    def spent(self) -> Decimal:
        return sum((draw.taken for draw in self.draws), Decimal(0))

    @property
    def returned(self) -> Decimal:
        return sum((draw.returned for draw in self.draws), Decimal(0))


@dataclass
class Account:
    """Batches in the order of opening; `operated` once it left a journal record."""

    batches: list[Batch] = field(default_factory=list)
    operated: bool = False

    @property
    def balance(self) -> Decimal:
        return sum((batch.left for batch in self.batches), Decimal(0))

    def open(
        self,
        batch_id: str,
        amount: Decimal,
        expires: datetime | None,
        clock: datetime,
        restriction: dict[str, Any],
        rule_id: str | None,
    ) -> None:
        self.batches.append(
            Batch(
                batch_id,
                amount,
                expires,
                tuple(restriction.get("productTypes") or ()),
                tuple(restriction.get("productIds") or ()),
                late=expires is not None and expires <= clock,
                rule_id=rule_id,
            )
        )

    def find(self, batch_id: str) -> Batch | None:
        return next((batch for batch in self.batches if batch.batch_id == batch_id), None)

    def take(self, amount: Decimal, batches: Iterable[Batch] | None = None) -> list[Draw]:
        """As much of it as there is, soonest expiry first."""
        some = self.batches if batches is None else batches
        draws = []
        for batch in sorted(some, key=lambda batch: batch.expires or NEVER):
            taken = min(batch.left, amount)
            if taken > 0:
                batch.left -= taken
                amount -= taken
                draws.append(Draw(batch, taken))
        return draws

    def pay(
        self, amount: Decimal, product_type: str, product_id: str
    ) -> tuple[list[Draw], list[str]]:
        """Eligible batches, then restricted ones, then nothing; with the violations."""
        eligible = [batch for batch in self.batches if batch.may_pay(product_type, product_id)]
        others = [batch for batch in self.batches if not batch.may_pay(product_type, product_id)]
        violations = []
        draws = self.take(amount, eligible)
        rest = amount - total(draws)
        restricted = self.take(rest, others)
        if restricted:
            violations.append("RESTRICTED_BONUS_SPENT")
        if rest > total(restricted):
            violations.append("OVER_BONUS_BALANCE")
        return draws + restricted, violations

    def give_back(self, payment: Payment, amount: Decimal, clock: datetime) -> Decimal:
        """To the batches that paid, last drawn first; how much of it came back."""
        came = Decimal(0)
        for draw in reversed(payment.draws):
            part = min(draw.taken - draw.returned, amount)
            amount -= part
            draw.returned += part
            batch = draw.batch
            if batch.expires is None or batch.expires > clock:
                batch.left += part
                came += part
        return came


def total(draws: list[Draw]) -> Decimal:
    return sum((draw.taken for draw in draws), Decimal(0))
