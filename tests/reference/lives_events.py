"""Random events of clients who are moved in, erased and come back, mixed into those of accounts or
of timers."""

import json
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.reference.generate_events import moment_of
from tests.reference.ledger_events import LedgerStream
from tests.reference.ledger_rules import RESTRICTIONS
from tests.reference.timer_events import TimerStream
from tests.reference.world import World

IMPORTED, FORGOTTEN = "CLIENT_IMPORTED", "CLIENT_FORGOTTEN"
SPOILT: list[dict[str, Any]] = [
    {"topupCount": 0, "totalTopupMajor": "5"}, {"topupCount": None, "totalTopupMajor": "5"},
    {"visitCount": None}, {"visitCount": 0}, {"firstVisitAt": None}, {"visitCount": -1},
    {"topupCount": -1}, {"totalSpentMajor": "-1"}, {"totalTopupMajor": "x"}, {"batches": {}},
    {"batches": [{"amountMajor": "0"}]}, {"batches": [{}]}, {"batches": [5]},
    {"batches": [{"amountMajor": "1", "restriction": []}]},
    {"batches": [{"amountMajor": "1", "restriction": {"productTypes": ["X"]}}]},
    {"batches": [{"amountMajor": "1", "expiresAt": "soon"}]},
    {"batches": [{"amountMajor": "1.00001"}]}, {"batches": [], "bonusBalanceMajor": "1"},
    {"batches": [{"amountMajor": "1"}] * 501, "bonusBalanceMajor": None},
    {"firstVisitAt": "2036-01-01T00:00:00Z"}, {"lastVisitAt": "2036-01-01T00:00:00Z"},
    {"lastVisitAt": "1990-01-01T00:00:00Z"}, {"groups": "vip"}, {"topupCount": "1"},
]  # fmt: skip


class LivesStream(LedgerStream):
    """Beginnings before anything else of a client more often than not, ends anywhere."""

    def __init__(self, rng: random.Random, world: World) -> None:
        super().__init__(rng, world)
        self._mix()

    def _mix(self) -> None:
        often = self.rng.choice([1, 3, 6])
        self.kinds = [*self.kinds, *(IMPORTED,) * often * 2, *(FORGOTTEN,) * often]

    def make(self) -> list[bytes]:
        rng = self.rng
        for _ in range(rng.randint(5, self.most)):
            event = self.event()
            if rng.random() < 0.07 and self.sent:
                event = self.again()
            self.sent.append(event)
        return [json.dumps(event, ensure_ascii=False).encode() for event in self.sent]

    def event(self) -> dict[str, Any]:
        event = super().event()
        fresh = all(each["clientId"] != event["clientId"] for each in self.sent)
        if fresh and self.rng.random() < 0.6:
            names = ("eventId", "organizationId", "clubId", "clientId", "occurredAt")
            event = {name: event[name] for name in names} | {"type": IMPORTED}
            event |= self.client_imported()
        if event["type"] == IMPORTED:
            self.dated(event)
        if event["type"] == FORGOTTEN and self.rng.random() < 0.5:
            event["clubId"] = "*"
        return event

    def again(self) -> dict[str, Any]:
        """Something sent before: as it was, or of a client who may be another one by now."""
        rng = self.rng
        event = dict(rng.choice(self.sent[-20:]))
        if rng.random() < 0.3:
            event["eventId"] = f"e-{len(self.sent)}"
        elif rng.random() < 0.3:
            event["clubId"] = "club-1"
        if event["type"] == IMPORTED and rng.random() < 0.3:
            event["batches"] = event.get("batches") or []
        return event

    def client_forgotten(self) -> dict[str, Any]:
        return {"client": {"groups": ["vip"]}} if self.rng.random() < 0.1 else {}

    def client_imported(self) -> dict[str, Any]:
        rng = self.rng
        made: dict[str, Any] = {}
        if rng.random() < 0.6:
            made |= {"topupCount": rng.choice([0, 1, 7])}
            if made["topupCount"]:
                made["totalTopupMajor"] = self.amount()
        if rng.random() < 0.5:
            made["totalSpentMajor"] = rng.choice(["0", self.amount()])
        if rng.random() < 0.3:
            made["groups"] = rng.sample(["vip", "staff", "a"], rng.randint(0, 2))
        if rng.random() < 0.3:
            made["birthday"] = "2000-03-02"
        roll = rng.random()
        if roll < 0.3:
            made["bonusBalanceMajor"] = self.balance()
        elif roll < 0.8:
            made["batches"] = [self.batch() for _ in range(rng.choice([1, 1, 2, 3]))]
            if rng.random() < 0.3:
                opened = sum(Decimal(batch["amountMajor"]) for batch in made["batches"])
                where = {"bonusBalanceMajor": f"{opened:f}"}
                made |= {"client": where} if rng.random() < 0.3 else where
        if rng.random() < 0.05:
            made[rng.choice(["batches", "topupCount", "groups", "client"])] = None
        return made

    def batch(self) -> dict[str, Any]:
        rng = self.rng
        made: dict[str, Any] = {"amountMajor": self.amount()}
        if rng.random() < 0.6:
            days = rng.choice([-1, 0, 1, 1, 2, 3, 30])
            made["expiresAt"] = (self.now + timedelta(days=days)).isoformat()
        if rng.random() < 0.3:
            made["restriction"] = rng.choice(RESTRICTIONS)
        elif rng.random() < 0.1:
            made["restriction"] = rng.choice([None, {}, {"productTypes": []}])
        return made

    def dated(self, event: dict[str, Any]) -> None:
        """Visits before its own instant; sometimes a fault of any kind."""
        rng = self.rng
        at = moment_of(event)
        if rng.random() < 0.6:
            first = at - timedelta(days=rng.choice([0, 1, 2, 3, 14, 40]))
            event |= {"visitCount": rng.choice([1, 5]), "firstVisitAt": first.isoformat()}
            if rng.random() < 0.8:
                last = first + (at - first) * rng.choice([0, 0.5, 1])
                event["lastVisitAt"] = last.isoformat()
        if rng.random() < 0.12:
            event |= rng.choice(SPOILT)


class LivesTimerStream(LivesStream, TimerStream):
    """The same between timers."""
