"""Random valid rule sets that mix every feature, with edge values."""

import json
import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from tests.reference.expressions import GROUPS, Expressions
from tests.reference.rules import MINOR_DIGITS, nice

ZONES = [
    "Europe/Moscow", "Asia/Yekaterinburg", "UTC", "Europe/Berlin", "America/New_York",
    "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Africa/Casablanca",
    "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns", "Europe/Lisbon",
]  # fmt: skip
DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
TIMES = ["00:00", "00:30", "01:00", "02:00", "02:30", "03:00", "09:00", "10:00", "17:00", "22:00"]
CLUBS = ["club-1", "club-2", "клуб-3"]
PERIODS = ["LIFETIME", "DAY", "WEEK", "MONTH"]
TRIGGERS = ["BALANCE_TOPPED_UP"] * 5 + ["VISIT_STARTED", "VISIT_ENDED", "PAYMENT_MADE"]
TEMPLATES = {
    "BALANCE_TOPPED_UP": ["topupAmountMajor", "topUpSource", "productId"],
    "VISIT_STARTED": ["tariffId"],
    "VISIT_ENDED": ["durationMinutes", "visitId"],
    "PAYMENT_MADE": ["totalAmountMajor", "paymentId"],
    "CLIENT_REGISTERED": [],
}


@dataclass(frozen=True)
class Switches:
    """What the product does not load yet stays off."""

    budgets: bool = True
    registered: bool = True
    payment_ids: bool = True


@dataclass
class World:
    """A rule set, and the edges that its events should come near."""

    document: dict[str, Any]
    anchor: datetime
    zones: list[str]
    digits: int
    amounts: list[str] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    deltas: list[timedelta] = field(default_factory=list)


def number(rng: random.Random, text: str) -> Any:
    """As a YAML number or as a string."""
    return f"@@{text}@@" if rng.random() < 0.6 else text


def as_json(document: dict[str, Any]) -> str:
    """JSON text, which is YAML; numbers keep their source text."""
    return re.sub(r'"@@(.*?)@@"', r"\1", json.dumps(document, ensure_ascii=False))


def as_yaml(document: dict[str, Any]) -> str:
    """Block YAML; numbers keep their source text."""
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=4000)
    return re.sub(r"'?@@(.*?)@@'?", r"\1", text)


@cache
def transitions(zone: str, year: int) -> tuple[datetime, ...]:
    """The instants of the year around which the zone's offset changes, to the hour."""
    found = []
    at = datetime(year, 1, 1, tzinfo=ZoneInfo("UTC"))
    before = at.astimezone(ZoneInfo(zone)).utcoffset()
    while at.year == year:
        at += timedelta(hours=1)
        now = at.astimezone(ZoneInfo(zone)).utcoffset()
        if now != before:
            found.append(at)
        before = now
    return tuple(found)


def make_world(rng: random.Random, switches: Switches) -> World:
    """One organization's rule set and its edges."""
    zone = rng.choice(ZONES)
    clubs = [
        {"clubId": club, "timeZone": rng.choice(ZONES)} for club in CLUBS if rng.random() < 0.4
    ]
    zones = [zone, *(club["timeZone"] for club in clubs)]
    currency = rng.choice(["RUB", "RUB", "JPY", "KWD", "EUR"])
    world = World({}, make_anchor(rng, zones), zones, MINOR_DIGITS[currency])
    world.amounts = [amount(rng, world.digits) for _ in range(4)]
    document: dict[str, Any] = {
        "organizationId": rng.choice(["izi", "орг 1"]),
        "version": "2026-11-22.1",
        "timeZone": zone,
        "currency": currency,
    }
    if rng.random() < 0.7:
        document["rounding"] = rng.choice(["HALF_UP", "HALF_EVEN", "DOWN", "UP"])
    if clubs:
        document["clubs"] = clubs
    if rng.random() < 0.2:
        document["products"] = [
            {"productId": "night-pack", "productType": "TARIFF", "clubIds": [],
             "maxBonusPercent": number(rng, "30"), "refundPolicy": "RETURN"}
        ]  # fmt: skip
    limits = set_limits(rng, world, switches)
    if limits:
        document["limits"] = limits
    world.document = document
    ladders = [ladder(rng, world, f"l{n}", switches) for n in range(rng.choice([0, 0, 1, 1, 2]))]
    wide = rng.random() < 0.08
    names = [rng.choice(["r", "R", "é", "r1", "я", "r-", "_"]) + str(n) for n in range(40)]
    names = list(dict.fromkeys(names))[: rng.randint(15, 40) if wide else rng.randint(1, 7)]
    rules = [rule(rng, world, name, switches, wide) for name in names]
    rng.shuffle(rules)
    if ladders:
        document["ladders"] = ladders
    document["rules"] = rules
    add_edges(rng, world)
    return world


def make_anchor(rng: random.Random, zones: list[str]) -> datetime:
    """Where the events begin: a change of offset, the end of a month or year, or any time."""
    changes = [at for zone in zones for at in transitions(zone, 2026)]
    utc = ZoneInfo("UTC")
    ends = [datetime(2026, 12, 30, 22, tzinfo=utc), datetime(2028, 2, 27, 21, tzinfo=utc)]
    ends += [datetime(2026, 3, 1, 9, tzinfo=utc), datetime(2026, 8, 30, 23, 30, tzinfo=utc)]
    if changes and rng.random() < 0.55:
        return rng.choice(changes) - timedelta(hours=rng.choice([1, 3, 20, 30]))
    return rng.choice(ends)


def amount(rng: random.Random, digits: int) -> str:
    whole = rng.choice(["100", "200", "400", "800", "1", "33", "7", str(rng.randint(1, 2000))])
    if digits and rng.random() < 0.4:
        return whole + "." + "".join(rng.choice("0123456789") for _ in range(digits))
    return whole


def set_limits(rng: random.Random, world: World, switches: Switches) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if switches.budgets and rng.random() < 0.3:
        limits["budget"] = money_limit(rng, world, ["100", "500", "1000"])
    if rng.random() < 0.3:
        limits["perClientCredit"] = money_limit(rng, world, ["20", "100", "300"])
    if rng.random() < 0.5:
        push: dict[str, Any] = {"times": number(rng, str(rng.randint(1, 4)))}
        push["per"] = rng.choice(PERIODS)
        if rng.random() < 0.7:
            first, last = rng.sample(TIMES, 2)
            push["quietHours"] = {
                "from": first,
                "to": last if first == "00:00" or rng.random() < 0.8 else "24:00",
            }
        limits["push"] = push
    return limits


def money_limit(rng: random.Random, world: World, wholes: list[str]) -> dict[str, Any]:
    text = rng.choice(wholes)
    if world.digits and rng.random() < 0.3:
        text += ".5"
    return {"amountMajor": number(rng, text), "per": rng.choice(PERIODS)}


def ladder(rng: random.Random, world: World, name: str, switches: Switches) -> dict[str, Any]:
    made: dict[str, Any] = {"id": name, "name": f"Ladder {name}"}
    if rng.random() < 0.7:
        made["priority"] = number(rng, str(rng.choice([0, 5, 50, -3])))
    made |= settings(rng, world, "BALANCE_TOPPED_UP", switches)
    percents = [rng.choice(["5", "12", "20", "0.5", "33.3"]) for _ in range(3)]
    if rng.random() < 0.4:
        made["averageTopupMajor"] = number(
            rng, rng.choice(["150", "300", "10", "77", "999", str(rng.randint(20, 5000))])
        )
        average = Decimal(str(made["averageTopupMajor"]).strip("@"))
        times = rng.choice([["1.3", "2.9", "5.6"], ["1.5", "3.5", "7"], ["1.1", "2.2", "8.5"]])
        world.amounts += [f"{nice(average * Decimal(x)):.{world.digits}f}" for x in times]
        tiers = [
            {"id": f"t{n}", "timesAverage": number(rng, x), "percent": number(rng, p)}
            for n, (x, p) in enumerate(zip(times, percents, strict=True))
        ]
    else:
        least = rng.sample(["0.5", "100", "200.25", "400", "800", "1200"], 3)
        if world.digits == 0:
            least = rng.sample(["1", "100", "200", "400", "800", "1200"], 3)
        world.amounts += least
        tiers = [
            {"id": f"t{n}", "atLeast": number(rng, x), "percent": number(rng, p)}
            for n, (x, p) in enumerate(zip(least, percents, strict=True))
        ]
    made["tiers"] = tiers
    if rng.random() < 0.5:
        made["expiresInDays"] = number(rng, "45")
    return made


def rule(
    rng: random.Random, world: World, name: str, switches: Switches, wide: bool
) -> dict[str, Any]:
    triggers = TRIGGERS + (["CLIENT_REGISTERED"] if switches.registered else [])
    trigger = rng.choice(triggers[:7] if wide else triggers)
    made: dict[str, Any] = {"id": name, "name": f"Rule {name}", "trigger": trigger}
    if rng.random() < 0.1:
        made["enabled"] = rng.random() < 0.5
    if rng.random() < 0.6:
        made["priority"] = number(rng, str(rng.choice([0, 5, 10, 50, 51, 52, -3])))
    expressions = Expressions(rng, trigger, world.amounts)
    if rng.random() < 0.5:
        made["when"] = expressions.condition(rng.randint(0, 2))
    if wide:
        made["when"] = expressions.threshold()
    if not wide or rng.random() < 0.3:
        made |= settings(rng, world, trigger, switches)
    elif rng.random() < 0.5:
        made["clubIds"] = rng.sample(CLUBS, rng.randint(1, 2))
    made["actions"] = [
        action(rng, expressions, trigger, world) for _ in range(rng.choice([1, 1, 2, 3]))
    ]
    return made


def settings(rng: random.Random, world: World, trigger: str, switches: Switches) -> dict[str, Any]:
    """What a rule and a ladder may both say."""
    made: dict[str, Any] = {}
    if rng.random() < 0.2:
        made["clubIds"] = rng.choice([[], ["club-1"], ["club-1", "клуб-3"]])
    if rng.random() < 0.3:
        made["tags"] = rng.choice([["a"], ["a", "тег"], []])
    if rng.random() < 0.25:
        made["audience"] = audience(rng)
    if rng.random() < 0.3:
        made["window"] = [window(rng) for _ in range(rng.choice([1, 1, 2]))]
    if rng.random() < 0.15:
        made["validity"] = validity(rng, world)
    if rng.random() < 0.5:
        made["exclusive"] = rng.choice(["g1", "g1", "g2", "g2", "l0"])
    limits: dict[str, Any] = {}
    if rng.random() < 0.35:
        limits["perClient"] = [
            {"times": number(rng, str(rng.choice([1, 1, 2, 3]))), "per": per}
            for per in rng.sample(PERIODS, rng.choice([1, 1, 2]))
        ]
    if rng.random() < 0.2:
        limits["cooldown"] = {"hours": number(rng, str(rng.choice([1, 12, 24])))}
    if switches.budgets and rng.random() < 0.25:
        limits["budget"] = money_limit(rng, world, ["20", "60", "150"])
    if limits:
        made["limits"] = limits
    return made


def audience(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    kind = rng.randrange(5)
    if kind == 0:
        made["anyOfGroups"] = rng.sample(GROUPS, 2)
    elif kind == 1:
        made["noneOfGroups"] = rng.sample(GROUPS, 1)
    elif kind == 2:
        made["firstTopupOnly"] = rng.random() < 0.8
    elif kind == 3:
        made["newMemberWithinDays"] = number(rng, rng.choice(["1", "2", "30"]))
    else:
        made["dormantForDays"] = number(rng, rng.choice(["1", "2", "14"]))
    if rng.random() < 0.2 and "staff" not in made.get("anyOfGroups", []):
        made["noneOfGroups"] = ["staff"]
    return made


def window(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"days": rng.sample(DAYS, rng.randint(3, 7))}
    made |= {"from": rng.choice(TIMES), "to": rng.choice([*TIMES, "24:00"])}
    if rng.random() < 0.1:
        for name in rng.choice([["days"], ["from", "to"]]):
            del made[name]
    return made


def validity(rng: random.Random, world: World) -> dict[str, str]:
    start = world.anchor + timedelta(hours=rng.randint(-30, 30))
    zone = ZoneInfo(rng.choice(world.zones))
    end = start + timedelta(hours=rng.choice([1, 24, 48, 700]))
    made = {"from": start.astimezone(zone).isoformat(), "to": end.astimezone(zone).isoformat()}
    if rng.random() < 0.3:
        del made[rng.choice(list(made))]
    return made


def action(
    rng: random.Random, expressions: Expressions, trigger: str, world: World
) -> dict[str, Any]:
    kind = rng.randrange(10)
    if kind < 6:
        return bonus(rng, expressions, trigger)
    if kind == 6:
        return {"type": "ASSIGN_GROUP", "groupId": rng.choice(GROUPS)}
    if kind == 7:
        return {"type": "UNASSIGN_GROUP", "groupId": rng.choice(GROUPS)}
    names = ["bonusAmountMajor", "totalTopupMajor", "topupCount", "hour", "localDate", "visitCount"]
    names += TEMPLATES[trigger] * 3 + ["isFirstTopup", "{x}"]
    if rng.random() < 0.2:
        names += ["daysSinceLastVisit", "averageTopupMajor"] * 4
    words = ["Bonus", "на", "счёт", "🎮", "your", "balance"]
    made: dict[str, Any] = {"type": "SEND_PUSH"}
    for key, limit in (("title", 40), ("body", 120)):
        parts = [f"{{{rng.choice(names)}}}" for _ in range(rng.randint(0, 4))]
        plain = [rng.choice(words) for _ in range(rng.randint(1, 6 if key == "title" else 18))]
        braces = 3 * parts.count("{{x}}")
        while len(" ".join(plain)) + len(parts) + braces > limit:
            plain.pop()
        parts += plain
        rng.shuffle(parts)
        made[key] = " ".join(parts)
    if rng.random() < 0.5:
        made["ttlHours"] = number(rng, rng.choice(["1", "24", "48"]))
    return made


def bonus(rng: random.Random, expressions: Expressions, trigger: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "ADD_BONUS"}
    if trigger == "BALANCE_TOPPED_UP" and rng.random() < 0.5:
        made["formula"] = f"percent(topupAmountMajor, {rng.choice(['5', '12', '20', '33.3'])})"
    elif rng.random() < 0.2:
        made["formula"] = number(rng, rng.choice(["100", "0", "12.5", "0.005"]))
    else:
        made["formula"] = expressions.number(rng.randint(1, 3))
    if rng.random() < 0.3:
        made["min"] = number(rng, rng.choice(["1", "10"]))
    if rng.random() < 0.3:
        made["max"] = number(rng, rng.choice(["10", "50", "500"]))
    if rng.random() < 0.3:
        made["expiresInDays"] = number(rng, rng.choice(["1", "30"]))
    if rng.random() < 0.2:
        made["restriction"] = rng.choice(
            [
                {"productTypes": ["TARIFF"]},
                {"productTypes": ["BAR", "TARIFF"], "productIds": ["night-pack"]},
            ]
        )
    if rng.random() < 0.2:
        made["tags"] = rng.choice([["a", "b"], ["тег"]])
    return made


def add_edges(rng: random.Random, world: World) -> None:
    """Instants and distances at which something in this rule set changes."""
    document = world.document
    times = {"00:00"}
    makers = [*document["rules"], *document.get("ladders", [])]
    for made in makers:
        for part in made.get("window", []):
            times |= {part.get("from", "00:00"), part.get("to", "24:00")}
        for instant in made.get("validity", {}).values():
            world.instants.append(datetime.fromisoformat(instant))
        hours = made.get("limits", {}).get("cooldown", {}).get("hours")
        if hours:
            world.deltas.append(timedelta(hours=int(hours.strip("@"))))
    quiet = document.get("limits", {}).get("push", {}).get("quietHours", {})
    times |= set(quiet.values())
    for zone in world.zones:
        start = world.anchor.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0)
        for day in range(4):
            for text in times:
                hour, minute = map(int, text.split(":"))
                there = start.replace(tzinfo=None) + timedelta(days=day, hours=hour, minutes=minute)
                for fold in (0, 1):
                    world.instants.append(there.replace(tzinfo=ZoneInfo(zone), fold=fold))
        world.instants += [at for at in transitions(zone, world.anchor.year)
                           if abs(at - world.anchor) < timedelta(days=4)]  # fmt: skip
    world.deltas += [timedelta(minutes=10), timedelta(hours=48), timedelta(hours=24)]
