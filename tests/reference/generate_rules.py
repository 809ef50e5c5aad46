"""Random valid rule sets that mix every feature, with edge values."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.expressions import Expressions
from tests.reference.rule_parts import action, money_limit, settings
from tests.reference.rules import MINOR_DIGITS, nice
from tests.reference.world import CLUBS, PERIODS, TIMES, ZONES, Switches, World, number, transitions

TRIGGERS = ["BALANCE_TOPPED_UP"] * 5 + ["VISIT_STARTED", "VISIT_ENDED", "PAYMENT_MADE"]


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
