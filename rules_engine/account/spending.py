"""Which batches pay, and in which order."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from rules_engine.account.values import NOTHING, Account, Batch, less, total

_NEVER = 1 << 63


class Draw(Struct, frozen=True, gc=False, array_like=True):
    """What one batch paid. `batch` as it was before; `settled`: what refunds have dealt with."""

    batch: Batch
    amount: Decimal
    settled: Decimal = NOTHING


def usable(account: Account, as_of: int) -> list[Batch]:
    """Batches that have something left, soonest expiry first, then in order of opening."""
    batches = [batch for batch in account.batches if batch.left and not batch.is_over(as_of)]
    batches.sort(key=_turn)
    return batches


def _turn(batch: Batch) -> tuple[int, int]:
    return _NEVER if batch.expires_at is None else batch.expires_at, batch.number


def draw(batches: Iterable[Batch], wanted: Decimal) -> list[Draw]:
    """From these batches in turn, until it is enough or nothing is left."""
    draws: list[Draw] = []
    for batch in batches:
        if wanted <= NOTHING:
            break
        part = min(wanted, batch.left)
        draws.append(Draw(batch, part))
        wanted = less(wanted, part)
    return draws


def drawn(account: Account, draws: Iterable[Draw], at: int) -> Account:
    """The account after the draws; a batch that they empty stays, marked, for refunds."""
    paid = {each.batch.number: each.amount for each in draws}
    return replace(
        account,
        batches=tuple(
            _less(batch, paid[batch.number], at) if batch.number in paid else batch
            for batch in account.batches
        ),
        is_used=True,
    )


def _less(batch: Batch, amount: Decimal, at: int) -> Batch:
    left = less(batch.left, amount)
    return replace(batch, left=left, emptied_at=None if left else at)


def sum_of(draws: Iterable[Draw]) -> Decimal:
    return total(each.amount for each in draws)
