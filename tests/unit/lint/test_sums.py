"""What credits of fixed amounts come to under a limit: numbers worked by hand."""

import pytest

from rules_engine.lint.sums import MOST_SUMS, largest_sum


@pytest.mark.parametrize(
    ("items", "limit", "found"),
    [
        ([], 90, (0, [])),
        ([(40, 1), (70, 1)], 90, (70, [0, 1])),
        ([(300, 2), (500, 1)], 1_000, (800, [1, 1])),
        ([(7, 3), (5, 9)], 24, (24, [2, 2])),
        ([(40, 1)], 39, (0, [0])),
        # a gap of a million sums below the only other amount
        ([(1_000_001, 1), (2, 1_000_000)], 2_000_000, (2_000_000, [0, 1_000_000])),
        ([(1_000_001, 1), (2, 9)], 1_000_020, (1_000_019, [1, 9])),
        ([(1, 9)], MOST_SUMS + 1, None),
        ([(2, 1), (3, 1)] * 30, MOST_SUMS, (150, [1] * 60)),
        ([(2, 1), (3, 1)] * 31, MOST_SUMS, None),
    ],
)
def test_the_largest_sum(
    items: list[tuple[int, int]], limit: int, found: tuple[int, list[int]] | None
) -> None:
    assert largest_sum(items, limit) == found
