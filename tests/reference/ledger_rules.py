"""Random rule sets about the bonus account: short lives, restrictions, caps, revocation."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.reference.rules import MINOR_DIGITS
from tests.reference.world import CLUBS, PERIODS, ZONES, Switches, World, number

PRODUCTS = [("night-pack", "TARIFF"), ("кола", "BAR"), ("pass", "MULTIPASS"), ("hour", "TARIFF")]
POLICIES = ["RETURN", "FORFEIT", "KEEP_PARTIAL"]
RESTRICTIONS: list[dict[str, Any]] = [
    {"productTypes": ["TARIFF"]},
    {"productTypes": ["BAR", "MULTIPASS"]},
    {"productIds": ["night-pack"]},
    {"productTypes": ["TARIFF"], "productIds": ["hour", "кола"]},
]
FORMULAS = {
    "BALANCE_TOPPED_UP": [
        "percent(topupAmountMajor, 10)",
        "percent(topupAmountMajor, 33.3)",
        "topupAmountMajor / 3",
        "50",
        "percent(bonusBalanceMajor, 10) + 1",
        "topupAmountMajor - bonusBalanceMajor",
    ],
    "VISIT_ENDED": ["20", "bonusBalanceMajor", "100 - bonusBalanceMajor"],
    "PAYMENT_MADE": ["percent(totalAmountMajor - bonusAmountMajor, 5)", "bonusBalanceMajor / 2"],
    "PROMO_CODE_REDEEMED": ["percent(amountMajor, 50)", "coalesce(expiresInDays, 9) + 1"],
    "CLIENT_REGISTERED": ["100", "bonusBalanceMajor + 1"],
}
CONDITIONS = {
    "BALANCE_TOPPED_UP": ["topupAmountMajor >= 100", "bonusBalanceMajor < 60"],
    "VISIT_ENDED": ["bonusBalanceMajor > 0", "bonusBalanceMajor == 0"],
    "PAYMENT_MADE": ["bonusAmountMajor > 0", "bonusBalanceMajor >= bonusAmountMajor"],
    "PROMO_CODE_REDEEMED": ["code == 'HELLO'", "known(expiresInDays) and amountMajor > 10"],
    "CLIENT_REGISTERED": ["bonusBalanceMajor == 0", "isFirstTopup"],
}
TRIGGERS = ["BALANCE_TOPPED_UP"] * 5 + ["VISIT_ENDED", "PAYMENT_MADE", "PROMO_CODE_REDEEMED"]


def make_ledger_world(rng: random.Random, switches: Switches) -> World:
    """One organization whose rules credit what lapses soon."""
    zone = rng.choice(ZONES)
    currency = rng.choice(["RUB", "RUB", "JPY", "KWD"])
    digits = MINOR_DIGITS[currency]
    anchor = datetime(
        2026, rng.choice([3, 10]), rng.randint(24, 31), rng.randint(0, 23), tzinfo=UTC
    )
    document: dict[str, Any] = {
        "organizationId": "izi",
        "version": "v1",
        "timeZone": zone,
        "currency": currency,
    }
    world = World(document, anchor, [zone], digits)
    if rng.random() < 0.4:
        document["clubs"] = [{"clubId": "club-2", "timeZone": rng.choice(ZONES)}]
        world.zones.append(document["clubs"][0]["timeZone"])
    if rng.random() < 0.8:
        document["products"] = products(rng)
    if rng.random() < 0.5:
        document["productDefaults"] = terms(rng)
    if rng.random() < 0.8:
        document["onTopupRefund"] = rng.choice(["REVOKE", "REVOKE", "KEEP"])
    set_limits = brakes(rng, switches)
    if set_limits:
        document["limits"] = set_limits
    if rng.random() < 0.4:
        document["ladders"] = [ladder(rng)]
    document["rules"] = [rule(rng, f"r{n}", switches) for n in range(rng.randint(1, 5))]
    return world


def terms(rng: random.Random) -> dict[str, Any]:
    made = {
        "maxBonusPercent": number(rng, rng.choice(["0", "15", "30", "33.3", "100"])),
        "refundPolicy": rng.choice(POLICIES),
    }
    if rng.random() < 0.2:
        del made[rng.choice(list(made))]
    return made


def products(rng: random.Random) -> list[dict[str, Any]]:
    made = []
    for product, kind in rng.sample(PRODUCTS, rng.randint(1, 4)):
        made.append({"productId": product, "productType": kind, **terms(rng)})
        if rng.random() < 0.4:
            clubs = rng.sample(CLUBS, rng.randint(1, 2))
            made.append({"productId": product, "productType": kind, "clubIds": clubs, **terms(rng)})
    rng.shuffle(made)
    return made


def brakes(rng: random.Random, switches: Switches) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if switches.budgets and rng.random() < 0.4:
        made["budget"] = limit(rng, ["100", "300"])
    if rng.random() < 0.4:
        made["perClientCredit"] = limit(rng, ["60", "150"])
    return made


def limit(rng: random.Random, amounts: list[str]) -> dict[str, Any]:
    return {"amountMajor": number(rng, rng.choice(amounts)), "per": rng.choice(["DAY", *PERIODS])}


def ladder(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"id": "l", "priority": rng.choice([0, 5]), "tags": ["ladder"]}
    made["tiers"] = [
        {"id": "low", "atLeast": 50, "percent": 5},
        {"id": "high", "atLeast": 200, "percent": number(rng, "12.5")},
    ]
    if rng.random() < 0.5:
        made["expiresInDays"] = rng.choice([1, 2])
    if rng.random() < 0.3:
        made["tiers"][1]["expiresInDays"] = 3
    if rng.random() < 0.3:
        made["restriction"] = rng.choice(RESTRICTIONS)
        if rng.random() < 0.5:
            made["tiers"][0]["restriction"] = rng.choice(RESTRICTIONS)
    if rng.random() < 0.4:
        made["onTopupRefund"] = rng.choice(["REVOKE", "KEEP"])
    if rng.random() < 0.4:
        made["limits"] = {"perClient": [{"times": 2, "per": rng.choice(PERIODS)}]}
    return made


def rule(rng: random.Random, name: str, switches: Switches) -> dict[str, Any]:
    trigger = rng.choice(TRIGGERS + (["CLIENT_REGISTERED"] if switches.registered else []))
    made: dict[str, Any] = {"id": name, "trigger": trigger, "priority": rng.choice([0, 5, 10])}
    if rng.random() < 0.3:
        made["when"] = rng.choice(CONDITIONS[trigger])
    if rng.random() < 0.3:
        made["tags"] = ["тег", name]
    if rng.random() < 0.15:
        made["exclusive"] = "g"
    if rng.random() < 0.4:
        made["onTopupRefund"] = rng.choice(["REVOKE", "REVOKE", "KEEP"])
    limits: dict[str, Any] = {}
    if rng.random() < 0.4:
        times = rng.choice([1, 2, 3])
        limits["perClient"] = [
            {"times": times, "per": per} for per in rng.sample(PERIODS, rng.choice([1, 1, 2]))
        ]
    if rng.random() < 0.1:
        limits["cooldown"] = {"hours": rng.choice([1, 24])}
    if switches.budgets and rng.random() < 0.35:
        limits["budget"] = limit(rng, ["40", "90"])
    if limits:
        made["limits"] = limits
    made["actions"] = [bonus(rng, trigger) for _ in range(rng.choice([1, 1, 2, 3]))]
    if rng.random() < 0.3:
        push = {"type": "SEND_PUSH", "title": "+{bonusAmountMajor}", "body": "{bonusBalanceMajor}"}
        made["actions"].insert(0, push)
    return made


def bonus(rng: random.Random, trigger: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "ADD_BONUS", "formula": rng.choice(FORMULAS[trigger])}
    if rng.random() < 0.2:
        made["max"] = 40
    if rng.random() < 0.6:
        made["expiresInDays"] = rng.choice([1, 1, 2, 3, 200])
    if rng.random() < 0.35:
        made["restriction"] = rng.choice(RESTRICTIONS)
    if rng.random() < 0.2:
        made["tags"] = ["b"]
    return made


STEPS = [
    timedelta(0),
    timedelta(seconds=1),
    timedelta(minutes=9),
    timedelta(minutes=10),
    timedelta(hours=1),
]
STEPS += [timedelta(hours=7), timedelta(hours=23), timedelta(hours=24), timedelta(hours=30)]
