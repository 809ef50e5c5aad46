"""Random rule sets of timers: odd times of day, zones with changing offsets, ends of groups."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.expressions import GROUPS
from tests.reference.ledger_rules import RESTRICTIONS, limit, products
from tests.reference.rule_parts import settings
from tests.reference.rules import MINOR_DIGITS
from tests.reference.world import Switches, World, transitions

ZONES = [
    "Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
    "America/Havana", "Asia/Beirut", "Pacific/Kiritimati", "America/St_Johns", "Pacific/Apia",
]  # fmt: skip
TIMES = ["00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00", "10:00", "12:00", "23:59"]
TRIGGERS = ["CLIENT_ABSENT"] * 3 + ["AFTER_FIRST_VISIT"] * 2 + ["BIRTHDAY"] * 3
TRIGGERS += ["BONUS_EXPIRING"] * 3 + ["BONUS_EXPIRED"] * 3
TRIGGERS += ["BALANCE_TOPPED_UP"] * 3 + ["VISIT_STARTED", "VISIT_ENDED"]
WITHOUT_TIME = {"BONUS_EXPIRED", "BALANCE_TOPPED_UP", "VISIT_STARTED", "VISIT_ENDED"}
OWN = {
    "CLIENT_ABSENT": ["daysSinceLastVisit", "coalesce(daysSinceFirstVisit, 3)"],
    "AFTER_FIRST_VISIT": ["daysSinceFirstVisit", "visitCount"],
    "BIRTHDAY": ["coalesce(averageTopupMajor, 10)", "topupCount + 1"],
    "BONUS_EXPIRING": ["expiringAmountMajor", "percent(expiringAmountMajor, 12.5)"],
    "BONUS_EXPIRED": ["expiredAmountMajor", "percent(expiredAmountMajor, 33.3)"],
    "BALANCE_TOPPED_UP": ["topupAmountMajor", "percent(topupAmountMajor, 12.5)"],
    "VISIT_STARTED": ["visitCount + 1", "hour"],
    "VISIT_ENDED": ["durationMinutes", "hour"],
}
CONDITIONS = [
    "bonusBalanceMajor > 0", "bonusBalanceMajor == 0", "'vip' in groups", "'vip' not in groups",
    "isBirthday", "hour < 12", "dayOfWeek <= 5", "known(daysSinceLastVisit)", "visitCount < 3",
]  # fmt: skip
DAY = timedelta(days=1)


def make_timer_world(rng: random.Random, switches: Switches) -> World:
    """One organization, and instants at which its timers may be due."""
    zone = rng.choice(ZONES)
    currency = rng.choice(["RUB", "RUB", "JPY", "KWD"])
    document: dict[str, Any] = {
        "organizationId": "izi",
        "version": "v1",
        "timeZone": zone,
        "currency": currency,
    }
    world = World(document, make_anchor(rng, zone), [zone], MINOR_DIGITS[currency])
    if rng.random() < 0.4:
        document["clubs"] = [{"clubId": "club-2", "timeZone": rng.choice(ZONES)}]
        world.zones.append(document["clubs"][0]["timeZone"])
    if rng.random() < 0.3:
        document["products"] = products(rng)
    if rng.random() < 0.3:
        document["onTopupRefund"] = "REVOKE"
    brakes: dict[str, Any] = {}
    if switches.budgets and rng.random() < 0.3:
        brakes["budget"] = limit(rng, ["100", "300"])
    if rng.random() < 0.2:
        brakes["perClientCredit"] = limit(rng, ["60", "150"])
    if rng.random() < 0.4:
        brakes["push"] = {"times": rng.choice([1, 2]), "per": rng.choice(["DAY", "WEEK"])}
        brakes["push"]["quietHours"] = {"from": "22:00", "to": rng.choice(["09:00", "12:00"])}
    if brakes:
        document["limits"] = brakes
    names = rng.sample(["a", "b", "R", "я", "r1", "r2", "_"], rng.randint(1, 7))
    world.times = rng.sample(TIMES, rng.choice([1, 1, 2]))
    document["rules"] = [rule(rng, world, name, switches) for name in names]
    add_instants(world)
    return world


def make_anchor(rng: random.Random, zone: str) -> datetime:
    """Some days before a change of offset, before the end of February or of the year."""
    back = timedelta(days=rng.randint(0, 5), hours=rng.randint(0, 23))
    changes = transitions(zone, 2026)
    if changes and rng.random() < 0.6:
        return rng.choice(changes).astimezone(UTC) - back
    year, month = rng.choice([(2026, 3), (2027, 1), (2027, 3), (2028, 3), (2026, 7)])
    return datetime(year, month, 1, tzinfo=UTC) - back


def add_instants(world: World) -> None:
    """Each rule's time of day, of two weeks, in every zone."""
    times = {made.get("at", "10:00") for made in world.document["rules"]}
    for zone in world.zones:
        first = world.anchor.astimezone(ZoneInfo(zone)).date()
        for day in range(14):
            for text in sorted(times):
                hour, minute = map(int, text.split(":"))
                there = datetime(first.year, first.month, first.day, hour, minute) + day * DAY
                world.instants.append(there.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))
    world.instants.sort()


def rule(rng: random.Random, world: World, name: str, switches: Switches) -> dict[str, Any]:
    trigger = rng.choice(TRIGGERS)
    made: dict[str, Any] = {"id": name, "trigger": trigger, "priority": rng.choice([0, 5])}
    if trigger in ("CLIENT_ABSENT", "AFTER_FIRST_VISIT"):
        made["after"] = {"days": rng.choice([1, 1, 2, 3, 14])}
    if trigger == "BONUS_EXPIRING":
        made["before"] = {"days": rng.choice([1, 1, 2, 3])}
    if trigger not in WITHOUT_TIME and rng.random() < 0.9:
        made["at"] = rng.choice(world.times)
    if rng.random() < 0.4:
        made["when"] = rng.choice(CONDITIONS)
    if rng.random() < 0.3:
        made |= settings(rng, world, trigger, switches)
    elif rng.random() < 0.3:
        made["exclusive"] = rng.choice(["g1", "g2"])
    made["actions"] = [action(rng, trigger) for _ in range(rng.choice([1, 1, 2, 3]))]
    return made


def action(rng: random.Random, trigger: str) -> dict[str, Any]:
    kind = rng.randrange(10)
    made: dict[str, Any]
    if kind < 5:
        formula = rng.choice([*OWN[trigger], "25", "percent(bonusBalanceMajor, 10)"])
        made = {"type": "ADD_BONUS", "formula": formula, "max": 100}
        if rng.random() < (0.3 if trigger == "BONUS_EXPIRED" else 0.85):
            made["expiresInDays"] = rng.choice([1, 1, 2, 3, 5])
        if rng.random() < 0.2:
            made["restriction"] = rng.choice(RESTRICTIONS)
        return made
    if kind < 7:
        made = {"type": "ASSIGN_GROUP", "groupId": rng.choice(GROUPS[:3])}
        if rng.random() < 0.8:
            made["expiresInDays"] = rng.choice([1, 1, 2, 3])
        return made
    if kind == 7:
        return {"type": "UNASSIGN_GROUP", "groupId": rng.choice(GROUPS[:3])}
    words = ["{bonusAmountMajor}", "{bonusBalanceMajor}", "{hour}", "{localDate}", "{visitCount}"]
    words += [f"{{{name}}}" for name in OWN[trigger] if name.isalpha()] * 3
    made = {
        "type": "SEND_PUSH",
        "title": rng.choice(words),
        "body": " ".join(rng.choices(words, k=3)),
    }
    if rng.random() < 0.5:
        made["ttlHours"] = rng.choice([1, 24])
    return made
