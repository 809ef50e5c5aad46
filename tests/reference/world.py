"""What a case is made of: the rule set, and the edges that its events should come near."""

import json
import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import yaml

ZONES = [
    "Europe/Moscow", "Asia/Yekaterinburg", "UTC", "Europe/Berlin", "America/New_York",
    "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Africa/Casablanca",
    "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns", "Europe/Lisbon",
]  # fmt: skip
DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
TIMES = ["00:00", "00:30", "01:00", "02:00", "02:30", "03:00", "09:00", "10:00", "17:00", "22:00"]
CLUBS = ["club-1", "club-2", "клуб-3"]
PERIODS = ["LIFETIME", "DAY", "WEEK", "MONTH"]


@dataclass(frozen=True)
class Switches:
    """Features that a hunt may leave out."""

    budgets: bool = True
    registered: bool = True
    payment_ids: bool = True


@dataclass
class World:
    """A rule set, and the edges that its events should come near."""

    document: dict[str, Any]
    anchor: datetime
    zones: list[str]
    digits: int
    amounts: list[str] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    deltas: list[timedelta] = field(default_factory=list)
    times: list[str] = field(default_factory=list)


def number(rng: random.Random, text: str) -> Any:
    """As a YAML number or as a string."""
    return f"@@{text}@@" if rng.random() < 0.6 else text


def as_json(document: dict[str, Any]) -> str:
    """JSON text, which is YAML; numbers keep their source text."""
    return re.sub(r'"@@(.*?)@@"', r"\1", json.dumps(document, ensure_ascii=False))


def as_yaml(document: dict[str, Any]) -> str:
    """Block YAML without anchors; numbers keep their source text."""
    plain = json.loads(json.dumps(document))
    text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=4000)
    return re.sub(r"'?@@(.*?)@@'?", r"\1", text)


@cache
def transitions(zone: str, year: int) -> tuple[datetime, ...]:
    """The instants of the year around which the zone's offset changes, to the hour."""
    found = []
    at = datetime(year, 1, 1, tzinfo=ZoneInfo("UTC"))
    before = at.astimezone(ZoneInfo(zone)).utcoffset()
    while at.year == year:
        at += timedelta(hours=1)
        now = at.astimezone(ZoneInfo(zone)).utcoffset()
        if now != before:
            found.append(at)
        before = now
    return tuple(found)
