"""One good event of every type, as on the wire."""

import json
from typing import Any

MINOR_DIGITS = {"izi": 2, "tokyo": 0, "tunis": 3}

ENVELOPE: dict[str, Any] = {
    "eventId": "e-1",
    "organizationId": "izi",
    "clubId": "club-1",
    "clientId": "c-1",
    "occurredAt": "2026-11-22T15:00:00+03:00",
}

FIELDS: dict[str, dict[str, Any]] = {
    "BALANCE_TOPPED_UP": {"topupAmountMajor": "400.00", "topUpSource": "POS_TERMINAL"},
    "TOPUP_REFUNDED": {"originalEventId": "e-0", "refundAmountMajor": 100},
    "VISIT_STARTED": {"visitId": "v-1", "tariffId": "t-1"},
    "VISIT_ENDED": {"visitId": "v-1", "tariffId": "t-1", "durationMinutes": 0},
    "PAYMENT_MADE": {
        "paymentId": "p-1",
        "totalAmountMajor": "200",
        "bonusAmountMajor": "0",
        "productType": "TARIFF",
        "productId": "night-pack",
    },
    "PAYMENT_REFUNDED": {"paymentId": "p-1", "refundAmountMajor": "50", "bonusAmountMajor": "0.00"},
    "BONUS_CREDITED": {"amountMajor": "10", "executor": "Anna", "reason": ""},
    "BONUS_WRITTEN_OFF": {"amountMajor": "10", "executor": "Anna"},
    "PROMO_CODE_REDEEMED": {"code": "WELCOME", "amountMajor": "10", "expiresInDays": 30},
    "CLIENT_REGISTERED": {"registeredAt": "2026-11-22T12:00:00Z"},
    "CLIENT_UPDATED": {"groups": ["vip"], "bonusBalanceMajor": "5", "resync": True},
    "CLIENT_IMPORTED": {"totalTopupMajor": "1000", "topupCount": 4},
    "CLIENT_FORGOTTEN": {},
}


def wire(name: str, **fields: Any) -> dict[str, Any]:
    """A good event of the type, with these fields instead; `...` leaves a field out."""
    value = {**ENVELOPE, "type": name, **FIELDS[name], **fields}
    return {field: held for field, held in value.items() if held is not ...}


def encoded(name: str, **fields: Any) -> bytes:
    return json.dumps(wire(name, **fields)).encode()
