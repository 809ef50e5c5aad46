"""What credits of fixed amounts can come to together, under a limit."""

from collections.abc import Sequence
from math import gcd

MOST_SUMS = 2_000_000
_MOST_KEPT = 60 * MOST_SUMS
"""Sums that are remembered for all items: a bit each."""


def largest_sum(items: Sequence[tuple[int, int]], limit: int) -> tuple[int, list[int]] | None:
    """The greatest sum up to `limit` of items (amount above zero, most times), and how often each
    is in it. None where there are too many sums to look at.

    A set of sums is a number: bit n says whether n × their common measure can be reached.
    """
    unit = gcd(*(amount for amount, _ in items))
    if not unit:
        return 0, []
    top = limit // unit
    if top > MOST_SUMS or top * len(items) > _MOST_KEPT:
        return None
    within, reached = (1 << (top + 1)) - 1, [1]
    for amount, times in items:
        step, sums = amount // unit, reached[-1]
        left = min(times, top // step)
        part = 1
        while left:  # 1, 2, 4, … times and the rest: every number of times is a sum of these
            taken = min(part, left)
            sums |= (sums << (taken * step)) & within
            left, part = left - taken, part * 2
        reached.append(sums)
    best = reached[-1].bit_length() - 1
    return best * unit, _counts(items, unit, reached, best)


def _counts(
    items: Sequence[tuple[int, int]], unit: int, reached: Sequence[int], best: int
) -> list[int]:
    counts, left = [], best
    for (amount, _), before in zip(reversed(items), reversed(reached[:-1]), strict=True):
        step, times = amount // unit, 0
        bits = before.to_bytes((left >> 3) + 1 + (before.bit_length() >> 3), "little")
        while not bits[left >> 3] >> (left & 7) & 1:
            left -= step
            times += 1
        counts.append(times)
    return counts[::-1]
