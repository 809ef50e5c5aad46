"""Content compares known fields as they were read, and digests are the same in every process."""

from typing import Any

import pytest

from schemas.decode import decode
from schemas.decoded import Event
from schemas.digests import content_digest, event_digest
from tests.unit.schemas.samples import FIELDS, MINOR_DIGITS, encoded


def read(name: str, **fields: Any) -> Event:
    event = decode(encoded(name, **fields), b"c-1", None, MINOR_DIGITS.get)
    assert isinstance(event, Event)
    return event


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": 100}, {"topupAmountMajor": "100.0"}),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "1e2"}, {"topupAmountMajor": "100.00"}),
        ("BALANCE_TOPPED_UP", {"shiftId": None}, {}),
        ("BALANCE_TOPPED_UP", {"note": 1}, {"note": 2}),
        (
            "VISIT_STARTED",
            {"occurredAt": "2026-11-22T12:00:00Z"},
            {"occurredAt": "2026-11-22 15:00:00.0000009+03:00"},
        ),
        ("VISIT_STARTED", {"client": {}}, {"client": None}),
        ("VISIT_STARTED", {"client": {"groups": ["a", "b"]}}, {"client": {"groups": ["b", "a"]}}),
        (
            "VISIT_STARTED",
            {"client": {"bonusBalanceMajor": "5.0"}},
            {"client": {"bonusBalanceMajor": 5}},
        ),
        ("PAYMENT_MADE", {"bonusAmountMajor": "-0.0"}, {"bonusAmountMajor": 0}),
        ("CLIENT_UPDATED", {"resync": None}, {"resync": False}),
        ("CLIENT_UPDATED", {"groups": ["a"]}, {"groups": ["a"], "client": {"groups": ["b"]}}),
    ],
)
def test_equal_content(name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_digest(read(name, **one)) == content_digest(read(name, **other))


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": 100}, {"topupAmountMajor": 1000}),
        ("BALANCE_TOPPED_UP", {"shiftId": "s-1"}, {"productId": "s-1"}),
        ("BALANCE_TOPPED_UP", {"clubId": "club-1"}, {"clubId": "club-2"}),
        (
            "VISIT_STARTED",
            {"occurredAt": "2026-11-22T12:00:00Z"},
            {"occurredAt": "2026-11-22T12:00:00.000001Z"},
        ),
        ("VISIT_STARTED", {"client": {"groups": []}}, {}),
        ("VISIT_STARTED", {"client": {"groups": ["a"]}}, {"client": {"groups": ["b"]}}),
        ("CLIENT_UPDATED", {"resync": True}, {"resync": False}),
    ],
)
def test_other_content(name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_digest(read(name, **one)) != content_digest(read(name, **other))


def test_the_type_is_content() -> None:
    credit, write_off = read("BONUS_CREDITED", reason="x"), read("BONUS_WRITTEN_OFF", reason="x")
    assert content_digest(credit) != content_digest(write_off)


def test_digests_are_those_of_earlier_releases() -> None:
    assert {name: content_digest(read(name)).hex() for name in FIELDS} == DIGESTS
    assert event_digest("e-1").hex() == "25b6a912ed7b"


DIGESTS = {
    "BALANCE_TOPPED_UP": "0827a4",
    "TOPUP_REFUNDED": "f9b163",
    "VISIT_STARTED": "2e358b",
    "VISIT_ENDED": "d513ff",
    "PAYMENT_MADE": "eb2b39",
    "PAYMENT_REFUNDED": "d8fb99",
    "BONUS_CREDITED": "ee67e7",
    "BONUS_WRITTEN_OFF": "0458a3",
    "PROMO_CODE_REDEEMED": "4919f4",
    "CLIENT_REGISTERED": "9480f4",
    "CLIENT_UPDATED": "fac40e",
    "CLIENT_IMPORTED": "7861b3",
    "CLIENT_FORGOTTEN": "7c38cb",
}
