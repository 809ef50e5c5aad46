"""What a timer says of the values that its rules see, and which rules ring together.

A rule that is due 14 days after the latest visit sees `daysSinceLastVisit == 14`, at its own time
of the day. Where clubs have clocks of their own, their days and hours are not the organization's.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from rules_engine.calendar import calendar_of, minute_of
from rules_engine.checked import CheckedRule, CheckedRuleSet, DailyTimer
from rules_engine.lint.domains import MINUTE, Domain
from rules_engine.lint.values import TRUE, Numbers
from rules_engine.timers.due import FIRST_OF_RULES, Rank
from schemas.instants import DAY_US

TIMERS = frozenset(rank.name for rank in Rank if rank >= FIRST_OF_RULES)
"""Triggers that no topic carries."""
_FIRST_DAY, _LAST_DAY = 18_262, 25_567
"""2020 to 2039: clocks of zones change by rules that repeat."""
_APART = 3
"""Days by which the calendars of two clubs may differ about how long ago something was."""
_ONE = Decimal(1)
_COUNTED_FROM = {"CLIENT_ABSENT": "daysSinceLastVisit", "AFTER_FIRST_VISIT": "daysSinceFirstVisit"}


def held_by_timer(rule_set: CheckedRuleSet, rule: CheckedRule) -> Mapping[str, Domain]:
    """Names that the timer of a rule holds, with their domains; none of another trigger."""
    timer = rule.timer
    if timer is None:
        return {}
    zones = {rule_set.time_zone, *rule_set.club_zones.values()}
    held, is_one_zone = dict[str, Domain](), len(zones) == 1
    if is_one_zone:
        minutes = _minutes(rule_set.time_zone, timer.minute)
        held[MINUTE] = _whole(min(minutes), max(minutes))
    counted = _COUNTED_FROM.get(rule.trigger)
    if counted is not None:
        apart = 0 if is_one_zone else _APART
        held[counted] = _whole(timer.days - apart, timer.days + apart)
    elif rule.trigger == "BIRTHDAY" and is_one_zone:
        held["isBirthday"] = Domain(TRUE)
    return held


def slots(rules: Iterable[CheckedRule]) -> list[list[CheckedRule]]:
    """Rules of one trigger that see the same: due by the same timer; of no timer all of them."""
    found: dict[DailyTimer | None, list[CheckedRule]] = {}
    for rule in rules:
        found.setdefault(rule.timer, []).append(rule)
    return list(found.values())


def may_ring_at_once(
    rule_set: CheckedRuleSet, trigger: str, first: DailyTimer, second: DailyTimer
) -> bool:
    """May both ring for one client at one instant? Of several batches some lapse earlier, and an
    hour that the clock leaves out falls on another."""
    if trigger != "BONUS_EXPIRING" and first.days != second.days:
        return False
    zone = rule_set.time_zone
    return bool(_minutes(zone, first.minute) & _minutes(zone, second.minute))


def spread_of_clocks(rule_set: CheckedRuleSet) -> int:
    """By how much (microseconds) one date may last longer than 24 hours: where a clock is set back,
    and where clubs have clocks of their own."""
    zones = {rule_set.time_zone, *rule_set.club_zones.values()}
    offsets = {offset for zone in zones for offset in _offsets(zone)}
    return max(offsets) - min(offsets)


def _whole(least: int, most: int) -> Domain:
    return Domain(Numbers(Decimal(least), Decimal(most)), step=_ONE)


@lru_cache(maxsize=1024)
def _minutes(zone: ZoneInfo, minute: int) -> frozenset[int]:
    """What the clock shows at the due instants of this minute of the day: another one where the
    clock leaves it out."""
    calendar = calendar_of(zone)
    shown = (minute_of(calendar.local_us(calendar.instant(day, minute))) for day in _changes(zone))
    return frozenset((minute, *shown))


@lru_cache(maxsize=256)
def _changes(zone: ZoneInfo) -> tuple[int, ...]:
    """The local days on which the clock is set."""
    return tuple(
        _FIRST_DAY - 1 + number + near
        for number, (before, after) in enumerate(pairwise(_offsets(zone)))
        if before != after
        for near in (-1, 0, 1)
    )


@lru_cache(maxsize=256)
def _offsets(zone: ZoneInfo) -> tuple[int, ...]:
    """Day by day, from the day before the first to the day after the last."""
    calendar = calendar_of(zone)
    return tuple(calendar.offset_us(day * DAY_US) for day in range(_FIRST_DAY - 1, _LAST_DAY + 2))
