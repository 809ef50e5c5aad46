"""The events that timers make: what rules of these triggers see, on no topic.

`occurred_at` is the due instant, of a BONUS_EXPIRED the instant of the lapse; `club_id` is that of
the client's latest event. Each rule has its own event: `timer:TRIGGER:rule:client:due date`.
"""

from decimal import Decimal
from typing import ClassVar

from schemas.decoded import Event


class TimerEvent(Event, frozen=True, kw_only=True, gc=False):
    """An event that no record carries."""


class ClientAbsent(TimerEvent, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "CLIENT_ABSENT"


class AfterFirstVisit(TimerEvent, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "AFTER_FIRST_VISIT"


class Birthday(TimerEvent, frozen=True, kw_only=True, gc=False):
    type: ClassVar[str] = "BIRTHDAY"


class BonusExpiring(TimerEvent, frozen=True, kw_only=True, gc=False):
    """`expiring_amount_major`: what is left of the batches that lapse on that local day."""

    type: ClassVar[str] = "BONUS_EXPIRING"
    expiring_amount_major: Decimal


class BonusExpired(TimerEvent, frozen=True, kw_only=True, gc=False):
    """`expired_amount_major`: what lapsed at that instant."""

    type: ClassVar[str] = "BONUS_EXPIRED"
    expired_amount_major: Decimal


def timer_event_id(trigger: str, rule_id: str, client_id: str, due: str) -> str:
    """`due`: a local date of the organization; of BONUS_EXPIRED the full instant in UTC."""
    return f"timer:{trigger}:{rule_id}:{client_id}:{due}"
