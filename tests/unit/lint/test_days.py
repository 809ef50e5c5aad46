"""The most for one client on a day, and the day that gets there: numbers worked by hand.

Every day that lint shows is run as `loyalty simulate` does, and added up from the JSON of the
commands.
"""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from rules_engine.compile import compile_rule_set
from rules_engine.lint import LintReport
from rules_engine.lint.day_events import Past, merged
from rules_engine.lint.day_run import Days
from rules_engine.lint.day_search import MOST_EVALUATED
from rules_engine.lint.days import DayPayout
from rules_engine.simulate import simulate
from tests.unit.lint.authored import (
    NOT_VIP,
    PAID,
    TOPUP,
    VIP,
    VISIT,
    Rule,
    assign,
    linted,
    rule,
    unassign,
)


def paid(report: LintReport, day: DayPayout) -> Decimal:
    taken = simulate(compile_rule_set(report.rule_set), day.lines, day.until)
    commands: list[Any] = [json.loads(command) for each in taken for command in each.commands]
    credited = [each for each in commands if each["type"] == "ADD_BONUS"]
    zone = report.rule_set.time_zone
    instants = [datetime.fromisoformat(each["issuedAt"]) for each in credited]
    assert len({at.astimezone(zone).date() for at in instants}) <= 1
    return sum((Decimal(each["amountMajor"]) for each in credited), Decimal(0))


FIVE, FIFTH = "percent(topupAmountMajor, 5)", "percent(topupAmountMajor, 20)"
MONEY = "topupAmountMajor"
PER_CLIENT, BUDGET = "perClientCredit", "budget"


def daily(amount: int, name: str = PER_CLIENT) -> Rule:
    return {name: {"amountMajor": amount, "per": "DAY"}}


EXACT: list[tuple[str, list[Rule], Rule, str, int]] = [
    # what it is about, rules, limits of the set, the most, events of the day that gets it
    ("one rule, once", [rule(TOPUP, "50", times=1)], {}, "50", 1),
    ("one rule, three times", [rule(TOPUP, "50", times=3)], {}, "150", 3),
    ("two triggers", [rule(TOPUP, "50", times=1), rule(VISIT, "7", times=1)], {}, "57", 2),
    (
        "three triggers",
        [rule(TOPUP, FIFTH, times=1), rule(VISIT, "7", times=2), rule(PAID, "3", times=1)],
        {},
        "217",  # 200, 2 × 7, 3
        4,
    ),
    (
        "a first top-up, and then others",
        [rule(TOPUP, "100", audience={"firstTopupOnly": True}), rule(TOPUP, "10", times=2)],
        {},
        "120",
        2,
    ),
    (
        "first top-ups pay more, later ones less",
        [
            rule(TOPUP, "100", when="isFirstTopup"),
            rule(TOPUP, "10", when="topupCount > 0", times=2),
        ],
        {},
        "120",
        3,
    ),
    (
        "not yet a member, then one",
        [
            rule(TOPUP, "60", assign("vip"), audience=NOT_VIP, times=1),
            rule(VISIT, "25", audience=VIP, times=2),
        ],
        {},
        "110",
        3,
    ),
    (
        "a rule without a credit makes the member",
        [
            rule(TOPUP, "60", audience=NOT_VIP, times=1),
            rule(VISIT, None, assign("vip")),
            rule(PAID, "25", audience=VIP, times=2),
        ],
        {},
        "110",
        4,
    ),
    (
        "through three groups",
        [
            rule(TOPUP, "10", assign("a"), audience={"noneOfGroups": ["a", "b"]}, times=1),
            rule(VISIT, "20", assign("b"), audience={"anyOfGroups": ["a"]}, times=1),
            rule(PAID, "30", audience={"anyOfGroups": ["b"]}, times=1),
        ],
        {},
        "60",
        3,
    ),
    (
        "out of the group by the credit itself",
        [
            rule(TOPUP, "40", unassign("vip"), audience=VIP, times=1),
            rule(TOPUP, "15", audience=NOT_VIP, times=1),
        ],
        {},
        "55",
        2,
    ),
    (
        "of somebody whose birthday the CRM knows late",
        [
            rule(TOPUP, "60", when="isBirthday", times=1),
            rule(TOPUP, "50", when="not isBirthday", times=1),
        ],
        {},
        "110",
        2,
    ),
    (
        "vip and not vip: by what the CRM says",
        [rule(TOPUP, "70", audience=VIP, times=1), rule(TOPUP, "50", audience=NOT_VIP, times=1)],
        {},
        "120",
        2,
    ),
    (
        "a limit is filled by the cheaper event",
        [rule(TOPUP, "120", exclusive="g", priority=2), rule(VISIT, "50")],
        daily(500),
        "500",
        10,
    ),
    ("a limit is filled by both", [rule(TOPUP, "120"), rule(VISIT, "70")], daily(500), "500", 5),
    ("no sum comes closer", [rule(TOPUP, "120"), rule(VISIT, "90")], daily(500), "480", 4),
    ("four of 120 fit 500", [rule(TOPUP, "120")], daily(500), "480", 4),
    (
        "of 70 two, of 120 as many as fit",
        [rule(TOPUP, "120"), rule(VISIT, "70", times=1)],
        daily(500),
        "480",
        4,
    ),  # 4 × 120; 3 × 120 + 70 are 430
    ("a budget of the set", [rule(TOPUP, "120"), rule(VISIT, "70")], daily(500, BUDGET), "500", 5),
    ("the last event is as large as fits", [rule(TOPUP, FIFTH)], daily(250), "250", 2),
    (
        "the last one is of a lower tier",
        [
            rule(TOPUP, FIFTH, when=f"{MONEY} >= 400", exclusive="g", priority=2),
            rule(TOPUP, FIVE, exclusive="g"),
        ],
        daily(430),
        "430",
        3,
    ),
    (
        "a rule's own budget",
        [rule(TOPUP, "30", limits={"budget": {"amountMajor": 100, "per": "DAY"}})],
        {},
        "90",
        3,
    ),
    ("the tenth visit", [rule(VISIT, "99", when="visitCount == 9")], {}, "99", 1),
    (
        "the tenth and the twelfth visit",
        [rule(VISIT, "99", when="visitCount == 9"), rule(VISIT, "11", when="visitCount == 11")],
        {},
        "110",
        3,
    ),
    ("the fifth and sixth top-up", [rule(TOPUP, FIFTH, when="topupCount in (4, 5)")], {}, "400", 2),
    (
        "hours of one day",
        [
            rule(TOPUP, "10", window=[{"days": ["TUE"], "from": "09:00", "to": "10:00"}], times=1),
            rule(TOPUP, "20", window=[{"days": ["TUE"], "from": "21:00", "to": "22:00"}], times=1),
        ],
        {},
        "30",
        2,
    ),
    (
        "hours in conditions",
        [rule(TOPUP, "10", when="hour == 9", times=1), rule(VISIT, "20", when="hour < 3", times=1)],
        {},
        "30",
        2,
    ),
    ("six times four hours", [rule(VISIT, "5", limits={"cooldown": {"hours": 4}})], {}, "30", 6),
    (
        "twice twelve hours, and another",
        [rule(VISIT, "5", limits={"cooldown": {"hours": 12}}), rule(TOPUP, "100", times=1)],
        {},
        "110",
        3,
    ),
    ("a cooldown of 25 hours", [rule(VISIT, "5", limits={"cooldown": {"hours": 25}})], {}, "5", 1),
    (
        "a birthday and a top-up",
        [rule("BIRTHDAY", "300"), rule(TOPUP, "50", times=1)],
        {},
        "350",
        1,
    ),
    (
        "a birthday in the condition",
        [rule("BIRTHDAY", "300"), rule(TOPUP, "50", when="isBirthday", times=2)],
        {},
        "400",
        2,
    ),
    (
        "absent on a birthday",
        [rule("BIRTHDAY", "300"), rule("CLIENT_ABSENT", "80", after={"days": 14})],
        {},
        "380",
        0,
    ),
    (
        "absent for 14 or for 30 days",
        [
            rule("CLIENT_ABSENT", "50", after={"days": 14}),
            rule("CLIENT_ABSENT", "80", after={"days": 30}),
        ],
        {},
        "80",
        0,
    ),
    (
        "absent, then back",
        [
            rule("CLIENT_ABSENT", "80", after={"days": 30}),
            rule(VISIT, "20", when="daysSinceLastVisit >= 30", times=1),
        ],
        {},
        "100",
        1,
    ),
    (
        "batches that lapse on two days",
        [
            rule("BONUS_EXPIRING", "5", before={"days": 3}, times=1),
            rule("BONUS_EXPIRING", "7", before={"days": 7}, times=1),
        ],
        {},
        "12",
        0,
    ),
    (
        "a few minutes of a visit",
        [rule("VISIT_ENDED", "min(durationMinutes, 60)", times=2)],
        {},
        "120",
        2,
    ),
    (
        "two products",
        [
            rule(PAID, "40", when="productType == 'BAR'", times=1),
            rule(PAID, "60", when="productType == 'TARIFF'", times=1),
        ],
        {},
        "100",
        2,
    ),
    (
        "of two clubs",
        [rule(TOPUP, "40", clubIds=["a"], times=1), rule(TOPUP, "60", clubIds=["b"], times=1)],
        {},
        "100",
        2,
    ),
    (
        "in one exclusivity group, each once",
        [
            rule(TOPUP, "40", exclusive="g", priority=2, times=1),
            rule(TOPUP, "60", exclusive="g", times=1),
        ],
        {},
        "100",
        2,
    ),
    ("a promo code", [rule("PROMO_CODE_REDEEMED", "15", times=2)], {}, "30", 2),
    ("nothing pays", [rule(TOPUP, "0", times=1)], {}, "0", 0),
]


@pytest.mark.parametrize(
    ("rules", "limits", "most", "events"),
    [case[1:] for case in EXACT],
    ids=[case[0] for case in EXACT],
)
def test_a_day_that_gets_the_most(rules: list[Rule], limits: Rule, most: str, events: int) -> None:
    report = linted(rules, limits)
    day = report.day
    assert day is not None
    assert (day.at_most, day.reached, day.why) == (Decimal(most), Decimal(most), "")
    assert day.events == events
    assert paid(report, day) == day.reached


BERLIN = {"timeZone": "Europe/Berlin"}
SHORT: list[tuple[str, list[Rule], Rule, Rule, str, str, str]] = [
    # what it is about, rules, limits of the set, its head, the bound, what is found, why
    (
        "more events than a day has here",
        [rule(VISIT, "10")],
        daily(5000),
        {},
        "5000",
        "400",
        "that takes more than 40 events",
    ),
    (
        "three days and five days after one visit",
        [
            rule(TOPUP, "60", when="daysSinceFirstVisit == 3", times=1),
            rule(TOPUP, "50", when="daysSinceFirstVisit == 5", times=1),
        ],
        {},
        {},
        "110",
        "60",
        "no day was found that uses up what `r1` may pay",
    ),
    (
        "an hour twice: on another day than those that are looked at",
        [rule(VISIT, "5", limits={"cooldown": {"hours": 4}})],
        {},
        BERLIN,
        "35",
        "30",
        "no day was found that uses up what `r0` may pay",
    ),
    (
        "amounts that leave some of a limit",
        [
            rule(TOPUP, "floor(topupAmountMajor / 300) * 70"),
        ],
        daily(500),
        {},
        "500",
        "490",
        "no credit was found that fits what is left of it",
    ),
    (
        "twice the balance: after the first time it is above what is looked at",
        [rule(VISIT, "bonusBalanceMajor", times=2)],
        {},
        {},
        "2000",
        "1000",
        "no day was found that uses up what `r0` may pay",
    ),
]


@pytest.mark.parametrize(
    ("rules", "limits", "head", "most", "found", "why"),
    [case[1:] for case in SHORT],
    ids=[case[0] for case in SHORT],
)
def test_where_less_is_found_the_reason_is_told(
    rules: list[Rule], limits: Rule, head: Rule, most: str, found: str, why: str
) -> None:
    report = linted(rules, limits, head)
    day = report.day
    assert day is not None
    assert (day.at_most, day.reached, day.why) == (Decimal(most), Decimal(found), why)
    assert paid(report, day) == day.reached


@pytest.mark.parametrize(
    ("settings", "times"),
    [
        ({"when": "visitCount == 9"}, 1),
        ({"when": "visitCount in (4, 9)"}, 2),
        ({"when": "visitCount < 3"}, 3),
        ({"when": "3 <= visitCount and visitCount <= 10 and hour > 5"}, 8),
        ({"when": "visitCount >= 9"}, None),
        ({"when": "topupCount == 9"}, None),  # a visit leaves it as it is
        ({"audience": {"firstTopupOnly": True}}, None),
        ({"when": "daysSinceLastVisit >= 1"}, 1),  # then the latest visit is today's
        ({"when": "coalesce(daysSinceLastVisit, 99) > 7"}, 1),
        ({"audience": {"dormantForDays": 14}}, 1),
        ({"when": "daysSinceLastVisit >= 0"}, None),
        ({"when": "not known(daysSinceLastVisit) or daysSinceLastVisit < 3"}, None),
        ({"when": "daysSinceFirstVisit >= 7"}, None),
    ],
)
def test_what_its_own_events_change_bounds_a_rule(settings: Rule, times: int | None) -> None:
    report = linted([rule(VISIT, "5", **settings)])
    day = report.day
    assert day is not None
    assert day.at_most == (None if times is None else 5 * times)
    assert ("NO_LIMIT" in {each.diagnostic.code for each in report.findings}) == (times is None)


def test_without_a_bound_the_greatest_event_is_shown_six_times() -> None:
    """1 in the first of each hour, 2 where that is refused: 1 + 5 × 2."""
    group: Rule = {"exclusive": "g"}
    paused = rule(TOPUP, "1", limits={"cooldown": {"hours": 1}}, priority=1, **group)
    report = linted([paused, rule(TOPUP, "2", **group)])
    day = report.day
    assert day is not None
    assert (day.at_most, day.because) == (None, "nothing limits how often `r1` credits")
    assert (day.reached, day.events, day.is_open) == (Decimal(11), 6, True)
    assert paid(report, day) == day.reached


def test_without_a_bound_all_timers_of_the_instant_are_shown() -> None:
    """A birthday on the third day away: 40 and 25."""
    absent = rule("CLIENT_ABSENT", "40", after={"days": 3}, at="10:00", when="isBirthday")
    report = linted([rule(TOPUP, "5"), rule("BIRTHDAY", "25", at="10:00"), absent])
    day = report.day
    assert day is not None
    assert (day.at_most, day.reached, day.timers) == (None, Decimal(65), 2)
    assert paid(report, day) == day.reached


def test_batches_that_are_alike_are_one_of_a_client() -> None:
    batch, other = ({"amountMajor": "5", "expiresAt": f"2026-12-0{n}T10:00:00Z"} for n in (1, 2))
    pasts = [Past("anna", "club", {"batches": each}) for each in ([batch], [batch, other])]
    assert merged(pasts).facts == {"batches": [batch, other], "bonusBalanceMajor": "10"}


def test_days_are_looked_for_with_so_many_events_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six rules of which no day gets all: what one needs the others rule out."""
    made = list[Days]()

    class Counted(Days):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr("rules_engine.lint.day_witness.Days", Counted)
    limits: Rule = {"perClient": [{"times": 9, "per": "DAY"}], "cooldown": {"hours": 1}}
    rules = [
        rule(trigger, f"{n} + min(bonusBalanceMajor, {n})", limits=limits, when=f"{asks} == {n}")
        for n in (1, 2, 3)
        for trigger, asks in ((TOPUP, MONEY), (VISIT, "bucket('x')"))
    ]
    day = linted(rules).day
    assert day is not None
    assert day.at_most is not None
    assert day.reached < day.at_most
    (days,) = made
    assert MOST_EVALUATED // 4 < days.evaluated < MOST_EVALUATED + 1_000
