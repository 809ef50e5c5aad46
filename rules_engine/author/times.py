"""Zones, times of day and instants from their texts, each with a remedy for what it is not."""

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from rules_engine.author.findings import Findings
from rules_engine.diagnostics import did_you_mean
from rules_engine.document import Path
from schemas.errors import Unreadable
from schemas.instants import parse_instant

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NEARLY = re.compile(r"([0-9]{1,2})[:.h]([0-9]{2})(?::[0-9]{2})?", re.IGNORECASE)
_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})
"""Names that some machines have and that mean something else on each."""

_UTC = ZoneInfo("UTC")


def read_zone(name: str, path: Path, findings: Findings) -> ZoneInfo:
    """The zone of a name in the IANA database; UTC where it is unknown."""
    if name in known_zones():
        return ZoneInfo(name)
    remedy = did_you_mean(name, known_zones())
    findings.add(
        "UNKNOWN_ZONE",
        path,
        f"unknown time zone `{name[:60]}`",
        remedy or "write a name of the IANA database: Europe/Moscow, Asia/Yekaterinburg",
    )
    return _UTC


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _OF_THE_MACHINE)


def read_time_of_day(text: str, path: Path, findings: Findings, *, end: bool = False) -> int | None:
    """Minutes since local midnight; None where it is no time of day. `end`: `24:00` is allowed and
    is the next day's 00:00."""
    match = _TIME_OF_DAY.fullmatch(text)
    if match is not None:
        return int(match[1]) * 60 + int(match[2])
    if end and text == "24:00":
        return 0
    nearly = _NEARLY.fullmatch(text)
    corrected = f"{int(nearly[1]):02}:{nearly[2]}" if nearly else ""
    findings.add(
        "BAD_TIME_OF_DAY",
        path,
        f"`{text[:60]}` is not a time of day",
        f'write "{corrected}"'
        if _TIME_OF_DAY.fullmatch(corrected)
        else 'write hours and minutes: "22:00"',
    )
    return None


def read_instant(text: str, path: Path, zone: ZoneInfo, findings: Findings) -> int | None:
    """Microseconds since the epoch of an RFC 3339 text; None where it is not one."""
    try:
        return parse_instant(text)
    except Unreadable as refused:
        message = f"`{path[-1]}` {refused.message}"
        findings.add("BAD_INSTANT", path, message, _with_offset(text, zone))
        return None


def _with_offset(text: str, zone: ZoneInfo) -> str:
    """What the author wrote, in the rule set's zone, where that makes an instant."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return "a date, T, a time with seconds, and the distance to UTC"
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    return f'write "{instant.isoformat()}"'
