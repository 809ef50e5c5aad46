"""Counters per period, and the limits of a rule and of the set, by hand."""

from decimal import Decimal

import pytest

from rules_engine.checked import Amount, Period, RuleLimits, SetLimits, Times
from rules_engine.limits import (
    amassed,
    counted,
    with_amount,
    with_count,
    without_amount,
    without_count,
)
from schemas.instants import HOUR_US
from tests.unit.engine.builders import (
    credit,
    credits_of,
    reasons,
    rule,
    rule_set,
    run,
    topup,
)


def test_a_counter_keeps_the_two_latest_periods_that_charged() -> None:
    counts = with_count(with_count((), 5, 1), 9, 1)
    assert counts == ((5, 1), (9, 1))
    assert with_count(counts, 9, 2) == ((5, 1), (9, 3))
    assert with_count(counts, 12, 1) == ((9, 1), (12, 1))
    assert with_count(counts, 7, 1) == ((7, 1), (9, 1))  # late, but not older than both


@pytest.mark.parametrize(("ordinal", "count"), [(4, None), (5, 1), (7, 0), (9, 3), (10, 0)])
def test_a_period_older_than_both_is_unknown(ordinal: int, count: int | None) -> None:
    assert counted(((5, 1), (9, 3)), ordinal) == count


def test_one_period_alone_forgets_nothing() -> None:
    assert counted(((9, 3),), 2) == 0
    assert counted((), 2) == 0


def test_amounts_are_counted_alike() -> None:
    amounts = with_amount(with_amount((), 3, Decimal("1.50")), 3, Decimal("2.25"))
    assert amounts == ((3, Decimal("3.75")),)
    full = with_amount(amounts, 4, Decimal(1))
    assert [amassed(full, each) for each in (2, 3, 4, 5)] == [
        None,
        Decimal("3.75"),
        Decimal(1),
        Decimal(0),
    ]


def fired(limits: RuleLimits, *instants: str, zone: str = "Europe/Moscow") -> list[bool]:
    """Which top-ups at these instants get their credit."""
    events = [topup(when=each, event_id=f"e-{n}") for n, each in enumerate(instants)]
    outcomes = run(rule_set(rule(limits=limits), zone=zone), *events)
    return [bool(outcome.commands) for outcome in outcomes]


@pytest.mark.parametrize(
    ("per", "times", "instants", "expected"),
    [
        (
            Period.DAY,
            1,
            ["2026-03-02T00:00:00", "2026-03-02T23:59:59", "2026-03-03T00:00:00"],
            [True, False, True],
        ),
        (
            Period.DAY,
            2,
            ["2026-03-02T10:00:00", "2026-03-02T11:00:00", "2026-03-02T12:00:00"],
            [True, True, False],
        ),
        (
            Period.WEEK,
            1,
            ["2026-03-02T00:00:00", "2026-03-08T23:59:59", "2026-03-09T00:00:00"],
            [True, False, True],
        ),
        (
            Period.MONTH,
            1,
            ["2026-03-01T00:00:00", "2026-03-31T23:59:59", "2026-04-01T00:00:00"],
            [True, False, True],
        ),
        (Period.LIFETIME, 1, ["2026-03-01T00:00:00", "2031-03-01T00:00:00"], [True, False]),
    ],
)
def test_firings_per_client(
    per: Period, times: int, instants: list[str], expected: list[bool]
) -> None:
    limits = RuleLimits((Times(times, per),))
    assert fired(limits, *[f"{each}+03:00" for each in instants]) == expected


def test_late_events_go_by_their_own_day() -> None:
    days = ["03", "05", "04", "04", "03", "02"]
    # 3 and 5 are kept; 4 takes the place of 3; then 4 is used up, 3 and 2 are older than both.
    limits = RuleLimits((Times(1, Period.DAY),))
    instants = [f"2026-03-{day}T12:00:00+03:00" for day in days]
    assert fired(limits, *instants) == [True, True, True, False, False, False]


def test_periods_are_the_clubs() -> None:
    # 21:30 and 22:30 UTC: one day in Berlin (22:30, 23:30), two in Moscow (00:30 is the next).
    instants = ["2026-03-02T20:30:00Z", "2026-03-02T21:30:00Z"]
    limits = RuleLimits((Times(1, Period.DAY),))
    assert fired(limits, *instants, zone="Europe/Berlin") == [True, False]
    assert fired(limits, *instants, zone="Europe/Moscow") == [True, True]


def test_two_limits_on_one_period_share_the_count() -> None:
    limits = RuleLimits((Times(3, Period.DAY), Times(2, Period.DAY), Times(3, Period.WEEK)))
    instants = [f"2026-03-0{day}T1{hour}:00:00+03:00" for day in (2, 3) for hour in range(3)]
    assert fired(limits, *instants) == [True, True, False, True, False, False]


def test_a_cooldown_is_over_at_exactly_its_instant() -> None:
    limits = RuleLimits((), 12 * HOUR_US)
    instants = [
        "2026-03-02T10:00:00+03:00",
        "2026-03-02T21:59:59.999999+03:00",
        "2026-03-02T22:00:00+03:00",
        "2026-03-02T12:00:00+03:00",  # late: before the latest firing
        "2026-03-03T09:59:59+03:00",
        "2026-03-03T10:00:00+03:00",
    ]
    assert fired(limits, *instants) == [True, False, True, False, False, True]


def test_reasons_and_counters_of_limits() -> None:
    limits = RuleLimits((Times(1, Period.DAY),), 48 * HOUR_US)
    rules = rule_set(rule(limits=limits))
    first, second, third = run(
        rules,
        topup(event_id="a"),
        topup(event_id="b"),
        topup(event_id="c", when="2026-03-03T12:00:00+03:00"),
    )
    assert reasons(first) == []
    assert reasons(second) == [("r", "LIMIT_PER_CLIENT", "")]
    assert reasons(third) == [("r", "COOLDOWN", "")]
    assert third.client.counters.limit_counts == {"r\x1fDAY": ((20514, 1),)}  # 2 March 2026
    assert third.client.counters.firings == {"r": first.client.latest_at}


def limited(amount: str, per: Period = Period.DAY) -> SetLimits:
    return SetLimits(per_client_credit=Amount(Decimal(amount), per))


def test_credit_per_client_is_charged_in_priority_order() -> None:
    rules = rule_set(
        rule("low", credit("50"), priority=1),
        rule("high", credit("60"), priority=3),
        rule("small", credit("40"), priority=0),
        rule("free", credit("0"), priority=-1),
        limits=limited("100"),
    )
    outcome, later, next_day = run(
        rules,
        topup(event_id="a"),
        topup(event_id="b"),
        topup(event_id="c", when="2026-03-03T00:00:00+03:00"),
    )
    # 60 fits, 50 more would be 110, 40 more is exactly 100; a rule without a credit is not asked.
    assert outcome.fired == ("high", "small")
    assert reasons(outcome) == [("low", "CLIENT_CREDIT", ""), ("free", "ZERO_CREDIT", "")]
    assert outcome.client.counters.credited == {"DAY": ((20514, Decimal("100.00")),)}
    assert later.fired == ()
    assert next_day.fired == ("high", "small")


def test_all_credits_of_a_rule_must_fit_together() -> None:
    two = rule("two", credit("60", 0), credit("50", 1), credit("-20", 2))
    assert credits_of(run(rule_set(two, limits=limited("110")), topup())) == ["60.00", "50.00"]
    assert credits_of(run(rule_set(two, limits=limited("109.99")), topup())) == []


def test_a_rule_that_its_limits_block_is_not_charged() -> None:
    # The credit limit blocks it: its own count per day stays free for the next day's period.
    own = RuleLimits((Times(1, Period.LIFETIME),))
    rules = rule_set(rule(limits=own), limits=limited("5"))
    (outcome,) = run(rules, topup())
    assert reasons(outcome) == [("r", "CLIENT_CREDIT", "")]
    assert outcome.client.counters.limit_counts == {}


def test_what_is_given_back_stays_in_its_period() -> None:
    counts = ((7, 1), (8, 2))
    assert without_count(counts, 8) == ((7, 1), (8, 1))
    assert without_count(without_count(counts, 7), 7) == ((7, 0), (8, 2))
    assert without_count(counts, 9) == counts
    amounts = ((7, Decimal("1.50")), (8, Decimal(2)))
    assert without_amount(amounts, 7, Decimal("0.50")) == ((7, Decimal(1)), (8, Decimal(2)))
    assert without_amount(amounts, 8, Decimal(5)) == ((7, Decimal("1.50")), (8, Decimal(0)))
