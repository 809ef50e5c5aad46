"""What is remembered of a client: event ids, counters, facts, groups."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

LATEST_IDS = 16
MOST_IDS = 256
REMEMBERED = timedelta(hours=48)
OWN_CHANGES = timedelta(minutes=10)
REMEMBERED_PAYMENT = timedelta(days=180)


@dataclass
class Counter:
    """Charged so far, of the two latest periods that charged something."""

    charged: dict[date, Decimal] = field(default_factory=dict)

    def fits(self, at: date, amount: Decimal, limit: Decimal) -> bool:
        """False also for a period older than the two."""
        if at not in self.charged and len(self.charged) == 2 and at < min(self.charged):
            return False
        return self.charged.get(at, Decimal(0)) + amount <= limit

    def charge(self, at: date, amount: Decimal) -> None:
        self.charged[at] = self.charged.get(at, Decimal(0)) + amount
        while len(self.charged) > 2:
            del self.charged[min(self.charged)]


@dataclass
class Remembered:
    """An event that was taken."""

    event: dict[str, Any]

    @property
    def at(self) -> datetime:
        at: datetime = self.event["occurredAt"]
        return at


@dataclass
class Client:
    """State of one client of one organization."""

    events: list[Remembered] = field(default_factory=list)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    total_topup: Decimal = Decimal(0)
    topup_count: int = 0
    total_spent: Decimal = Decimal(0)
    visit_count: int = 0
    first_visit: datetime | None = None
    last_visit: datetime | None = None
    registered: datetime | None = None
    birthday: date | None = None
    groups: set[str] = field(default_factory=set)
    own_changes: list[tuple[str, bool, datetime]] = field(default_factory=list)
    firings: dict[tuple[str, str], Counter] = field(default_factory=dict)
    latest_firing: dict[str, datetime] = field(default_factory=dict)
    credit: Counter = field(default_factory=Counter)
    pushes: Counter = field(default_factory=Counter)

    def known_event(self, event_id: str) -> dict[str, Any] | None:
        for remembered in self.events:
            if remembered.event["eventId"] == event_id:
                return remembered.event
        return None

    def payment_reused(self, event: dict[str, Any], clock: datetime) -> bool:
        """Another event's payment id: with a bonus part within 180 days, or while its id is."""
        if event["type"] != "PAYMENT_MADE":
            return False
        earlier = self.payments.get(event["paymentId"])
        if earlier is None or earlier["eventId"] == event["eventId"]:
            return False
        if self.known_event(earlier["eventId"]) is not None:
            return True
        within: bool = clock - earlier["occurredAt"] <= REMEMBERED_PAYMENT
        return within and earlier["bonusAmountMajor"] > 0

    def remember(self, event: dict[str, Any]) -> None:
        """The latest 16 by arrival, and all within 48 hours of the latest, at most 256."""
        self.events.append(Remembered(event))
        latest = max(remembered.at for remembered in self.events)
        oldest = len(self.events) - LATEST_IDS
        self.events = [
            remembered
            for place, remembered in enumerate(self.events)
            if place >= oldest or latest - remembered.at <= REMEMBERED
        ][-MOST_IDS:]
        if event["type"] == "PAYMENT_MADE":
            self.payments[event["paymentId"]] = event

    def read_snapshot(self, snapshot: dict[str, Any], at: datetime) -> None:
        """Before the rules; own group changes younger than 10 minutes or dated later stay."""
        if "registeredAt" in snapshot:
            self.registered = snapshot["registeredAt"]
        if "birthday" in snapshot:
            self.birthday = snapshot["birthday"]
        if "groups" in snapshot:
            self.groups = set(snapshot["groups"])
            for group, assigned, changed in self.own_changes:
                if at - changed < OWN_CHANGES:
                    self.set_group(group, assigned)

    def change_group(self, group: str, assigned: bool, at: datetime) -> None:
        self.own_changes.append((group, assigned, at))
        self.set_group(group, assigned)

    def set_group(self, group: str, assigned: bool) -> None:
        if assigned:
            self.groups.add(group)
        else:
            self.groups.discard(group)

    def take(self, event: dict[str, Any]) -> None:
        """What the event itself changes, after its rules."""
        kind, at = event["type"], event["occurredAt"]
        if kind == "BALANCE_TOPPED_UP":
            self.total_topup += event["topupAmountMajor"]
            self.topup_count += 1
        elif kind == "TOPUP_REFUNDED":
            self.total_topup = max(Decimal(0), self.total_topup - event["refundAmountMajor"])
        elif kind == "PAYMENT_MADE":
            self.total_spent += event["totalAmountMajor"]
        elif kind == "PAYMENT_REFUNDED":
            self.total_spent = max(Decimal(0), self.total_spent - event["refundAmountMajor"])
        elif kind == "VISIT_STARTED":
            self.visit_count += 1
            self.first_visit = self.first_visit or at
        if kind in ("VISIT_STARTED", "VISIT_ENDED"):
            self.last_visit = at if self.last_visit is None else max(self.last_visit, at)
