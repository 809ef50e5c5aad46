"""The shape of every event: which fields it has, of which kind, and whether it must have them."""

TOPICS = {
    "BALANCE_TOPPED_UP": "loyalty.topups",
    "TOPUP_REFUNDED": "loyalty.topups",
    "VISIT_STARTED": "loyalty.visits",
    "VISIT_ENDED": "loyalty.visits",
    "PAYMENT_MADE": "loyalty.payments",
    "PAYMENT_REFUNDED": "loyalty.payments",
    "BONUS_CREDITED": "loyalty.payments",
    "BONUS_WRITTEN_OFF": "loyalty.payments",
    "PROMO_CODE_REDEEMED": "loyalty.payments",
    "CLIENT_REGISTERED": "loyalty.clients",
    "CLIENT_UPDATED": "loyalty.clients",
    "CLIENT_IMPORTED": "loyalty.clients",
    "CLIENT_FORGOTTEN": "loyalty.clients",
}

Shape = dict[str, tuple[str, bool]]

ENVELOPE: Shape = {
    "eventId": ("text", True),
    "organizationId": ("text", True),
    "clubId": ("text", True),
    "clientId": ("text", True),
    "occurredAt": ("instant", True),
}
SNAPSHOT: Shape = {
    "groups": ("texts", False),
    "registeredAt": ("instant", False),
    "birthday": ("date", False),
    "bonusBalanceMajor": ("zero or more", False),
}
PAYLOADS: dict[str, Shape] = {
    "BALANCE_TOPPED_UP": {
        "topupAmountMajor": ("above zero", True),
        "topUpSource": ("source", True),
        "shiftId": ("text", False),
        "gatewayTransactionId": ("text", False),
        "productId": ("text", False),
    },
    "TOPUP_REFUNDED": {
        "originalEventId": ("text", True),
        "refundAmountMajor": ("above zero", True),
    },
    "VISIT_STARTED": {"visitId": ("text", True), "tariffId": ("text", True)},
    "VISIT_ENDED": {
        "visitId": ("text", True),
        "tariffId": ("text", True),
        "durationMinutes": ("minutes", True),
    },
    "PAYMENT_MADE": {
        "paymentId": ("text", True),
        "totalAmountMajor": ("above zero", True),
        "bonusAmountMajor": ("zero or more", True),
        "productType": ("product type", True),
        "productId": ("text", True),
    },
    "PAYMENT_REFUNDED": {
        "paymentId": ("text", True),
        "refundAmountMajor": ("above zero", True),
        "bonusAmountMajor": ("zero or more", True),
    },
    "BONUS_CREDITED": {
        "amountMajor": ("above zero", True),
        "executor": ("text", True),
        "reason": ("free text", False),
    },
    "BONUS_WRITTEN_OFF": {
        "amountMajor": ("above zero", True),
        "executor": ("text", True),
        "reason": ("free text", False),
    },
    "PROMO_CODE_REDEEMED": {
        "code": ("text", True),
        "amountMajor": ("above zero", True),
        "expiresInDays": ("days", False),
    },
    "CLIENT_REGISTERED": dict(SNAPSHOT),
    "CLIENT_UPDATED": {**SNAPSHOT, "resync": ("flag", False)},
    "CLIENT_IMPORTED": {
        **SNAPSHOT,
        "totalTopupMajor": ("zero or more", False),
        "topupCount": ("minutes", False),
        "totalSpentMajor": ("zero or more", False),
        "visitCount": ("minutes", False),
        "firstVisitAt": ("instant", False),
        "lastVisitAt": ("instant", False),
        "batches": ("batches", False),
    },
    "CLIENT_FORGOTTEN": {},
}
BATCH: Shape = {
    "amountMajor": ("above zero", True),
    "expiresAt": ("instant", False),
    "restriction": ("restriction", False),
}
RESTRICTION: Shape = {"productTypes": ("product types", False), "productIds": ("texts", False)}
MOST_BATCHES = 500
WORDS = {
    "source": ("ACQUIRING", "POS_TERMINAL", "CASH"),
    "product type": ("TARIFF", "BAR", "MULTIPASS"),
}
