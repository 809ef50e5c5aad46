"""Events that went wrong on their way: each kind is refused for one reason."""

from collections.abc import Callable
from dataclasses import replace

from schemas.topics import Channel
from worker.demo.events import Message

Broken = tuple[Message, bytes]
"""A message and the value that really was sent."""


def cut_short(topup: Message, event_id: str) -> Broken:
    """NOT_JSON: the sender's connection broke."""
    message = topup.with_body(eventId=event_id)
    return message, message.value()[:-9]


def local_time(topup: Message, event_id: str) -> Broken:
    """SCHEMA: an instant without its offset."""
    occurred = str(topup.body["occurredAt"])[:19]
    return _sent(topup.with_body(eventId=event_id, occurredAt=occurred))


def negative_amount(topup: Message, event_id: str) -> Broken:
    """OUT_OF_RANGE: a correction written as a top-up."""
    return _sent(topup.with_body(eventId=event_id, topupAmountMajor="-100.00"))


def third_decimal(topup: Message, event_id: str) -> Broken:
    """OUT_OF_RANGE: a tenth of a kopeck."""
    return _sent(topup.with_body(eventId=event_id, topupAmountMajor="100.005"))


def newer_type(topup: Message, event_id: str) -> Broken:
    """UNKNOWN_TYPE: a sender that is ahead of the worker."""
    return _sent(topup.with_body(eventId=event_id, type="BALANCE_PROMISED"))


def other_key(topup: Message, event_id: str) -> Broken:
    """KEY_MISMATCH: keyed by the club."""
    message = topup.with_body(eventId=event_id)
    return _sent(replace(message, key=str(topup.body["clubId"])))


def other_topic(topup: Message, event_id: str) -> Broken:
    """WRONG_TOPIC: a top-up among the visits."""
    return _sent(replace(topup.with_body(eventId=event_id), channel=Channel.VISITS))


def id_again(topup: Message, event_id: str) -> Broken:
    """EVENT_ID_REUSED: another amount under an id that was used."""
    return _sent(topup.with_body(topupAmountMajor="7777.00"))


def _sent(message: Message) -> Broken:
    return message, message.value()


KINDS: tuple[Callable[[Message, str], Broken], ...] = (
    cut_short,
    local_time,
    negative_amount,
    newer_type,
    id_again,
    other_key,
    other_topic,
    third_decimal,
)
