"""Events for integration: deterministic, over three topics, counters that show every slip."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

from schemas.topics import Channel

RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
onTopupRefund: REVOKE
products: [{productId: cola, productType: BAR, maxBonusPercent: 10, refundPolicy: KEEP_PARTIAL}]
ladders:
  - id: everyday
    name: Everyday
    expiresInDays: 45
    tiers:
      - {id: entry, atLeast: 200, percent: 5}
      - {id: anchor, atLeast: 400, percent: 12}
      - {id: premium, atLeast: 800, percent: 20}
rules:
  - id: by-count
    name: Betrays a lost or doubled top-up
    trigger: BALANCE_TOPPED_UP
    actions:
      - {type: ADD_BONUS, formula: "1 + topupCount + percent(totalTopupMajor, 1)"}
  - id: by-visits
    name: Betrays a lost or doubled visit, and the order between topics
    trigger: VISIT_STARTED
    when: visitCount >= 1
    actions:
      - {type: SEND_PUSH, title: "Visit {visitCount}", body: "{topupCount} top-ups before it"}
      - {type: ASSIGN_GROUP, groupId: regulars}
  - id: by-payment
    name: Cash back
    trigger: PAYMENT_MADE
    when: "'regulars' in groups"
    actions:
      - {type: ADD_BONUS, formula: "percent(totalAmountMajor, 3)", min: 1}
      - {type: UNASSIGN_GROUP, groupId: regulars}
"""

Sent = tuple[Channel, bytes | None, bytes | None]


def traffic(seed: int, count: int, clients: int = 60) -> list[Sent]:
    """So many good events of clients in turn; a few are sent twice. What is refunded is something
    that the same client did, or tried, a few of its events before."""
    random = Random(seed)
    now = datetime.now(UTC) - timedelta(hours=1)
    sent: list[Sent] = []
    for number in range(count):
        earlier = f"{seed}-{number - clients * random.randrange(1, 4)}"
        at = now + timedelta(seconds=number / 10)
        channel, event = event_of(random, f"{seed}-{number}", earlier, at)
        event["clientId"] = f"c-{(7 * number + seed) % clients}"
        record = (channel, str(event["clientId"]).encode(), json.dumps(event).encode())
        sent.append(record)
        if random.random() < 0.02:
            sent.append(record)
    return sent


def event_of(
    random: Random, name: str, earlier: str, at: datetime
) -> tuple[Channel, dict[str, object]]:
    event: dict[str, object] = {
        "eventId": name,
        "organizationId": "izi",
        "clubId": f"club-{random.randrange(3)}",
        "occurredAt": at.isoformat(),
    }
    kinds = ("topup", "topup", "topup", "visit", "payment", "payment", "account")
    kind = random.choice(kinds)
    if kind == "account":
        return _account_event(random, event, earlier, at)
    if kind == "topup":
        amount = random.choice(("50", "199.99", "200", "400.50", "800", 1250))
        event |= {"type": "BALANCE_TOPPED_UP", "topupAmountMajor": amount, "topUpSource": "CASH"}
        return Channel.TOPUPS, event | {"shiftId": "s-1"}
    if kind == "visit":
        return Channel.VISITS, event | {"type": "VISIT_STARTED", "visitId": name, "tariffId": "t"}
    bonus = random.choice(("0", "5", "12.50", "70"))
    paid = {"totalAmountMajor": "150.00", "bonusAmountMajor": bonus, "productType": "BAR"}
    event |= {"type": "PAYMENT_MADE", "paymentId": f"p{name}", "productId": "cola", **paid}
    return Channel.PAYMENTS, event


def _account_event(
    random: Random, event: dict[str, object], earlier: str, at: datetime
) -> tuple[Channel, dict[str, object]]:
    """One of the events that are about bonuses themselves. A promo code of yesterday is over when
    it arrives: it lapses at the client's next event."""
    back = {"refundAmountMajor": random.choice(("30", "100"))}
    yesterday = (at - timedelta(hours=26)).isoformat()
    by_hand = {"amountMajor": "10", "executor": "Anna"}
    code = {"code": "SPRING", "amountMajor": "7", "expiresInDays": 1}
    channel, fields = random.choice(
        (
            (Channel.TOPUPS, {"type": "TOPUP_REFUNDED", "originalEventId": earlier, **back}),
            (
                Channel.PAYMENTS,
                {
                    "type": "PAYMENT_REFUNDED",
                    "paymentId": f"p{earlier}",
                    "bonusAmountMajor": "12.50",
                    **back,
                },
            ),
            (Channel.PAYMENTS, {"type": "BONUS_CREDITED", **by_hand}),
            (Channel.PAYMENTS, {"type": "BONUS_WRITTEN_OFF", **by_hand}),
            (
                Channel.PAYMENTS,
                {"type": "PROMO_CODE_REDEEMED", "occurredAt": yesterday, **code},
            ),
        )
    )
    return channel, event | fields
