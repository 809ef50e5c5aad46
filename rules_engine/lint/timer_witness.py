"""From a box of values to a client for whom a timer rings with them.

The client is imported as the timer's facts ask: with the visit, the birthday or the batch that is
about to lapse, a minute before it rings.
"""

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rules_engine.calendar import MINUTE_US, ZoneCalendar, calendar_of, date_of
from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.lint.boxes import Box
from rules_engine.lint.domains import CLUB
from rules_engine.lint.points import (
    ELSEWHERE,
    Point,
    birthday_text,
    client_of,
    instant_of,
    money,
    past_of,
)
from rules_engine.lint.witness import line_of
from schemas.instants import instant_text, parse_instant

_USUAL = Decimal(100)
_TIMES_OF_DAY = (0, 12 * 60, 24 * 60 - 1)
_LAPSING = {"BONUS_EXPIRING": "expiringAmountMajor", "BONUS_EXPIRED": "expiredAmountMajor"}


class TimerWitness:
    """Clients for boxes of the rules of one timer: all are due at the same time of the day, so
    many days from the same fact; or after a lapse."""

    def __init__(self, rule_set: CheckedRuleSet, rule: CheckedRule, now: int) -> None:
        self._rule_set = rule_set
        self._trigger = rule.trigger
        self._timer = rule.timer
        self._since = now + MINUTE_US
        self._calendar = calendar_of(rule_set.time_zone)
        self._unit = Decimal(1).scaleb(-rule_set.minor_digits)

    def lines(self, box: Box, low: frozenset[str]) -> list[bytes] | None:
        """The import of a client of the box; None where none is found. Numbers are the greatest of
        the box, those named in `low` the least."""
        point = Point(box, low)
        club = point.text(CLUB) or ELSEWHERE
        calendar = calendar_of(self._zone(club))
        rung = None if self._timer is None else (self._calendar, self._timer.minute)
        at = instant_of(point, self._since, calendar, rung)
        client_id = client_of(point, self._rule_set.organization_id)
        if at is None or client_id is None:
            return None
        past = past_of(point, self._unit, calendar, at) | self._facts(point, calendar, at)
        return [
            line_of(
                {
                    "eventId": "e-0",
                    "type": "CLIENT_IMPORTED",
                    "organizationId": self._rule_set.organization_id,
                    "clubId": club,
                    "clientId": client_id,
                    "occurredAt": instant_text(at - MINUTE_US),
                    **past,
                }
            )
        ]

    def _zone(self, club: str) -> ZoneInfo:
        return self._rule_set.club_zones.get(club, self._rule_set.time_zone)

    def _facts(self, point: Point, calendar: ZoneCalendar, at: int) -> dict[str, Any]:
        """What makes the timer ring at this instant. `calendar`: that of the client's club."""
        day = self._calendar.local_day(at)
        if self._trigger in _LAPSING:
            return self._batches(point, day, at)
        if self._trigger == "BIRTHDAY":
            return {"birthday": birthday_text(date_of(day))}
        assert self._timer is not None
        return self._visits(point, calendar, day - self._timer.days, at)

    def _batches(self, point: Point, day: int, at: int) -> dict[str, Any]:
        """One that lapses as asked, and one with the rest of the balance. The balance at a
        BONUS_EXPIRED is without what has lapsed."""
        name = _LAPSING[self._trigger]
        lapsing = (point.number(name) or self._unit) if point.has(name) else _USUAL
        lapsing = max(lapsing, self._unit)
        rest = point.number("bonusBalanceMajor") or Decimal(0)
        if self._timer is not None:
            rest -= lapsing
            at = self._calendar.instant(day + self._timer.days, _TIMES_OF_DAY[1])
        batches = [{"amountMajor": money(lapsing, self._unit), "expiresAt": instant_text(at)}]
        if rest >= self._unit:
            batches.append({"amountMajor": money(rest, self._unit)})
        total = sum(Decimal(each["amountMajor"]) for each in batches)
        return {"batches": batches, "bonusBalanceMajor": f"{total:f}"}

    def _visits(self, point: Point, calendar: ZoneCalendar, day: int, at: int) -> dict[str, Any]:
        """The visit that the timer counts from lies on `day`, by the organization's calendar; the
        other one where it is asked for."""
        is_first = self._trigger == "AFTER_FIRST_VISIT"
        own, other = "daysSinceFirstVisit", "daysSinceLastVisit"
        own, other = (own, other) if is_first else (other, own)
        counted = self._calendar.instant(day, 0)
        wanted = point.number(own)
        for minute in _TIMES_OF_DAY:
            tried = self._calendar.instant(day, minute)
            if wanted is not None and calendar.days_between(tried, at) == wanted:
                counted = tried
                break
        days, further = point.number(other), counted
        if days is not None:
            further = calendar.instant(calendar.local_day(at) - int(days), 0)
        first, last = (counted, further) if is_first else (further, counted)
        return {
            "visitCount": max(int(point.number("visitCount") or 1), 1),
            "firstVisitAt": instant_text(min(first, last) if days is None else first),
            "lastVisitAt": instant_text(last),
        }


def rings_at(line: bytes) -> int:
    """When the timer rings for the client of an import from here."""
    return parse_instant(json.loads(line)["occurredAt"]) + MINUTE_US
