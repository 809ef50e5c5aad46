"""Counters per calendar period: may this still be charged, and what is kept after it was.

A counter keeps the two latest periods in which it charged something. An event of a period older
than both counts as over the limit: what was charged then is no longer known, and a credit that may
have been paid before must not be paid again.
"""

from decimal import Context, Decimal, Inexact

from rules_engine.counters import PeriodAmounts, PeriodCounts

KEPT_PERIODS = 2
NOTHING = Decimal(0)

_EXACT = Context(prec=60, traps=[Inexact])


def counted(counts: PeriodCounts, ordinal: int) -> int | None:
    """What the period has been charged with; None when it is older than all that is known."""
    for known, count in counts:
        if known == ordinal:
            return count
    return None if _is_forgotten(counts, ordinal) else 0


def amassed(amounts: PeriodAmounts, ordinal: int) -> Decimal | None:
    """As `counted`, in major units."""
    for known, amount in amounts:
        if known == ordinal:
            return amount
    return None if _is_forgotten(amounts, ordinal) else NOTHING


def _is_forgotten(periods: PeriodCounts | PeriodAmounts, ordinal: int) -> bool:
    return len(periods) >= KEPT_PERIODS and ordinal < periods[0][0]


def with_count(counts: PeriodCounts, ordinal: int, times: int) -> PeriodCounts:
    """The counter after `times` more in a period that is not forgotten."""
    kept = dict(counts)
    kept[ordinal] = kept.get(ordinal, 0) + times
    return tuple(sorted(kept.items())[-KEPT_PERIODS:])


def with_amount(amounts: PeriodAmounts, ordinal: int, amount: Decimal) -> PeriodAmounts:
    """The counter after `amount` more in a period that is not forgotten."""
    kept = dict(amounts)
    kept[ordinal] = kept.get(ordinal, NOTHING) + amount
    return tuple(sorted(kept.items())[-KEPT_PERIODS:])


def without_count(counts: PeriodCounts, ordinal: int) -> PeriodCounts:
    """The counter after a firing was given back in a period that it still knows, not below zero."""
    return tuple(
        (known, max(count - 1, 0) if known == ordinal else count) for known, count in counts
    )


def without_amount(amounts: PeriodAmounts, ordinal: int, amount: Decimal) -> PeriodAmounts:
    """As `without_count`, in major units."""
    return tuple(
        (known, max(_EXACT.subtract(charged, amount), NOTHING) if known == ordinal else charged)
        for known, charged in amounts
    )
