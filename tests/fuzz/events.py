"""Good events of many clients, as a CRM would send them, from a seed."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

TYPES = (
    *("BALANCE_TOPPED_UP",) * 5,
    *("VISIT_STARTED", "VISIT_ENDED", "PAYMENT_MADE", "PAYMENT_MADE", "CLIENT_REGISTERED"),
    *("CLIENT_UPDATED", "TOPUP_REFUNDED", "PAYMENT_REFUNDED", "BONUS_CREDITED"),
    *("BONUS_WRITTEN_OFF", "PROMO_CODE_REDEEMED"),
)
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)

Event = dict[str, Any]


def good_event(random: Random, number: int, clients: int) -> Event:
    """`number` makes its ids unique; `occurredAt` is up to four days before its turn."""
    kind = random.choice(TYPES)
    at = BEGIN + timedelta(seconds=number) - random.choice((0, 0, 0, 60, 90_000, 345_600)) * SECOND
    event: Event = {
        "eventId": f"e-{number}",
        "type": kind,
        "organizationId": "izi" if random.random() < 0.97 else "other",
        "clubId": random.choice(("club-1", "клуб 2")),
        "clientId": f"c-{random.randrange(clients)}",
        "occurredAt": at.isoformat(),
        **_payload(random, kind, number),
    }
    if random.random() < 0.1:
        event["client"] = {"groups": ["vip"], "birthday": "1990-02-28", "bonusBalanceMajor": "10"}
    return event


SECOND = timedelta(seconds=1)


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
        "CLIENT_UPDATED": {"birthday": "2000-02-29", "groups": []},
    }
    return dict(made[kind])
