"""Events in and commands out as msgspec structs: the fastest way there is to read and write them.

Money is a binary float, times are `datetime`, nothing is checked beyond the types. The command
has every field of the real one, so that encoding and producing it costs the same; its id is a
plain concatenation, which is cheaper than the real one's hash.
"""

from datetime import datetime
from typing import Any

import msgspec

from benchmarks.workload.rules import CURRENCY, ORGANIZATION, VERSION


class Event(msgspec.Struct, tag_field="type", rename="camel", gc=False, kw_only=True):
    event_id: str
    club_id: str
    client_id: str
    occurred_at: datetime


class TopUp(Event, tag="BALANCE_TOPPED_UP", rename="camel", gc=False, kw_only=True):
    topup_amount_major: float
    top_up_source: str


class VisitStarted(Event, tag="VISIT_STARTED", rename="camel", gc=False, kw_only=True):
    visit_id: str


class VisitEnded(Event, tag="VISIT_ENDED", rename="camel", gc=False, kw_only=True):
    visit_id: str
    duration_minutes: int


class Payment(Event, tag="PAYMENT_MADE", rename="camel", gc=False, kw_only=True):
    payment_id: str
    total_amount_major: float
    product_type: str


AnyEvent = TopUp | VisitStarted | VisitEnded | Payment

decode_event = msgspec.json.Decoder(AnyEvent, strict=False).decode
"""`strict=False` lets a float be written as a string, as money is."""


class CausedBy(msgspec.Struct, rename="camel", gc=False):
    event_id: str
    type: str
    topic: str
    partition: int
    offset: int


class AddBonus(msgspec.Struct, rename="camel", gc=False):
    command_id: str
    type: str
    organization_id: str
    club_id: str
    client_id: str
    rule_id: str
    rule_set_version: str
    tags: tuple[str, ...]
    executor: str
    caused_by: CausedBy
    issued_at: datetime
    amount_major: str
    currency: str
    batch_id: str
    expires_at: str | None
    restriction: dict[str, list[str]]


_ANYTHING: dict[str, list[str]] = {"productTypes": [], "productIds": []}
_encode = msgspec.json.Encoder().encode


def encode_command(event: Any, type_: str, record: Any, rule_id: str, amount: float) -> bytes:
    """The JSON of one `ADD_BONUS`; `record` is the Kafka record that the event came in."""
    command_id = f"{event.event_id}:{rule_id}"
    return _encode(
        AddBonus(
            command_id,
            "ADD_BONUS",
            ORGANIZATION,
            event.club_id,
            event.client_id,
            rule_id,
            VERSION,
            (),
            "SYSTEM",
            CausedBy(event.event_id, type_, record.topic, record.partition, record.offset),
            event.occurred_at,
            f"{amount:.2f}",
            CURRENCY,
            command_id,
            None,
            _ANYTHING,
        )
    )
