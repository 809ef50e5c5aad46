"""When rules are due: instants, dates of facts, and the entries of an index that may hold them."""

from datetime import date
from itertools import islice
from typing import Any

import pytest

from rules_engine.checked import CheckedRule, DailyTimer
from rules_engine.timers.agenda import Agenda
from rules_engine.timers.due import Rank
from rules_engine.timers.facts import Fact
from schemas.instants import DAY_US, instant_text
from tests.unit.engine.builders import assign, at, rule, rule_set

FAR = at("9999-12-31T00:00:00+00:00")


def timer(rule_id: str, trigger: str, minute: int, days: int = 0, **given: Any) -> CheckedRule:
    return rule(rule_id, assign(), trigger=trigger, timer=DailyTimer(minute, days), **given)


def day_of(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def test_by_instant_then_by_kind_rules_of_one_date_together() -> None:
    agenda = Agenda(
        rule_set(
            timer("z", "CLIENT_ABSENT", 600, 14),
            timer("y", "CLIENT_ABSENT", 600, 7),
            timer("x", "AFTER_FIRST_VISIT", 600, 7),
            timer("w", "CLIENT_ABSENT", 600, 14, priority=-1),
            timer("off", "BIRTHDAY", 600, enabled=False),
            timer("v", "BIRTHDAY", 540),
            rule("topup"),
        )
    )
    since, until = at("2026-11-15T00:00:00+03:00"), at("2026-11-16T09:00:00+03:00")
    found = [
        (instant_text(due.at)[:16], Rank(due.rank).name, due.fact_day, due.rules)
        for due in agenda.dues(since, until)
    ]
    # Matching order: off, topup, v, x, y, z, then w.
    assert found == [
        ("2026-11-15T06:00", "BIRTHDAY", day_of("2026-11-15"), (2,)),
        ("2026-11-15T07:00", "AFTER_FIRST_VISIT", day_of("2026-11-08"), (3,)),
        ("2026-11-15T07:00", "CLIENT_ABSENT", day_of("2026-11-08"), (4,)),
        ("2026-11-15T07:00", "CLIENT_ABSENT", day_of("2026-11-01"), (5, 6)),
        ("2026-11-16T06:00", "BIRTHDAY", day_of("2026-11-16"), (2,)),
    ]


def test_after_is_excluded_until_included() -> None:
    agenda = Agenda(rule_set(timer("a", "BIRTHDAY", 600)))
    ten = at("2026-11-15T10:00:00+03:00")
    assert [due.at for due in agenda.dues(ten - 1, ten)] == [ten]
    assert [due.at for due in agenda.dues(ten, ten + DAY_US)] == [ten + DAY_US]
    assert agenda.next_at(ten - 1) == ten
    assert agenda.next_at(ten) == agenda.next_at(ten + 1) == ten + DAY_US
    assert agenda.next_at(ten - DAY_US) == ten


def test_nothing_is_due_without_rules_and_after_the_last_year() -> None:
    nothing = Agenda(rule_set(rule("topup")))
    assert nothing.next_at(0) is None
    assert list(nothing.dues(0, FAR)) == []
    agenda = Agenda(rule_set(timer("a", "BIRTHDAY", 600), zone="UTC"))
    last = at("9999-12-31T10:00:00+00:00")
    assert agenda.next_at(last - 1) == last
    assert agenda.next_at(last) is None


def test_a_long_way_costs_what_is_asked_for() -> None:
    agenda = Agenda(rule_set(timer("a", "BIRTHDAY", 600)))
    assert len(list(islice(agenda.dues(0, FAR), 3))) == 3


@pytest.mark.parametrize(
    ("trigger", "days", "fact", "first", "last"),
    [
        # The local day of 1 November in Moscow is 31 October 21:00 to 1 November 21:00 in UTC.
        ("CLIENT_ABSENT", 14, Fact.LAST_VISIT, "2026-10-31", "2026-11-01"),
        ("AFTER_FIRST_VISIT", 14, Fact.FIRST_VISIT, "2026-10-31", "2026-11-01"),
        ("BONUS_EXPIRING", 3, Fact.LAPSE_DAY, "2026-11-17", "2026-11-18"),
    ],
)
def test_the_days_of_an_index(trigger: str, days: int, fact: Fact, first: str, last: str) -> None:
    agenda = Agenda(rule_set(timer("a", trigger, 600, days)))
    ten = at("2026-11-15T10:00:00+03:00")
    [due] = agenda.together(ten, Rank[trigger])
    assert (due.fact, due.first_day, due.last_day) == (fact, day_of(first), day_of(last))
    assert agenda.together(ten, Rank.BIRTHDAY) == ()


@pytest.mark.parametrize(
    ("on", "first", "last"),
    [
        ("2026-02-28", 228, 229),
        ("2028-02-28", 228, 228),
        ("2028-02-29", 229, 229),
        ("2100-02-28", 228, 229),
        ("2026-03-01", 301, 301),
    ],
)
def test_birthdays_of_a_day(on: str, first: int, last: int) -> None:
    agenda = Agenda(rule_set(timer("a", "BIRTHDAY", 600)))
    [due] = agenda.together(at(f"Europe/Moscow {on}T10:00"), Rank.BIRTHDAY)
    assert (due.first_day, due.last_day) == (first, last)


def test_a_day_that_a_zone_leaves_out_comes_with_the_next_one() -> None:
    """Samoa had no 30 December 2011: its ten o'clock was that of the 31st, its evening came before
    the morning of New Year."""
    rules = (timer("morning", "BIRTHDAY", 600), timer("evening", "BIRTHDAY", 1200))
    agenda = Agenda(rule_set(*rules, zone="Pacific/Apia"))
    since, until = at("2011-12-29T12:00:00+00:00"), at("2012-01-01T00:00:00+00:00")
    found = [(instant_text(due.at)[:16], due.day) for due in agenda.dues(since, until)]
    days = [day_of(f"2011-12-{day}") for day in (29, 30, 31)]
    assert found == [
        ("2011-12-29T20:00", days[0]),
        ("2011-12-30T06:00", days[0]),
        ("2011-12-30T20:00", days[1]),
        ("2011-12-30T20:00", days[2]),
        ("2011-12-31T06:00", days[1]),
        ("2011-12-31T06:00", days[2]),
        ("2011-12-31T20:00", days[2] + 1),
    ]
