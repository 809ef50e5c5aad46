"""Random events about the bonus account: payments, refunds again and again, resync, lapses.

Instants are whole days after earlier events more often than not, where something lapses.
"""

import json
import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.reference.generate_events import moment_of
from tests.reference.ledger_rules import PRODUCTS, STEPS
from tests.reference.world import CLUBS, World

KINDS = ["BALANCE_TOPPED_UP"] * 6 + ["PAYMENT_MADE"] * 5 + ["PAYMENT_REFUNDED"] * 4
KINDS += ["TOPUP_REFUNDED"] * 4 + ["BONUS_CREDITED", "BONUS_WRITTEN_OFF", "VISIT_ENDED"]
KINDS += ["PROMO_CODE_REDEEMED", "CLIENT_UPDATED", "CLIENT_REGISTERED"]
WHOLE = [Decimal(1), Decimal(10), Decimal(60), Decimal(100), Decimal(250), Decimal(1000)]
MICRO = timedelta(microseconds=1)
EDGES = [timedelta(0), timedelta(0), timedelta(0), MICRO, -MICRO]
LATE = [timedelta(hours=1), timedelta(hours=26), timedelta(days=2), timedelta(days=40)]


class LedgerStream:
    """Events of one case, in order of arrival."""

    def __init__(self, rng: random.Random, world: World) -> None:
        self.rng, self.world = rng, world
        self.unit = Decimal(1).scaleb(-world.digits)
        self.now = world.anchor
        self.sent: list[dict[str, Any]] = []
        self.clients = ["c-1", "клиент 2"][: rng.choice([1, 2])]
        self.opens = rng.random() < 0.5
        self.jumps = rng.random() < 0.3
        self.kinds = KINDS
        self.most = 45

    def make(self) -> list[bytes]:
        for _ in range(self.rng.randint(5, self.most)):
            self.sent.append(self.event())
        return [json.dumps(event, ensure_ascii=False).encode() for event in self.sent]

    def time(self) -> datetime:
        rng = self.rng
        roll = rng.random()
        if roll < 0.35 and self.sent:
            days = [1, 1, 2, 3, 30] + ([180, 180, 200] if self.jumps else [])
            base = moment_of(rng.choice(self.sent[-8:])) + timedelta(days=rng.choice(days))
            base += rng.choice(EDGES)
            self.now = max(self.now, base) if base > self.now - timedelta(days=3) else self.now
            return base
        if roll < 0.45:
            return self.now - rng.choice(LATE)
        self.now += rng.choice(STEPS)
        return self.now

    def event(self) -> dict[str, Any]:
        rng = self.rng
        kind = rng.choice(self.kinds)
        event: dict[str, Any] = {
            "eventId": f"e-{len(self.sent)}",
            "type": kind,
            "organizationId": "izi" if rng.random() < 0.98 else "other",
            "clubId": rng.choice(CLUBS),
            "clientId": rng.choice(self.clients),
            "occurredAt": self.time().isoformat(),
        }
        event |= getattr(self, kind.lower())()
        if rng.random() < (0.15 if self.opens else 0.02):
            event["client"] = {"bonusBalanceMajor": self.balance()}
        return event

    def amount(self) -> str:
        value = self.rng.choice(WHOLE)
        if self.rng.random() < 0.5:
            value += self.rng.randint(0, 99) * self.unit
        if self.rng.random() < 0.01:
            value = Decimal(10**20) - self.unit
        return f"{value.quantize(self.unit):f}"

    def part(self, whole: str) -> str:
        """A part of it, all of it or more, above zero."""
        share = Decimal(self.rng.choice(["1", "1", "0.5", "0.3333", "0.25", "0.9", "1.5"]))
        return f"{max(self.unit, (Decimal(whole) * share).quantize(self.unit)):f}"

    def balance(self) -> str:
        return self.rng.choice(["0", "100", "37", self.amount()])

    def earlier(self, kind: str) -> dict[str, Any] | None:
        """A recent event of the kind; sometimes there is none."""
        some = [event for event in self.sent[-25:] if event["type"] == kind]
        return self.rng.choice(some[-6:]) if some and self.rng.random() < 0.93 else None

    def owner(self, event: dict[str, Any] | None) -> dict[str, Any]:
        """Whose event it was; rarely it is left to chance."""
        if event is None or self.rng.random() < 0.04:
            return {}
        return {"clientId": event["clientId"]}

    def balance_topped_up(self) -> dict[str, Any]:
        source = self.rng.choice(["POS_TERMINAL", "CASH", "ACQUIRING"])
        made = {"topupAmountMajor": self.amount(), "topUpSource": source}
        if source == "CASH" or self.rng.random() < 0.2:
            made["shiftId"] = "s-1"
        if source == "ACQUIRING" or self.rng.random() < 0.2:
            made["gatewayTransactionId"] = "g-1"
        return made

    def topup_refunded(self) -> dict[str, Any]:
        topup = self.earlier(self.rng.choice(["BALANCE_TOPPED_UP"] * 9 + ["VISIT_ENDED"]))
        of = self.owner(topup)
        refund = self.part((topup or {}).get("topupAmountMajor", "100"))
        return of | {
            "originalEventId": "e-none" if topup is None else topup["eventId"],
            "refundAmountMajor": refund,
        }

    def payment_made(self) -> dict[str, Any]:
        rng = self.rng
        product, kind = rng.choice(PRODUCTS)
        if rng.random() < 0.05:
            kind = rng.choice(["TARIFF", "BAR"])
        earlier = self.earlier("PAYMENT_MADE")
        payment = f"p-{len(self.sent)}"
        if earlier is not None and rng.random() < 0.1:
            payment = earlier["paymentId"]
        total = self.amount()
        share = Decimal(rng.choice(["0", "0.15", "0.3", "0.3", "0.333", "0.5", "1", "2"]))
        bonus = (Decimal(total) * share).quantize(self.unit)
        if rng.random() < 0.1:
            bonus += self.unit
        return {
            "paymentId": payment,
            "totalAmountMajor": total,
            "bonusAmountMajor": f"{bonus:f}",
            "productType": kind,
            "productId": product,
        }

    def payment_refunded(self) -> dict[str, Any]:
        payment = self.earlier("PAYMENT_MADE")
        bonus = (payment or {}).get("bonusAmountMajor", "10")
        of = self.owner(payment)
        return of | {
            "paymentId": "p-none" if payment is None else payment["paymentId"],
            "refundAmountMajor": self.part((payment or {}).get("totalAmountMajor", "100")),
            "bonusAmountMajor": "0" if self.rng.random() < 0.1 else self.part(bonus),
        }

    def bonus_credited(self) -> dict[str, Any]:
        made = {"amountMajor": self.amount(), "executor": "Анна"}
        return made | ({"reason": "sorry"} if self.rng.random() < 0.5 else {})

    bonus_written_off = bonus_credited

    def visit_ended(self) -> dict[str, Any]:
        return {"visitId": "v", "tariffId": "day", "durationMinutes": 60}

    def promo_code_redeemed(self) -> dict[str, Any]:
        made: dict[str, Any] = {"code": self.rng.choice(["HELLO", "код"])}
        made["amountMajor"] = self.amount()
        return made | (
            {"expiresInDays": self.rng.choice([1, 2])} if self.rng.random() < 0.5 else {}
        )

    def client_updated(self) -> dict[str, Any]:
        if self.rng.random() < 0.7:
            where: dict[str, Any] = {"bonusBalanceMajor": self.balance()}
            if self.rng.random() < 0.3:
                where = {"client": where}
            return {"resync": True} | where
        return {"bonusBalanceMajor": self.balance()}

    def client_registered(self) -> dict[str, Any]:
        return {"bonusBalanceMajor": self.balance()} if self.rng.random() < 0.5 else {}
