"""What is remembered of a client: event ids, counters, facts, groups, top-ups, payments."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.reference.account import Account, Payment

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

    def give_back(self, at: date, amount: Decimal) -> None:
        """Of a period that is still kept."""
        if at in self.charged:
            self.charged[at] = max(Decimal(0), self.charged[at] - amount)


@dataclass
class Remembered:
    """An event that was taken."""

    event: dict[str, Any]

    @property
    def at(self) -> datetime:
        at: datetime = self.event["occurredAt"]
        return at


@dataclass
class Credit:
    """What action `index` of a rule credited for a top-up."""

    rule_id: str
    index: int
    amount: Decimal
    batch_id: str
    charged: frozenset[tuple[str, str]] = frozenset()
    """Limits in money that it was charged to: name and period."""
    refunded: Decimal = Decimal(0)
    """Of the top-up, while its rule was in force."""
    revoked: Decimal = Decimal(0)


@dataclass
class Topup:
    """A top-up, kept for its refunds: the local day when it was charged, and its credits."""

    amount: Decimal
    today: date
    credits: list[Credit] = field(default_factory=list)
    firings_given_back: set[str] = field(default_factory=set)


@dataclass
class GroupEnd:
    """When an assignment ends, and which one that was."""

    group: str
    at: datetime
    command: dict[str, Any]
    index: int


@dataclass
class Client:
    """State of one client of one organization."""

    key: tuple[str, str]
    last_club: str = ""
    account: Account = field(default_factory=Account)
    topups: dict[str, Topup] = field(default_factory=dict)
    latest_command: datetime | None = None
    """Of those that change the balance."""
    group_ends: list[GroupEnd] = field(default_factory=list)
    expired: dict[datetime, Decimal] = field(default_factory=dict)
    dues: set[tuple[datetime, str, str]] = field(default_factory=set)
    """Instants of rules' timers: instant, trigger, rule."""
    watched: dict[str, Any] = field(default_factory=dict)
    """By rule, the fact for which its timer was set last."""
    events: list[Remembered] = field(default_factory=list)
    payments: dict[str, Payment] = field(default_factory=dict)
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
    credit: dict[str, Counter] = field(default_factory=dict)
    pushes: dict[str, Counter] = field(default_factory=dict)
    """Both by period."""
    rung: dict[str, set[date]] = field(default_factory=dict)
    """By rule that is due by dates, the dates of the fact for which it fired."""

    def known_event(self, event_id: str) -> dict[str, Any] | None:
        for remembered in self.events:
            if remembered.event["eventId"] == event_id:
                return remembered.event
        return None

    def payment_reused(self, event: dict[str, Any], clock: datetime) -> bool:
        """Another event's payment id: with a bonus part within 180 days, or while its id is."""
        if event["type"] != "PAYMENT_MADE":
            return False
        payment = self.payments.get(event["paymentId"])
        if payment is None or payment.event["eventId"] == event["eventId"]:
            return False
        earlier = payment.event
        if self.known_event(earlier["eventId"]) is not None:
            return True
        return self.refundable(event["paymentId"], clock) is not None

    def refundable(self, payment_id: str, clock: datetime) -> Payment | None:
        """A payment with a bonus part is remembered for 180 days by the clock."""
        payment = self.payments.get(payment_id)
        if payment is None or payment.forgotten or payment.event["bonusAmountMajor"] == 0:
            return None
        return payment if clock - payment.event["occurredAt"] <= REMEMBERED_PAYMENT else None

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
            self.payments[event["paymentId"]] = Payment(event)

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

    def change_group(
        self, group: str, assigned: bool, at: datetime, end: GroupEnd | None = None
    ) -> None:
        """An own change; it moves or removes the end of an earlier assignment."""
        self.own_changes.append((group, assigned, at))
        self.set_group(group, assigned)
        self.group_ends = [earlier for earlier in self.group_ends if earlier.group != group]
        if end is not None:
            self.group_ends.append(end)

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
