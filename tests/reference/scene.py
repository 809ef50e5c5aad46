"""What the rules see of one event or timer: the instant, local time, and the client before it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.reference.calendar import is_birthday, local
from tests.reference.formulas import DECIMAL128, Values
from tests.reference.memory import Client
from tests.reference.shapes import PAYLOADS, TOPICS

if TYPE_CHECKING:
    from tests.reference.model import Model

TRIGGERS = "BALANCE_TOPPED_UP VISIT_STARTED VISIT_ENDED PAYMENT_MADE PROMO_CODE_REDEEMED"
PAYLOAD_VARIABLES = {kind: tuple(PAYLOADS[kind]) for kind in TRIGGERS.split()}
PAYLOAD_VARIABLES["BONUS_EXPIRED"] = ("expiredAmountMajor",)


@dataclass
class Cause:
    """An event as taken, or a timer that looks like one; `offset` is None for a timer."""

    event: dict[str, Any]
    offset: int | None

    @property
    def at(self) -> datetime:
        at: datetime = self.event["occurredAt"]
        return at

    def described(self) -> dict[str, Any]:
        """`causedBy` on the wire."""
        kind = self.event["type"]
        return {
            "eventId": self.event["eventId"],
            "type": kind,
            "topic": TOPICS.get(kind),
            "partition": None if self.offset is None else 0,
            "offset": self.offset,
        }


def timer_cause(client: Client, kind: str, event_id: str, at: datetime, **more: Any) -> Cause:
    """A timer: its club is that of the client's latest event."""
    organization, client_id = client.key
    event = {
        "eventId": event_id,
        "type": kind,
        "organizationId": organization,
        "clubId": client.last_club,
        "clientId": client_id,
        "occurredAt": at,
        **more,
    }
    if kind in TOPICS:
        raise AssertionError(kind)
    return Cause(event, None)


class Scene:
    """One event or timer of one client, with the values that formulas use."""

    def __init__(self, model: "Model", client: Client, cause: Cause) -> None:
        self.model, self.client, self.cause = model, client, cause
        self.event, self.at = cause.event, cause.at
        self.rule_set = model.rule_set
        self.zone: str = self.rule_set["zones"].get(self.event["clubId"], self.rule_set["timeZone"])
        self.local = local(self.at, self.zone)
        self.today: date = self.local.date()
        self.balance = client.account.balance
        self.values = Values(self.variables(), self.rule_set["rounding"], client.key)

    def variables(self) -> dict[str, Any]:
        """Names that have a value, with the state before the event (and after its snapshot)."""
        client, event = self.client, self.event
        names: dict[str, Any] = {
            name: event.get(name) for name in PAYLOAD_VARIABLES.get(event["type"], ())
        }
        count = Decimal(client.topup_count)
        names |= {
            "bonusBalanceMajor": client.account.balance,
            "totalSpentMajor": client.total_spent,
            "totalTopupMajor": client.total_topup,
            "topupCount": count,
            "isFirstTopup": count == 0,
            "averageTopupMajor": DECIMAL128.divide(client.total_topup, count) if count else None,
            "visitCount": Decimal(client.visit_count),
            "daysSinceLastVisit": self.days_since(client.last_visit),
            "daysSinceFirstVisit": self.days_since(client.first_visit),
            "daysSinceRegistration": self.days_since(client.registered),
            "isBirthday": is_birthday(self.today, client.birthday),
            "groups": frozenset(client.groups),
            "dayOfWeek": Decimal(self.today.isoweekday()),
            "hour": Decimal(self.local.hour),
            "localDate": self.today.isoformat(),
        }
        return {name: value for name, value in names.items() if value is not None}

    def days_since(self, instant: datetime | None) -> Decimal | None:
        if instant is None:
            return None
        return Decimal((self.today - local(instant, self.zone).date()).days)
