"""The bodies of sample events, as the CRM and the desk would send them."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import count
from typing import Any

from schemas.topics import Channel
from worker.demo.clients import OPENING, Client, Dice

ORGANIZATION = "izi"
MOSCOW = timezone(timedelta(hours=3))
ORIGIN = datetime.combine(OPENING, time(14, 30), MOSCOW)
"""Half past two on a working Monday: an hour or two later the daytime rule ends."""

Body = dict[str, Any]
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Message:
    """An event on its way to a topic. `key` is the client's id, unless something went wrong."""

    channel: Channel
    key: str
    body: Body
    headers: Headers = ()

    def with_body(self, **changes: Any) -> "Message":
        return replace(self, body={**self.body, **changes})

    def value(self) -> bytes:
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Desk:
    """Writes events. Ids count up; instants are seconds since ORIGIN."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._numbers = count(1)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers):07d}"

    def topup(self, client: Client, at: int, amount: int) -> Message:
        """A snapshot comes with the first one that the client ever makes, and now and then."""
        source = client.source if self._dice.chance(0.85) else "ACQUIRING"
        body = self._envelope("BALANCE_TOPPED_UP", client, at, "t")
        body["topupAmountMajor"] = self._written(amount)
        body["topUpSource"] = source
        headers: Headers = ()
        if source == "ACQUIRING":
            number = next(self._numbers)
            body["gatewayTransactionId"] = f"gw-{number:07d}"
            headers = (("traceparent", f"00-{number:032x}-{number:016x}-01".encode()),)
        if source == "CASH":
            body["shiftId"] = f"{client.club.club_id}-{_instant(at):%Y%m%d}"
        if not client.introduced:
            body["client"] = {"groups": list(client.groups), **_facts(client)}
        elif self._dice.chance(0.1):
            body["client"] = _facts(client)
        return Message(Channel.TOPUPS, client.client_id, body, headers)

    def topup_refund(self, client: Client, at: int, topup: Message, amount: int) -> Message:
        body = self._envelope("TOPUP_REFUNDED", client, at, "t")
        body["originalEventId"] = topup.body["eventId"]
        body["refundAmountMajor"] = f"{amount}.00"
        return self._message(Channel.TOPUPS, client, body)

    def visit_start(self, client: Client, at: int, visit: str, tariff: str) -> Message:
        body = self._envelope("VISIT_STARTED", client, at, "v")
        body |= {"visitId": visit, "tariffId": tariff}
        if self._dice.chance(0.1):
            body["client"] = _facts(client)
        return self._message(Channel.VISITS, client, body)

    def visit_end(self, client: Client, at: int, visit: str, tariff: str, minutes: int) -> Message:
        body = self._envelope("VISIT_ENDED", client, at, "v")
        body |= {"visitId": visit, "tariffId": tariff, "durationMinutes": minutes}
        return self._message(Channel.VISITS, client, body)

    def payment(
        self, client: Client, at: int, product: tuple[str, str], total: int, bonus: int
    ) -> Message:
        body = self._envelope("PAYMENT_MADE", client, at, "p")
        body["paymentId"] = self.new_id("pay")
        body["totalAmountMajor"] = f"{total}.00"
        body["bonusAmountMajor"] = f"{bonus}.00"
        body["productType"], body["productId"] = product
        return self._message(Channel.PAYMENTS, client, body)

    def payment_refund(self, client: Client, at: int, payment: Message) -> Message:
        body = self._envelope("PAYMENT_REFUNDED", client, at, "p")
        body["paymentId"] = payment.body["paymentId"]
        body["refundAmountMajor"] = payment.body["totalAmountMajor"]
        body["bonusAmountMajor"] = payment.body["bonusAmountMajor"]
        return self._message(Channel.PAYMENTS, client, body)

    def gift(self, client: Client, at: int) -> Message:
        body = self._envelope("BONUS_CREDITED", client, at, "p")
        body |= {"amountMajor": 50, "executor": "Anna, desk", "reason": "Broken headset"}
        return self._message(Channel.PAYMENTS, client, body)

    def _envelope(self, kind: str, client: Client, at: int, prefix: str) -> Body:
        return {
            "eventId": self.new_id(prefix),
            "type": kind,
            "organizationId": ORGANIZATION,
            "clubId": client.club.club_id,
            "clientId": client.client_id,
            "occurredAt": _instant(at).isoformat(),
        }

    def _written(self, amount: int) -> str | int:
        """Amounts come as text or as numbers, as the contract allows."""
        return amount if self._dice.chance(0.3) else f"{amount}.00"

    def _message(self, channel: Channel, client: Client, body: Body) -> Message:
        return Message(channel, client.client_id, body)


def _instant(at: int) -> datetime:
    return ORIGIN + timedelta(seconds=at)


def _facts(client: Client) -> Body:
    """What never changes of a client, so that it may come with any event in any order."""
    registered = datetime.combine(client.registered, time(12), UTC)
    return {"registeredAt": registered.isoformat(), "birthday": client.birthday.isoformat()}
