"""Cases of one subject each, at its very edge: what random streams seldom reach."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MICRO = timedelta(microseconds=1)
Made = tuple[dict[str, Any], list[bytes]]


def rule_set(zone: str, rules: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "organizationId": "izi",
        "version": "1",
        "timeZone": zone,
        "currency": "RUB",
        **more,
        "rules": rules,
    }


def rule(name: str, trigger: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "trigger": trigger, **more, "actions": [*actions]}


def bonus(formula: str) -> dict[str, Any]:
    return {"type": "ADD_BONUS", "formula": formula}


def visit(number: int, at: datetime, ended: bool = False, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "eventId": f"e-{number}",
        "type": "VISIT_ENDED" if ended else "VISIT_STARTED",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "occurredAt": at.isoformat(),
        "visitId": "v",
        "tariffId": "t",
    }
    if ended:
        made["durationMinutes"] = 60
    return made | more


def topup(number: int, at: datetime, amount: str) -> dict[str, Any]:
    made = visit(number, at)
    del made["visitId"], made["tariffId"]
    made |= {"type": "BALANCE_TOPPED_UP", "topupAmountMajor": amount, "topUpSource": "POS_TERMINAL"}
    return made


def lines_of(events: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def remembered_ids(rng: random.Random) -> Made:
    """Ids at the edges of the latest 16, of 48 hours and of 256."""
    now = start = datetime(2026, 3, 2, tzinfo=UTC)
    many = rng.random() < 0.5
    sent: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for number in range(rng.randint(290, 400) if many else rng.randint(25, 60)):
        if sent and rng.random() < (0.2 if number > 255 or not many else 0.0):
            back = rng.choice([15, 16, 17, 255, 256, 257, 258] if many else [1, 15, 16, 17, 18])
            again = dict(sent[-min(back, len(sent))])
            if rng.random() < 0.5:
                again["tariffId"] = "other"
            events.append(again)
            continue
        now += timedelta(seconds=rng.choice([1, 60])) if many else timedelta(minutes=50)
        at = now - rng.choice([timedelta(0), timedelta(0), timedelta(hours=2), timedelta(hours=60)])
        if rng.random() < 0.2:
            earlier = datetime.fromisoformat(rng.choice(sent or [visit(0, start)])["occurredAt"])
            at = earlier + timedelta(hours=48) + rng.choice([MICRO, -MICRO, timedelta(0)])
            if many or at - now > timedelta(hours=3):
                at = now - timedelta(hours=48) + rng.choice([MICRO, -MICRO, timedelta(0)])
        sent.append(visit(number, at))
        events.append(sent[-1])
    rules = [rule("count", "VISIT_STARTED", bonus("visitCount + 1"))]
    return rule_set("UTC", rules), lines_of(events)


def own_groups(rng: random.Random) -> Made:
    """Own changes of groups, 10 minutes old to the microsecond when a snapshot comes."""
    groups = ["a", "b"]
    rules = [
        rule(f"{kind}-{group}", "VISIT_STARTED", {"type": kind, "groupId": group},
             when=f"tariffId == '{kind[0]}{group}'")
        for kind in ("ASSIGN_GROUP", "UNASSIGN_GROUP") for group in groups
    ]  # fmt: skip
    seen = "(1 if 'a' in groups else 2) + (10 if 'b' in groups else 20)"
    rules.append(rule("see", "VISIT_ENDED", bonus(seen)))
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    changes: list[datetime] = []
    events = []
    for number in range(40):
        now += timedelta(minutes=rng.choice([0, 1, 3]))
        if rng.random() < 0.4:
            at = now - timedelta(minutes=rng.choice([0, 0, 5, 12, -8]))
            changes.append(at)
            tariff = rng.choice("AU") + rng.choice(groups)
            events.append(visit(number, at, tariffId=tariff))
        else:
            at = now
            if changes and rng.random() < 0.6:
                at = rng.choice(changes[-4:]) + timedelta(minutes=10)
                at += rng.choice([MICRO, -MICRO, timedelta(0)])
            known = [group for group in groups if rng.random() < 0.5]
            snapshot = {"client": {"groups": known}} if rng.random() < 0.6 else {}
            events.append(visit(number, at, ended=True, **snapshot))
    return rule_set("UTC", rules), lines_of(events)


def last_digits(rng: random.Random) -> Made:
    """Formulas that lift the 34th digit, and the choice between ties, into money."""
    lift = "1" + "0" * 33
    rules = []
    for number in range(6):
        x = "topupAmountMajor"
        y = rng.choice(["3", "7", "0.7", "11.3", "totalTopupMajor", "averageTopupMajor"])
        p = rng.choice(["33.3", "12.5", "0.07", "33.33333333333333333333"])
        formula = rng.choice(
            [f"abs({x} / {y} * {y} - {x}) * {lift}",
             f"abs(percent({x}, {p}) - {x} * ({p} / 100)) * {lift}",
             f"abs(percent({x} / {y}, {p}) - {x} / {y} * ({p} / 100)) * {lift}",
             f"abs(({x} / {y} + 1) - {x} / {y} - 1) * {lift}",
             f"abs({lift} * 5.5 + {x} - {lift} * 5.5)",
             f"({x} + {y} / 3) * 0.000000000000000000000000000000001 * {lift}",
             f"round({x} / {y} * 2) / 2 + round({x} * 0.005, 2)",
             f"{x} / 8 + percent({y}, 0.5)"]
        )  # fmt: skip
        rules.append(rule(f"r{number}", "BALANCE_TOPPED_UP", bonus(formula)))
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    amounts = ["0.01", "1", "100", "33.33", "0.5", "12345678901234567890.12", "0.1", "66.67", "2.5"]
    events = [topup(number, at, rng.choice(amounts)) for number in range(6)]
    rounding = rng.choice(["HALF_UP", "HALF_EVEN", "DOWN", "UP"])
    return rule_set("UTC", rules, rounding=rounding), lines_of(events)


def birthdays(rng: random.Random) -> Made:
    """29 February and its neighbours, in years with and without it, and around midnight."""
    zone = rng.choice(["Europe/Moscow", "America/New_York", "Pacific/Kiritimati"])
    rules = [rule("day", "VISIT_ENDED", bonus("7 if isBirthday else 1"))]
    events = []
    for number in range(12):
        day = datetime(rng.choice([2027, 2028, 2100, 2000]), 2, 27, tzinfo=ZoneInfo(zone))
        at = day + timedelta(days=rng.randint(0, 4)) + rng.choice([MICRO, -MICRO, timedelta(0)])
        birthday = rng.choice(["2000-02-29", "2004-02-29", "1999-02-28", "1990-03-01"])
        client = {"birthday": birthday, "registeredAt": (at - timedelta(days=3)).isoformat()}
        events.append(visit(number, at, ended=True, client=client))
    return rule_set(zone, rules), lines_of(events)


def doubled_hours(rng: random.Random) -> Made:
    """Windows and quiet hours that begin or end in a skipped or doubled hour."""
    zone, change = rng.choice(
        [("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
         ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
         ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
         ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
         ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
         ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
         ("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC)),
         ("Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC))]
    )  # fmt: skip
    times = ["22:00", "23:30", "00:00", "00:15", "00:30", "01:00", "01:15", "01:30", "01:45",
             "02:00", "02:15", "02:30", "03:00", "09:00"]  # fmt: skip
    first, last = rng.sample(times, 2)
    days = rng.sample(["SAT", "SUN", "MON"], rng.randint(1, 2))
    start, end = rng.choice(times), rng.choice(times)
    push = {"type": "SEND_PUSH", "title": "hour {hour}", "body": "{localDate}", "ttlHours": 2}
    rules = [
        rule("push", "VISIT_STARTED", push),
        rule("in", "VISIT_STARTED", bonus("1"), window=[{"days": days, "from": start, "to": end}]),
        rule(
            "day", "VISIT_STARTED", bonus("2"), limits={"perClient": [{"times": 1, "per": "DAY"}]}
        ),
    ]
    events = []
    for number in range(40):
        at = change + timedelta(minutes=15 * rng.randint(-12, 12))
        events.append(visit(number, at + rng.choice([timedelta(0), timedelta(0), MICRO, -MICRO])))
    quiet = {"push": {"times": 99, "per": "DAY", "quietHours": {"from": first, "to": last}}}
    return rule_set(zone, rules, limits=quiet), lines_of(events)


def revoked_limits(rng: random.Random) -> Made:
    """Limits that a refund frees again, in the local day of the top-up and not in its own."""
    zone, club = rng.sample(["Pacific/Kiritimati", "America/New_York", "Europe/Moscow"], 2)
    limits = [
        {"perClient": [{"times": rng.choice([1, 2]), "per": "DAY"}]},
        {"budget": {"amountMajor": rng.choice([50, 75, 120]), "per": rng.choice(["DAY", "MONTH"])}},
        {"perClient": [{"times": 2, "per": "DAY"}, {"times": 3, "per": "WEEK"}]},
        {},
    ]
    rules = []
    for number in range(rng.randint(1, 3)):
        more: dict[str, Any] = {"limits": rng.choice(limits)}
        made = rule(f"r{number}", "BALANCE_TOPPED_UP", bonus("topupAmountMajor / 2"), **more)
        if rng.random() < 0.4:
            made["actions"].append(bonus("10"))
        rules.append(made)
    credit = {"perClientCredit": {"amountMajor": rng.choice([50, 100]), "per": "DAY"}}
    now = datetime(2026, 3, rng.choice([1, 31]), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    events: list[dict[str, Any]] = []
    for number in range(24):
        now += timedelta(hours=rng.choice([0, 1, 2, 5]))
        at = now - timedelta(hours=rng.choice([0, 0, 0, 20, 30]))
        topups = [event for event in events if event["type"] == "BALANCE_TOPPED_UP"]
        made = topup(number, at, "100") | {"clubId": rng.choice(["club-1", "club-2"])}
        if topups and rng.random() < 0.45:
            made["type"] = "TOPUP_REFUNDED"
            made["originalEventId"] = rng.choice(topups[-4:])["eventId"]
            made["refundAmountMajor"] = rng.choice(["100", "100", "50", "33.33"])
        events.append(made)
    document = rule_set(
        zone,
        rules,
        onTopupRefund="REVOKE",
        limits=rng.choice([{}, credit]),
        clubs=[{"clubId": "club-2", "timeZone": club}],
    )
    return document, lines_of(events)


CORNERS: list[Callable[[random.Random], Made]] = [
    remembered_ids,
    own_groups,
    last_digits,
    birthdays,
    doubled_hours,
    revoked_limits,
]
