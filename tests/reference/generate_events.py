"""Random event streams that hug the edges of a rule set."""

import json
import random
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.expressions import GROUPS
from tests.reference.malformed import spoil
from tests.reference.world import CLUBS, Switches, World

JITTER = [timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(seconds=1)]
JITTER += [-timedelta(microseconds=1), -timedelta(seconds=1), timedelta(minutes=7)]
TYPES = ["BALANCE_TOPPED_UP"] * 6 + ["VISIT_STARTED"] * 2 + ["VISIT_ENDED"] * 2
TYPES += ["PAYMENT_MADE"] * 3 + ["TOPUP_REFUNDED", "PAYMENT_REFUNDED", "CLIENT_UPDATED"]
TYPES += ["CLIENT_REGISTERED", "BONUS_CREDITED", "BONUS_WRITTEN_OFF", "PROMO_CODE_REDEEMED"]
BACK = [1, 2, 14, 15, 16, 17, 18, 30, 254, 255, 256, 257, 258]


class Stream:
    """Events of one case, in order of arrival."""

    def __init__(self, rng: random.Random, world: World, switches: Switches) -> None:
        self.rng, self.world, self.switches = rng, world, switches
        self.now = world.anchor
        self.sent: list[dict[str, Any]] = []
        self.lines: list[bytes] = []
        self.clients = ["c-1", "c-2", "клиент 3"][: rng.choice([1, 1, 2, 3])]
        self.spread = rng.random() < 0.2
        self.organization = world.document["organizationId"]

    def make(self) -> list[bytes]:
        rng = self.rng
        long = rng.random() < 0.04
        for _ in range(rng.randint(270, 330) if long else rng.randint(8, 45)):
            self.step(long)
        return self.lines

    def step(self, long: bool) -> None:
        rng = self.rng
        roll = rng.random()
        if self.sent and roll < 0.10:
            return self.repeat()
        event = self.event()
        if long and rng.random() < 0.9:
            self.now += timedelta(seconds=rng.choice([1, 60, 600]))
            event["occurredAt"] = self.instant_text(self.now)
        if roll < 0.2:
            self.lines.append(spoil(rng, event, self.world.digits))
            return None
        self.sent.append(event)
        self.lines.append(self.encode(event))
        return None

    def repeat(self) -> None:
        """The same event again; sometimes with another form, sometimes with another content."""
        rng = self.rng
        back = rng.choice(BACK)
        event = dict(self.sent[-min(back, len(self.sent))])
        if rng.random() < 0.3:
            event["clubId"] = rng.choice(CLUBS)
        elif rng.random() < 0.2:
            event["occurredAt"] = self.instant_text(self.time())
        elif rng.random() < 0.1:
            event["clientId"] = rng.choice(["c-1", "c-2"])
        elif rng.random() < 0.1:
            event["organizationId"] = rng.choice(["other", self.organization])
        elif rng.random() < 0.6:
            event = self.same(event)
        for name, value in event.items():
            if name.endswith("Major") and rng.random() < 0.3:
                event[name] = self.figure(Decimal(str(value).strip("@")))
        self.lines.append(self.encode(event))

    def same(self, event: dict[str, Any]) -> dict[str, Any]:
        """Another text of the same event (but for one that says more of its snapshot)."""
        rng = self.rng
        event["occurredAt"] = self.instant_text(moment_of(event))
        event.setdefault("reason", None)
        snapshot = dict(event.get("client") or {})
        if "groups" in snapshot:
            groups = snapshot["groups"]
            snapshot["groups"] = rng.sample(groups, len(groups)) + groups[:1]
        if snapshot or rng.random() < 0.5:
            event["client"] = snapshot or rng.choice([None, {}, {"groups": None}, {"x": 1}])
        if event["type"] == "CLIENT_UPDATED" and "groups" in event and rng.random() < 0.5:
            event["client"] = {**snapshot, "groups": event.pop("groups")}
        event["unknownField"] = {"x": [1, None]}
        return event

    def encode(self, event: dict[str, Any]) -> bytes:
        items = list(event.items())
        if self.rng.random() < 0.2:
            self.rng.shuffle(items)
        text = json.dumps(dict(items), ensure_ascii=self.rng.random() < 0.5)
        return re.sub(r'"@@(.*?)@@"', r"\1", text).encode()

    def time(self) -> datetime:
        """Near an edge, a known distance after an earlier event, late, or soon."""
        rng, world = self.rng, self.world
        roll = rng.random()
        if roll < 0.3:
            later = [at for at in world.instants if at.timestamp() > self.now.timestamp()]
            ahead = sorted(later, key=lambda at: at.timestamp())[:4]
            base = rng.choice(ahead).astimezone(UTC) if ahead else self.now
            self.now = base
            return base + rng.choice(JITTER)
        if roll < 0.4 and self.sent:
            base = moment_of(rng.choice(self.sent[-6:])) + rng.choice(world.deltas)
            if base - self.now < timedelta(days=3):
                self.now = max(self.now, base)
            return base + rng.choice(JITTER)
        if roll < 0.62 and self.spread:
            return self.now - timedelta(days=rng.randint(1, 70))
        if roll < 0.48:
            return self.now - rng.choice(
                [timedelta(minutes=5), timedelta(hours=20), timedelta(days=3), timedelta(days=33)]
            )
        self.now += timedelta(seconds=rng.choice([0, 1, 60, 599, 600, 3600, 40000]))
        if rng.random() < (0.3 if self.spread else 0.02):
            self.now += timedelta(days=rng.choice([1, 7, 31]))
        return self.now

    def instant_text(self, at: datetime) -> str:
        """The instant with some offset, the fraction in some length."""
        rng = self.rng
        zones: list[Any] = [UTC, timezone(timedelta(hours=3)), timezone(-timedelta(minutes=210))]
        zones.append(ZoneInfo(rng.choice(self.world.zones)))
        text = at.astimezone(rng.choice(zones)).isoformat()
        if text.endswith("+00:00") and rng.random() < 0.5:
            text = text[:-6] + "Z"
        if "." not in text and rng.random() < 0.1:
            text = text[:19] + rng.choice([".0", ".000", ".000000"]) + text[19:]
        return text

    def figure(self, value: Decimal) -> str:
        """The same number in another form."""
        rng = self.rng
        text = f"{value:f}"
        if "." in text and rng.random() < 0.3:
            text += "00"
        elif "." not in text and rng.random() < 0.3:
            text += rng.choice([".0", ".00", ".0000"])
        return f"@@{text}@@" if rng.random() < 0.5 else text

    def money(self) -> str:
        rng, digits = self.rng, self.world.digits
        unit = Decimal(1).scaleb(-digits)
        value = Decimal(rng.choice(self.world.amounts))
        value = max(unit, value + rng.choice([Decimal(0), Decimal(0), unit, -unit])).quantize(unit)
        if rng.random() < 0.15:
            value = Decimal(rng.randint(1, 10**6)) * unit
        if rng.random() < 0.02:
            value = Decimal("99999999999999999999") - rng.choice([0, 1]) + (1 - unit)
        return self.figure(value)

    def event(self) -> dict[str, Any]:
        rng = self.rng
        kinds = TYPES
        kind = rng.choice(kinds)
        event: dict[str, Any] = {
            "eventId": f"e-{len(self.lines)}",
            "type": kind,
            "organizationId": self.organization if rng.random() < 0.96 else "other",
            "clubId": rng.choice(CLUBS),
            "clientId": rng.choice(self.clients),
            "occurredAt": self.instant_text(self.time()),
        }
        event |= self.payload(kind)
        if rng.random() < 0.15:
            event["client"] = self.snapshot()
        return event

    def payload(self, kind: str) -> dict[str, Any]:
        rng, n = self.rng, len(self.lines)
        if kind == "BALANCE_TOPPED_UP":
            source = rng.choice(["ACQUIRING", "POS_TERMINAL", "CASH"])
            made: dict[str, Any] = {"topupAmountMajor": self.money(), "topUpSource": source}
            if source == "CASH":
                made["shiftId"] = rng.choice(["s-1", "s-2"])
            if source == "ACQUIRING":
                made["gatewayTransactionId"] = f"g-{n}"
            if rng.random() < 0.3:
                made["productId"] = rng.choice(["night-pack", "кола", None])
            return made
        if kind in ("VISIT_STARTED", "VISIT_ENDED"):
            made = {"visitId": f"v-{n}", "tariffId": rng.choice(["day", "night"])}
            if kind == "VISIT_ENDED":
                made["durationMinutes"] = rng.choice([0, 1, 90, 600])
            return made
        if kind == "PAYMENT_MADE":
            payment = f"p-{n}"
            payments = [e["paymentId"] for e in self.sent[-30:] if e["type"] == "PAYMENT_MADE"]
            if payments and self.switches.payment_ids and rng.random() < 0.2:
                payment = rng.choice(payments)
            return {
                "paymentId": payment,
                "totalAmountMajor": self.money(),
                "bonusAmountMajor": rng.choice(["0", "0.0", "@@1@@", "5"]),
                "productType": rng.choice(["TARIFF", "BAR", "MULTIPASS"]),
                "productId": rng.choice(["night-pack", "кола"]),
            }
        return self.other_payload(kind)

    def other_payload(self, kind: str) -> dict[str, Any]:
        rng = self.rng
        if kind == "TOPUP_REFUNDED":
            return {"originalEventId": "e-0", "refundAmountMajor": self.money()}
        if kind == "PAYMENT_REFUNDED":
            return {"paymentId": "p-0", "refundAmountMajor": self.money(), "bonusAmountMajor": "0"}
        if kind == "PROMO_CODE_REDEEMED":
            return {"code": "HELLO", "amountMajor": self.money(), "expiresInDays": 7}
        if kind in ("BONUS_CREDITED", "BONUS_WRITTEN_OFF"):
            return {"amountMajor": self.money(), "executor": "Анна", "reason": None}
        made = self.snapshot() if rng.random() < 0.7 else {}
        if kind == "CLIENT_UPDATED" and rng.random() < 0.2:
            made["resync"] = rng.random() < 0.5
            made["bonusBalanceMajor"] = "10"
        return made

    def snapshot(self) -> dict[str, Any]:
        rng = self.rng
        made: dict[str, Any] = {}
        if rng.random() < 0.6:
            made["groups"] = rng.sample(GROUPS, rng.randint(0, 3))
            if made["groups"] and rng.random() < 0.2:
                made["groups"] = made["groups"] * 2
        if rng.random() < 0.5:
            back = rng.choice([0, 1, 2, 29, 30, 31, -1])
            made["registeredAt"] = self.instant_text(self.now - timedelta(days=back))
        if rng.random() < 0.5:
            day = (self.now + timedelta(days=rng.choice([0, 0, 1, -1]))).date()
            year = rng.choice([1990, 2000])
            made["birthday"] = rng.choice([day.replace(year=2000).isoformat(), f"{year}-02-28"])
            if rng.random() < 0.3:
                made["birthday"] = "2000-02-29"
        if rng.random() < 0.3:
            made["bonusBalanceMajor"] = rng.choice(["0", "100", "@@5.0@@"])
        return made


def moment_of(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["occurredAt"].replace("Z", "+00:00")).astimezone(UTC)
