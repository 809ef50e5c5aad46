"""Timers of one subject each, closer together than random streams bring them."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.corners import MICRO, bonus, lines_of, rule, rule_set, topup, visit

TimerMade = tuple[dict[str, Any], list[bytes], datetime | None]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EDGES = [timedelta(0), timedelta(0), MICRO, -MICRO]


def ends_of_groups(rng: random.Random) -> TimerMade:
    """Assignments for days, for ever, taken back, moved, and snapshots between them."""
    rules = []
    for days in ("1", "2", ""):
        assign = {"type": "ASSIGN_GROUP", "groupId": "a"}
        if days:
            assign["expiresInDays"] = days
        rules.append(rule(f"in{days}", "VISIT_STARTED", assign, when=f"tariffId == 'in{days}'"))
    leave = {"type": "UNASSIGN_GROUP", "groupId": "a"}
    rules.append(rule("out", "VISIT_STARTED", leave, when="tariffId == 'out'"))
    rules.append(rule("see", "VISIT_ENDED", bonus("1 if 'a' in groups else 2")))
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    at = [now]
    events = []
    for number in range(25):
        base = rng.choice(at[-4:]) + rng.choice([0, 0, 8, 16, 24, 24, 48]) * HOUR
        base += rng.choice(EDGES)
        at.append(base)
        who: dict[str, Any] = {"clientId": rng.choice(["c-1", "c-2"])}
        if rng.random() < 0.6:
            tariff = rng.choice(["in1", "in2", "in", "out", "out"])
            events.append(visit(number, base, tariffId=tariff, **who))
        else:
            known = {"client": {"groups": rng.choice([[], ["a"]])}} if rng.random() < 0.7 else {}
            events.append(visit(number, base, ended=True, **who, **known))
    return rule_set("UTC", rules), lines_of(events), max(at) + rng.choice([0, 1, 3]) * DAY


def leap_birthdays(rng: random.Random) -> TimerMade:
    """The end of February over four years, in zones a day apart."""
    zones = ["Pacific/Kiritimati", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"]
    zone, club = rng.sample(zones, 2)
    rules = []
    for name in ("early", "late"):
        when = {"at": rng.choice(["00:00", "01:30", "10:00", "23:59"])}
        rules.append(rule(name, "BIRTHDAY", bonus("100 if isBirthday else 10 + hour"), **when))
    events = []
    for number in range(rng.randint(3, 8)):
        day = datetime(rng.choice([2027, 2027, 2028]), 2, 26, 12, tzinfo=ZoneInfo(zone))
        at = day + timedelta(hours=rng.randint(0, 90))
        birthday = rng.choice(["2000-02-29", "2004-02-29", "1999-02-28", "1990-03-01"])
        made = visit(number, at, ended=True, clubId=rng.choice(["club-1", "club-2"]))
        events.append(made | {"client": {"birthday": birthday}, "clientId": rng.choice("ab")})
    document = rule_set(zone, rules, clubs=[{"clubId": "club-2", "timeZone": club}])
    return document, lines_of(events), datetime(rng.choice([2028, 2029, 2032]), 3, 2, tzinfo=UTC)


def one_instant(rng: random.Random) -> TimerMade:
    """Everything is due at ten; a budget decides who came first."""
    triggers: list[tuple[str, dict[str, Any]]] = [
        ("CLIENT_ABSENT", {"after": {"days": 1}}),
        ("AFTER_FIRST_VISIT", {"after": {"days": 1}}),
        ("BIRTHDAY", {}),
        ("BONUS_EXPIRING", {"before": {"days": 1}}),
        ("BONUS_EXPIRED", {}),
    ]
    rules = []
    for number, (trigger, timing) in enumerate(triggers * 2):
        credit = bonus(rng.choice(["30", "20", "50"]))
        if rng.random() < 0.6:
            credit["expiresInDays"] = rng.choice([1, 2])
        limits = {"limits": {"perClient": [{"times": 1, "per": "DAY"}]}}
        more: dict[str, Any] = rng.choice([{}, limits, {"exclusive": "g"}, {"priority": 5}])
        rules.append(rule(f"r{number}", trigger, credit, **timing, **more))
    gift = {**bonus("topupAmountMajor"), "expiresInDays": 2}
    rules.append(rule("gift", "BALANCE_TOPPED_UP", gift))
    start = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    events = []
    for number in range(rng.randint(4, 16)):
        who: dict[str, Any] = {"clientId": rng.choice(["c-1", "c-10", "c-2", "B"])}
        at = start + rng.choice([0, 0, 0, 1, 2]) * DAY + rng.choice(EDGES)
        if rng.random() < 0.5:
            events.append(topup(number, at, rng.choice(["7", "40"])) | who)
        else:
            birthday = (start + rng.choice([1, 2]) * DAY).date().replace(year=2000)
            who["client"] = {"birthday": birthday.isoformat()}
            events.append(visit(number, at) | who)
    budget = {"amountMajor": rng.choice([60, 130, 250]), "per": rng.choice(["DAY", "LIFETIME"])}
    document = rule_set("Europe/Berlin", rules, limits={"budget": budget})
    return document, lines_of(events), start + 5 * DAY


TIMER_CORNERS: list[Callable[[random.Random], TimerMade]] = [
    ends_of_groups,
    one_instant,
    leap_birthdays,
]
