"""What a rule and a ladder may both say, and actions, at random."""

import random
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.expressions import GROUPS, Expressions
from tests.reference.world import DAYS, PERIODS, TIMES, Switches, World, number

TEMPLATES = {
    "BALANCE_TOPPED_UP": ["topupAmountMajor", "topUpSource", "productId"],
    "VISIT_STARTED": ["tariffId"],
    "VISIT_ENDED": ["durationMinutes", "visitId"],
    "PAYMENT_MADE": ["totalAmountMajor", "paymentId"],
    "CLIENT_REGISTERED": [],
}


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


def money_limit(rng: random.Random, world: World, wholes: list[str]) -> dict[str, Any]:
    text = rng.choice(wholes)
    if world.digits and rng.random() < 0.3:
        text += ".5"
    return {"amountMajor": number(rng, text), "per": rng.choice(PERIODS)}
