"""Lines that are not good events: every kind of damage."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

Fault = Callable[[random.Random, dict[str, Any], int], bytes]
WRONG: list[Any] = [None, 1, True, [], {}, "", 1.5, [1], {"a": 1}]
MONEY_SHAPE: list[Any] = [
    "1_000", "１００", "NaN", "Infinity", "-Infinity", "abc", True, [], {}, "", " 1", "1 ", "0x10",
    "1,5", "1..2", "--1", "٣",
]  # fmt: skip
MONEY_RANGE: list[Any] = [
    "@@0@@", "0.00", "-1", "@@-0.01@@", "1.00001", "@@0.0000001@@", "100000000000000000000",
    "@@1e20@@", "@@1E+25@@", "@@1e-9@@", "9" * 5000, "@@" + "9" * 5000 + "@@", "@@1e400@@",
    "@@-0@@",
]  # fmt: skip
INSTANTS = [
    "2026-03-02T10:00:00", "2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2026-03-02",
    "2026-03-02T25:00:00Z", "2026-03-02T10:60:00Z", "1772445600",
    "2026-03-02T10:00:00 Europe/Moscow",
    "２０２６-03-02T10:00:00Z", "yesterday", "2026-03-02T10:00:00+25:00", "2026-03-02T10:00Z",
    "20260302T100000Z",
]  # fmt: skip
NOT_JSON = [b"", b"{", b"null", b"NaN", b"{'a': 1}", b'{"a": 01}', b"[1,]", b"{} {}", b"nul"]
NO_OBJECT = [b"[]", b"1", b'"text"', b"true", b"1e400", b"{}", b'{"type": null}', b'{"type": 5}']


def dump(event: dict[str, Any]) -> bytes:
    text = json.dumps(event, ensure_ascii=False)
    return re.sub(r'"@@(.*?)@@"', r"\1", text).encode()


def spoil(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    """A line with one fault, rarely with two."""
    event = dict(event)
    if rng.random() < 0.15:
        change(rng, event)
    return rng.choice(FAULTS)(rng, event, digits)


def change(rng: random.Random, event: dict[str, Any]) -> None:
    """Another wrong value of any field."""
    event[rng.choice(list(event))] = rng.choice(WRONG)


def wrong_value(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    change(rng, event)
    return dump(event)


def missing(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    del event[rng.choice(list(event))]
    return dump(event)


def money(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    names = [name for name in event if name.endswith("Major")]
    if names:
        event[rng.choice(names)] = rng.choice(MONEY_SHAPE + MONEY_RANGE * 2)
    return dump(event)


def decimals(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    names = [name for name in event if name.endswith("Major")]
    for name in names[:1]:
        event[name] = "1." + "0" * digits + rng.choice(["1", "0", "000", "5"])
    return dump(event)


def instant(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    event["occurredAt"] = rng.choice(INSTANTS)
    return dump(event)


def word(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    name = rng.choice(["type", "topUpSource", "productType"])
    event[name] = rng.choice(["UNKNOWN", "cash", "CLIENT_ABSENT", "BALANCE_TOPPED_UP "])
    return dump(event)


def minutes(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    name = rng.choice(["durationMinutes", "expiresInDays"])
    event[name] = rng.choice([-1, "90", 1.5, True, None])
    return dump(event)


def snapshot(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    event["client"] = rng.choice(
        [
            None,
            {},
            [],
            "x",
            {"groups": "vip"},
            {"groups": [1]},
            {"groups": None},
            {"registeredAt": "2026-01-01"},
            {"birthday": "2026-02-30"},
            {"birthday": "01.02.2000"},
            {"bonusBalanceMajor": "x"},
            {"bonusBalanceMajor": "1.00001"},
            {"unknown": 1},
        ]
    )
    event["resync"] = rng.choice([True, False, "yes", None])
    return dump(event)


def bytes_broken(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    good = dump(event)
    return rng.choice(
        [good[:-1], good[:-1] + b',"x":NaN}', good[:-1] + b',"x":-Infinity}', b"\xff" + good,
         good.replace(b"e-", b"e-\xc3\x28"), good[:-1] + b',"x":"\xed\xa0\x80"}',
         *NOT_JSON, *NO_OBJECT]
    )  # fmt: skip


def large(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    del digits
    size = 262_144 + rng.choice([0, 1])
    event["padding"] = ""
    event["padding"] = "x" * (size - len(dump(event)))
    return dump(event)


def rarely_large(rng: random.Random, event: dict[str, Any], digits: int) -> bytes:
    return (large if rng.random() < 0.5 else word)(rng, event, digits)


FAULTS: list[Fault] = [
    wrong_value, wrong_value, missing, missing, money, money, money, decimals, instant, word,
    minutes, snapshot, bytes_broken, bytes_broken, rarely_large,
]  # fmt: skip
