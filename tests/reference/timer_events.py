"""Random events between timers: at their instants, a microsecond beside them, late, far ahead."""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.reference.generate_events import moment_of
from tests.reference.ledger_events import EDGES, LedgerStream
from tests.reference.world import World

KINDS = ["VISIT_STARTED"] * 6 + ["VISIT_ENDED"] * 2 + ["BALANCE_TOPPED_UP"] * 5
KINDS += ["CLIENT_UPDATED"] * 4 + ["BONUS_CREDITED", "BONUS_WRITTEN_OFF"]
KINDS += ["PROMO_CODE_REDEEMED"] * 3 + ["PAYMENT_MADE"] * 2 + ["PAYMENT_REFUNDED"]
KINDS += ["TOPUP_REFUNDED", "CLIENT_REGISTERED"]
LATE = [timedelta(minutes=1), timedelta(hours=20), timedelta(days=1), timedelta(days=3)]
AHEAD = [timedelta(0), timedelta(0), timedelta(seconds=1), timedelta(hours=5), timedelta(days=1)]
AHEAD += [timedelta(days=2), timedelta(days=9)]


class TimerStream(LedgerStream):
    """Few clients, so that they collide at one instant."""

    def __init__(self, rng: random.Random, world: World) -> None:
        super().__init__(rng, world)
        self.kinds = KINDS
        self.clients = ["c-1", "c-10", "B", "клиент 2"][: rng.choice([1, 2, 2, 3, 4])]
        self.most = rng.choice([6, 12, 30])

    def until(self) -> datetime | None:
        """Where the run ends: at the last event, some days or some years later."""
        rng = self.rng
        if rng.random() < 0.3:
            return None
        later = [at for at in self.world.instants if at >= self.now]
        if later and rng.random() < 0.4:
            return rng.choice(later[:6])
        feeds_itself = any(
            rule["trigger"] == "BONUS_EXPIRED" for rule in self.world.document["rules"]
        )
        years = [] if feeds_itself else [400, 1200]
        return self.now + timedelta(days=rng.choice([1, 3, 20, 40, *years]))

    def time(self) -> datetime:
        rng = self.rng
        roll = rng.random()
        later = [at for at in self.world.instants if at >= self.now]
        if later and roll < 0.35:
            self.now = rng.choice(later[:4])
            return self.now + rng.choice(EDGES)
        if roll < 0.6 and self.sent:
            base = moment_of(rng.choice(self.sent[-6:])) + timedelta(
                days=rng.choice([0, 1, 1, 2, 3])
            )
            base += rng.choice(EDGES)
            self.now = max(self.now, base)
            return base
        if roll < 0.72:
            return self.now - rng.choice(LATE)
        self.now += rng.choice(AHEAD)
        return self.now

    def visit_started(self) -> dict[str, Any]:
        return {"visitId": "v", "tariffId": "day"}

    def client_updated(self) -> dict[str, Any]:
        rng = self.rng
        if rng.random() < 0.2:
            return super().client_updated()
        if rng.random() < 0.2:
            return {"groups": rng.sample(["vip", "staff"], rng.randint(0, 2))}
        day = (self.now + timedelta(days=rng.choice([-1, 0, 1, 1, 2, 4]))).date()
        if rng.random() < 0.2:
            return {"birthday": "2004-02-29"}
        return {"birthday": day.replace(year=2000).isoformat()}
