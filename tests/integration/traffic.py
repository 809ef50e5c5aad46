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
    """So many good events of so many clients; a few are sent twice."""
    random = Random(seed)
    now = datetime.now(UTC) - timedelta(hours=1)
    sent: list[Sent] = []
    for number in range(count):
        channel, event = _event(random, f"{seed}-{number}", now + timedelta(seconds=number / 10))
        event["clientId"] = f"c-{random.randrange(clients)}"
        record = (channel, str(event["clientId"]).encode(), json.dumps(event).encode())
        sent.append(record)
        if random.random() < 0.02:
            sent.append(record)
    return sent


def _event(random: Random, name: str, at: datetime) -> tuple[Channel, dict[str, object]]:
    event: dict[str, object] = {
        "eventId": name,
        "organizationId": "izi",
        "clubId": f"club-{random.randrange(3)}",
        "occurredAt": at.isoformat(),
    }
    kind = random.choice(("topup", "topup", "topup", "visit", "payment"))
    if kind == "topup":
        amount = random.choice(("50", "199.99", "200", "400.50", "800", 1250))
        event |= {"type": "BALANCE_TOPPED_UP", "topupAmountMajor": amount, "topUpSource": "CASH"}
        return Channel.TOPUPS, event | {"shiftId": "s-1"}
    if kind == "visit":
        return Channel.VISITS, event | {"type": "VISIT_STARTED", "visitId": name, "tariffId": "t"}
    paid = {"totalAmountMajor": "150.00", "bonusAmountMajor": "0", "productType": "BAR"}
    event |= {"type": "PAYMENT_MADE", "paymentId": f"p{name}", "productId": "cola", **paid}
    return Channel.PAYMENTS, event
