"""Rule sets that change, of one subject each: closer together than random versions bring them."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.reference.corners import bonus, lines_of, rule, rule_set, topup, visit

Document = dict[str, Any]
ChangeMade = tuple[Document, list[bytes], datetime | None, dict[int, Document]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def some_versions(
    rng: random.Random, lines: int, make: Callable[[], Document]
) -> dict[int, Document]:
    """Two to four, each made anew."""
    places = sorted(rng.sample(range(1, lines), min(lines - 1, rng.choice([2, 3, 4]))))
    return {place: make() | {"version": f"v{place}"} for place in places}


def limits_that_come_and_go(rng: random.Random) -> ChangeMade:
    """Top-ups and their refunds, while one or two kinds of limits are there or not."""
    kinds = ["perClient", "budget", "cooldown", "perClientCredit", "whole budget"]
    mine = rng.sample(kinds, rng.choice([1, 1, 2]))

    def has(kind: str) -> bool:
        return kind in mine and rng.random() < 0.65

    def make() -> Document:
        rules = []
        for name in rng.choice([["a"], ["a"], ["a", "b"], ["b"]]):
            limits: Document = {}
            if has("perClient"):
                times, per = rng.choice([1, 1, 2]), rng.choice(["DAY", "DAY", "LIFETIME"])
                limits["perClient"] = [{"times": times, "per": per}]
            if has("budget"):
                amount, per = rng.choice([40, 60]), rng.choice(["DAY", "DAY", "MONTH"])
                limits["budget"] = {"amountMajor": amount, "per": per}
            if has("cooldown"):
                limits["cooldown"] = {"hours": 2}
            more: Document = {"limits": limits} if limits else {}
            actions = [bonus("30"), bonus("10")][: rng.choice([1, 1, 2, 2])]
            takes = rng.choice(["REVOKE", "REVOKE", "REVOKE", "KEEP"])
            rules.append(rule(name, "BALANCE_TOPPED_UP", *actions, onTopupRefund=takes, **more))
        whole: Document = {}
        if has("perClientCredit"):
            whole["perClientCredit"] = {"amountMajor": 70, "per": rng.choice(["DAY", "WEEK"])}
        if has("whole budget"):
            whole["budget"] = {"amountMajor": rng.choice([60, 90]), "per": "DAY"}
        return rule_set("UTC", rules, **({"limits": whole} if whole else {}))

    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    events: list[Document] = []
    for number in range(rng.randint(6, 18)):
        now += rng.choice([HOUR] * 6 + [12 * HOUR])
        earlier = [each for each in events if each["type"] == "BALANCE_TOPPED_UP"]
        if not earlier or rng.random() < 0.6:
            events.append(topup(number, now, "100"))
            continue
        refund = {"originalEventId": rng.choice(earlier[-4:])["eventId"]}
        refund["refundAmountMajor"] = rng.choice(["100", "100", "50"])
        envelope = {
            name: value
            for name, value in topup(number, now, "1").items()
            if name in ("eventId", "organizationId", "clubId", "clientId", "occurredAt")
        }
        events.append(envelope | {"type": "TOPUP_REFUNDED"} | refund)
    return make(), lines_of(events), None, some_versions(rng, len(events), make)


def dates_that_move(rng: random.Random) -> ChangeMade:
    """One rule of each kind, whose hour and days an author cannot leave alone."""

    def make() -> Document:
        rules = [rule("gift", "VISIT_STARTED", {**bonus("50"), "expiresInDays": 4})]
        dated: list[tuple[str, str | None]] = [
            ("CLIENT_ABSENT", "after"), ("AFTER_FIRST_VISIT", "after"),
            ("BONUS_EXPIRING", "before"), ("BIRTHDAY", None),
        ]  # fmt: skip
        for trigger, side in dated:
            timing: Document = {"at": rng.choice(["00:00", "10:00", "10:00", "18:00"])}
            if side is not None:
                timing[side] = {"days": rng.choice([1, 2, 3])}
            if rng.random() < 0.3:
                timing["when"] = rng.choice(["visitCount > 1", "bonusBalanceMajor < 100"])
            if rng.random() < 0.85:
                rules.append(rule(trigger.lower(), trigger, bonus("5"), **timing))
        return rule_set(rng.choice(["Europe/Berlin", "UTC"]), rules)

    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    events: list[Document] = []
    for number in range(rng.randint(6, 16)):
        now += rng.choice([HOUR, 8 * HOUR, 12 * HOUR, DAY])
        who = {"clientId": rng.choice(["c-1", "c-1", "c-2"])}
        born = (now + rng.choice([0, 1, 1, 2]) * DAY).date().replace(year=2000).isoformat()
        known = {"client": {"birthday": born}} if rng.random() < 0.3 else {}
        made = topup(number, now, "1") if rng.random() < 0.6 else visit(number, now)
        events.append(made | who | known)
    until = now + rng.choice([0, 1, 3, 6]) * DAY
    return make(), lines_of(events), until, some_versions(rng, len(events), make)


CHANGE_CORNERS: list[Callable[[random.Random], ChangeMade]] = [
    limits_that_come_and_go,
    dates_that_move,
]
