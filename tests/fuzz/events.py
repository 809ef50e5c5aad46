"""Good events of many clients, as a CRM would send them, from a seed."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

TYPES = (
    *("BALANCE_TOPPED_UP",) * 5,
    *("VISIT_STARTED", "VISIT_ENDED", "PAYMENT_MADE", "PAYMENT_MADE", "CLIENT_REGISTERED"),
    *("CLIENT_UPDATED", "TOPUP_REFUNDED", "PAYMENT_REFUNDED", "BONUS_CREDITED"),
    *("BONUS_WRITTEN_OFF", "PROMO_CODE_REDEEMED", "CLIENT_IMPORTED", "CLIENT_FORGOTTEN"),
)
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)

Event = dict[str, Any]


def good_event(random: Random, number: int, clients: int, now: datetime) -> Event:
    """`number` makes its ids unique; `occurredAt` is up to four days before `now`."""
    kind = random.choice(TYPES)
    at = now - random.choice((0, 0, 0, 60, 90_000, 345_600)) * SECOND
    event: Event = {
        "eventId": f"e-{number}",
        "type": kind,
        "organizationId": "izi" if random.random() < 0.97 else "other",
        "clubId": random.choice(("club-1", "клуб 2")),
        "clientId": f"c-{random.randrange(clients)}",
        "occurredAt": at.isoformat(),
        **_payload(random, kind, number),
    }
    if kind == "CLIENT_IMPORTED":
        event |= _brought_along(random, at)
    if random.random() < 0.1:
        event["client"] = _known(random, at)
    return event


def _known(random: Random, at: datetime) -> Event:
    """A snapshot: each field, or not."""
    born = (at + random.choice((0, 0, 1, 2)) * DAY).date().replace(year=2000).isoformat()
    all_of_it = {
        "groups": random.choice(([], ["vip"], ["seen", "vip"])),
        "birthday": random.choice((born, "2000-02-29")),
        "registeredAt": (at - 30 * DAY).isoformat(),
        "bonusBalanceMajor": random.choice(("0", "10", "37.50")),
    }
    return {name: value for name, value in all_of_it.items() if random.random() < 0.6}


def _brought_along(random: Random, at: datetime) -> Event:
    """What an export says of a client: counters, visits, batches that lapse soon."""
    made: Event = _known(random, at)
    if random.random() < 0.6:
        made |= {"topupCount": 7, "totalTopupMajor": _money(random), "totalSpentMajor": "90"}
    if random.random() < 0.6:
        first, last = at - random.choice((1, 2, 40)) * DAY, at - random.choice((0, 1)) * DAY
        made |= {"visitCount": 3, "firstVisitAt": first.isoformat()}
        made |= {"lastVisitAt": max(first, last).isoformat()}
    if random.random() < 0.6:
        made.pop("bonusBalanceMajor", None)
        made["batches"] = [_batch(random, at) for _ in range(random.choice((1, 1, 3)))]
    return made


def _batch(random: Random, at: datetime) -> Event:
    made: Event = {"amountMajor": _money(random)}
    if random.random() < 0.7:
        made["expiresAt"] = (at + random.choice((-1, 1, 1, 2, 5)) * DAY).isoformat()
    if random.random() < 0.3:
        made["restriction"] = {"productTypes": ["TARIFF"], "productIds": ["кола"]}
    return made


SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def _money(random: Random) -> str:
    return random.choice(("1", "200", "400.50", "0.01", "799.99", "12.5", "99999999999999999999"))


def _payload(random: Random, kind: str, number: int) -> Event:
    earlier = number - random.randrange(1, 200)
    by_hand = {"amountMajor": _money(random), "executor": "Анна", "reason": ""}
    made: dict[str, Event] = {
        "BALANCE_TOPPED_UP": {
            "topupAmountMajor": _money(random),
            **random.choice(
                (
                    {"topUpSource": "POS_TERMINAL"},
                    {"topUpSource": "CASH", "shiftId": "s-1"},
                    {"topUpSource": "ACQUIRING", "gatewayTransactionId": f"g-{number}"},
                )
            ),
        },
        "TOPUP_REFUNDED": {"originalEventId": f"e-{earlier}", "refundAmountMajor": "10"},
        "VISIT_STARTED": {"visitId": f"v-{number}", "tariffId": "day"},
        "VISIT_ENDED": {"visitId": f"v-{number}", "tariffId": "day", "durationMinutes": 90},
        "PAYMENT_MADE": {
            "paymentId": f"p-{number}",
            "totalAmountMajor": _money(random),
            "bonusAmountMajor": random.choice(("0", "5", "0.01")),
            "productType": random.choice(("TARIFF", "BAR", "MULTIPASS")),
            "productId": "кола",
        },
        "PAYMENT_REFUNDED": {
            "paymentId": f"p-{earlier}",
            "refundAmountMajor": "10",
            "bonusAmountMajor": "1",
        },
        "BONUS_CREDITED": by_hand,
        "BONUS_WRITTEN_OFF": by_hand,
        "PROMO_CODE_REDEEMED": {"code": "HELLO", "amountMajor": "7", "expiresInDays": 7},
        "CLIENT_REGISTERED": {"groups": ["new"], "registeredAt": "2026-01-01T00:00:00Z"},
        "CLIENT_UPDATED": random.choice(
            (
                {"birthday": "2000-02-29", "groups": []},
                {"resync": True, "bonusBalanceMajor": random.choice(("0", "10", "400.50"))},
            )
        ),
        "CLIENT_IMPORTED": {},
        "CLIENT_FORGOTTEN": {},
    }
    return dict(made[kind])
