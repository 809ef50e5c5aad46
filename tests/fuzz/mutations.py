"""Damage: to the bytes of a value, to its JSON, to the record around it."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.reference.lives_events import SPOILT
from tests.reference.malformed import spoil

Damage = Callable[[Random, bytes], bytes]

TOKENS = (
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"1e999", b"-0", b"NaN", b"\\u0000",
    b"\\ud800", b"\\u001f", b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\",
    "\U0001f600".encode(), "１".encode(), b'"eventId":"e-1",', b'"amountMajor":1e400,', b"/**/",
)  # fmt: skip


def flip(random: Random, value: bytes) -> bytes:
    """One bit."""
    damaged = bytearray(value)
    damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def cut(random: Random, value: bytes) -> bytes:
    first, last = sorted(random.randrange(len(value) + 1) for _ in range(2))
    return value[:first] + value[last:]


def end(random: Random, value: bytes) -> bytes:
    return value[: random.randrange(len(value) + 1)]


def double(random: Random, value: bytes) -> bytes:
    first, last = sorted(random.randrange(len(value) + 1) for _ in range(2))
    return value[:last] + value[first:]


def insert(random: Random, value: bytes) -> bytes:
    place = random.randrange(len(value) + 1)
    return value[:place] + random.choice(TOKENS) + value[place:]


def swap(random: Random, value: bytes) -> bytes:
    """Two bytes change places."""
    damaged = bytearray(value)
    one, other = random.randrange(len(damaged)), random.randrange(len(damaged))
    damaged[one], damaged[other] = damaged[other], damaged[one]
    return bytes(damaged)


def digit(random: Random, value: bytes) -> bytes:
    """A digit becomes another character of numbers."""
    places = [place for place, byte in enumerate(value) if 48 <= byte <= 57]
    if not places:
        return value
    place = random.choice(places)
    return value[:place] + random.choice((b"0", b"9", b".", b"-", b"e", b"")) + value[place + 1 :]


def exchange(random: Random, value: bytes) -> bytes:
    """Two fields have each other's values."""
    event: dict[str, Any] = json.loads(value)
    one, other = random.sample(list(event), 2)
    event[one], event[other] = event[other], event[one]
    return json.dumps(event).encode()


def repeat_a_field(random: Random, value: bytes) -> bytes:
    """JSON with a name twice: the later one counts."""
    event: dict[str, Any] = json.loads(value)
    name = random.choice(list(event))
    others: list[Any] = [event[name], None, "x", 1, {}]
    other = random.choice(others)
    written = json.dumps({name: other})[1:-1]
    return b"{" + written.encode() + b"," + value[1:]


def nest(random: Random, value: bytes) -> bytes:
    """Far deeper than anybody reads, in a field that nobody knows."""
    return value[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def field(random: Random, value: bytes) -> bytes:
    """One of the faults that the reference cases know."""
    return spoil(random, json.loads(value), 2)


def export(random: Random, value: bytes) -> bytes:
    """What a line of an export may have wrong, in whatever event."""
    return json.dumps(json.loads(value) | random.choice(SPOILT)).encode()


DAMAGES: tuple[Damage, ...] = (
    *(flip, cut, end, double, insert, insert, swap, digit, digit, exchange, repeat_a_field),
    *(field,) * 4,
    export,
)


def damage(random: Random, value: bytes) -> bytes:
    """One fault, sometimes several on top of each other."""
    if random.random() < 0.001:
        return nest(random, value)
    value = random.choice(DAMAGES)(random, value)
    while value and random.random() < 0.15:
        value = random.choice((flip, cut, double, insert, swap, digit))(random, value)
    return value
