"""What is proven of single conditions, and what is not: written by hand."""

from decimal import Decimal
from typing import Any

import pytest

from rules_engine.calendar import in_window
from rules_engine.checked import Audience, CheckedRule, Window
from rules_engine.lint.boxes import Cell, Space
from rules_engine.lint.domains import MINUTE, WEEKDAY, Domains
from rules_engine.lint.matching import Judge, in_windows
from rules_engine.lint.search import always, never
from rules_engine.lint.values import Flags, Numbers
from tests.unit.engine.builders import TOPUP, rule, rule_set

NEVER = [
    "topupAmountMajor >= 300 and topupAmountMajor < 300",
    "300 < topupAmountMajor < 300.01",
    "topupAmountMajor == 300.005",
    "topupAmountMajor * 2 >= 200 and topupAmountMajor < 100",
    "percent(topupAmountMajor, 10) > 50 and percent(topupAmountMajor, 20) < 50",
    "not (topupAmountMajor > 5 or topupAmountMajor <= 5)",
    "averageTopupMajor < 100 and averageTopupMajor >= 100",
    "isFirstTopup and averageTopupMajor > 5",
    "isFirstTopup and topupCount > 0",
    "topUpSource == 'CASH' and not known(shiftId)",
    "topUpSource == 'CASH' and topUpSource in ('ACQUIRING', 'POS_TERMINAL')",
    "'vip' in groups and not 'vip' in groups",
    "hour >= 24",
    "hour < 3 and 3 <= hour",
    "dayOfWeek == 6 and dayOfWeek in (1, 2, 3, 4, 5)",
    "localDate >= '2026-12-01' and localDate < '2026-11-01'",
    "bucket('a') < 50 and bucket('a') >= 50",
    "1 / topupCount > 2",
    "clamp(topupAmountMajor, 10, 50) > 50",
    "round(topupAmountMajor) < 0",
    "min(topupAmountMajor, 100) > 100",
    "coalesce(daysSinceLastVisit, 0) > 5 and not known(daysSinceLastVisit)",
    "known(productId) and productId == ''",
]
ALWAYS = [
    "topupAmountMajor > 0",
    "topUpSource in ('CASH', 'ACQUIRING', 'POS_TERMINAL')",
    "dayOfWeek in (1, 2, 3, 4, 5, 6, 7)",
    "known(productId) or not known(productId)",
    "coalesce(productId, '') == '' or known(productId)",
    "bucket('a') < 100",
    "isFirstTopup or topupCount >= 1",
    "topupAmountMajor >= 100 or topupAmountMajor < 100",
    "max(visitCount, 5) >= 5",
    "(10 if isBirthday else 20) >= 10",
]
NEITHER = [
    "topupAmountMajor >= 300 and topupAmountMajor <= 300",
    "averageTopupMajor >= 0",
    "daysSinceLastVisit >= 0 or daysSinceLastVisit < 0",
    "visitCount / topupCount >= 0",
    "bucket('a') < 50 and bucket('b') >= 50",
    "'vip' in groups and not 'staff' in groups",
    "topUpSource == 'CASH' and known(gatewayTransactionId)",
    "localDate >= '2026-11-01' and localDate < '2026-12-01'",
    "productId != 'a' and productId != 'b'",
    "topupAmountMajor - topupAmountMajor > 1",
]


def proven(checked: CheckedRule) -> tuple[bool, bool]:
    judge = Judge(rule_set(checked), checked.trigger)
    space = judge.space([checked])
    return (
        never(space, lambda box: judge.matches(checked, box)),
        always(space, lambda box: judge.matches(checked, box)),
    )


@pytest.mark.parametrize("condition", NEVER)
def test_never(condition: str) -> None:
    assert proven(rule(when=condition)) == (True, False)


@pytest.mark.parametrize("condition", ALWAYS)
def test_always(condition: str) -> None:
    assert proven(rule(when=condition)) == (False, True)


@pytest.mark.parametrize("condition", NEITHER)
def test_no_claim(condition: str) -> None:
    assert proven(rule(when=condition)) == (False, False)


EVENING = (Window(frozenset({5}), 22 * 60, 2 * 60),)
"""Friday 22:00 to Saturday 02:00."""


@pytest.mark.parametrize(
    ("condition", "settings", "is_never"),
    [
        ("dayOfWeek == 6 and hour >= 2", {"windows": EVENING}, True),
        ("dayOfWeek == 6 and hour < 2", {"windows": EVENING}, False),
        ("dayOfWeek == 5 and hour < 22", {"windows": EVENING}, True),
        ("'vip' in groups", {"audience": Audience(none_of_groups=("vip",))}, True),
        ("'vip' in groups", {"audience": Audience(any_of_groups=("vip", "staff"))}, False),
        ("topupCount > 0", {"audience": Audience(first_topup_only=True)}, True),
        ("daysSinceRegistration > 30", {"audience": Audience(new_member_within_days=30)}, True),
        ("daysSinceRegistration >= 30", {"audience": Audience(new_member_within_days=30)}, False),
        ("not known(daysSinceLastVisit)", {"audience": Audience(dormant_for_days=14)}, True),
        ("daysSinceLastVisit < 15", {"audience": Audience(dormant_for_days=14)}, False),
    ],
)
def test_conditions_of_all_kinds_together(
    condition: str, settings: dict[str, Any], is_never: bool
) -> None:
    assert proven(rule(when=condition, **settings)) == (is_never, False)


@pytest.mark.parametrize("window", [(600, 660), (660, 600), (0, 60), (1380, 0), (0, 0)])
@pytest.mark.parametrize("minutes", [(0, 600), (0, 599), (600, 659), (59, 60), (660, 1439)])
@pytest.mark.parametrize("days", [(1, 1), (5, 6), (1, 7)])
def test_windows_over_a_run_of_minutes(
    window: tuple[int, int], minutes: tuple[int, int], days: tuple[int, int]
) -> None:
    """Against every minute of every day of the run."""
    asked = (Window(frozenset({5, 7}), *window),)
    runs = {MINUTE: minutes, WEEKDAY: days}
    cells = {
        name: (Cell(Numbers(Decimal(low), Decimal(high))),) for name, (low, high) in runs.items()
    }
    outcomes = {
        in_window(asked[0], day, minute)
        for day in range(days[0], days[1] + 1)
        for minute in range(minutes[0], minutes[1] + 1)
    }
    told = in_windows(asked, Space(Domains(TOPUP, 2), cells).whole())
    assert told == Flags(True in outcomes, False in outcomes)
