"""From a box of values to events that have them, as lines of a file for `loyalty simulate`."""

import json
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rules_engine.calendar import (
    MINUTE_US,
    ZoneCalendar,
    calendar_of,
    date_of,
    date_text,
    minute_of,
    weekday_of,
)
from rules_engine.checked import CheckedRuleSet
from rules_engine.formula.runtime import bucket_of
from rules_engine.lint.boxes import Box
from rules_engine.lint.domains import BUCKET, CLUB, GROUP, MINUTE, OCCURRED_AT, WEEKDAY
from rules_engine.lint.values import Flags, Numbers, Result, Texts
from rules_engine.variables import EVENT_VARIABLES, Variable
from schemas.instants import SECOND_US, instant_text, parse_instant

CLIENT_ID = "client-1"
_ELSEWHERE = "club-1"
_DAYS_AHEAD = 800
"""Days that are tried for an event: a weekday, a date of the year, a leap day's neighbour."""
_CLIENTS_TRIED = 4_000
_USUAL = Decimal(100)
_NOON = 12 * 60
_SOURCE_FIELDS = {"CASH": "shiftId", "ACQUIRING": "gatewayTransactionId"}


class Witness:
    """Events for boxes of one trigger. `trigger` is one that a topic carries."""

    def __init__(self, rule_set: CheckedRuleSet, trigger: str, now: int) -> None:
        self._rule_set = rule_set
        self._trigger = trigger
        self._since = now
        self._unit = Decimal(1).scaleb(-rule_set.minor_digits)

    def lines(self, box: Box, low: frozenset[str]) -> list[bytes] | None:
        """An event of the box, before it an import where the client must have a past; None where
        none is found. Numbers are the greatest of the box, those named in `low` the least."""
        point = _Point(box, low)
        club = point.text(CLUB) or _ELSEWHERE
        zone = self._rule_set.club_zones.get(club, self._rule_set.time_zone)
        at = self._instant(point, zone)
        client_id = self._client(point)
        if at is None or client_id is None:
            return None
        envelope = {
            "organizationId": self._rule_set.organization_id,
            "clubId": club,
            "clientId": client_id,
        }
        event = {
            "eventId": "e-1",
            "type": self._trigger,
            **envelope,
            "occurredAt": instant_text(at),
            **self._payload(point),
        }
        past = self._past(point, calendar_of(zone), at)
        if not past:
            return [_line(event)]
        begun = {
            "eventId": "e-0",
            "type": "CLIENT_IMPORTED",
            **envelope,
            "occurredAt": instant_text(at - MINUTE_US),
            **past,
        }
        return [_line(begun), _line(event)]

    def _instant(self, point: "_Point", zone: ZoneInfo) -> int | None:
        """The first instant from now on that the calendar of the box allows."""
        calendar, when = calendar_of(zone), point.range(OCCURRED_AT)
        start = max(self._since, int(when.least))
        first_day = calendar.local_day(start)
        minutes = point.range(MINUTE)
        minute = _NOON if minutes.least <= _NOON <= minutes.most else int(minutes.least)
        days, dates = point.range(WEEKDAY), point.held("localDate").value
        for day in range(first_day, first_day + _DAYS_AHEAD):
            if not days.least <= weekday_of(day) <= days.most:
                continue
            if isinstance(dates, Texts) and not dates.may_be(date_text(day)):
                continue
            at = calendar.instant(day, minute)
            if start <= at <= when.most and minute_of(calendar.local_us(at)) == minute:
                return at
        return None

    def _client(self, point: "_Point") -> str | None:
        """A client whose buckets lie in the box."""
        asked = {name.removeprefix(BUCKET): point.range(name) for name in point.named(BUCKET)}
        for number in range(1, _CLIENTS_TRIED if asked else 2):
            client_id = f"client-{number}"
            drawn = (
                (bucket_of(self._rule_set.organization_id, client_id, salt), allowed)
                for salt, allowed in asked.items()
            )
            if all(allowed.least <= bucket <= allowed.most for bucket, allowed in drawn):
                return client_id
        return None

    def _payload(self, point: "_Point") -> dict[str, Any]:
        payload: dict[str, Any] = {}
        for variable in EVENT_VARIABLES[self._trigger]:
            value = self._field(point, variable)
            if value is not None:
                payload[variable.name] = value
        traced = _SOURCE_FIELDS.get(payload.get("topUpSource", ""))
        if traced is not None:
            payload.setdefault(traced, "1")
        return payload

    def _field(self, point: "_Point", variable: Variable) -> Any:
        if not point.has(variable.name):
            if variable.optional:
                return None
            if variable.words:
                return "POS_TERMINAL" if "POS_TERMINAL" in variable.words else variable.words[0]
            if variable.name == "bonusAmountMajor":
                return "0"
            return self._plain(_USUAL, variable) if variable.is_money or variable.whole else "1"
        number = point.number(variable.name)
        if number is not None:
            return self._plain(number, variable)
        return point.text(variable.name)

    def _plain(self, number: Decimal, variable: Variable) -> Any:
        return f"{number.quantize(self._unit):f}" if variable.is_money else int(number)

    def _past(self, point: "_Point", calendar: ZoneCalendar, at: int) -> dict[str, Any]:
        """What the client has been before, as CLIENT_IMPORTED says it; nothing of a newcomer."""
        day, past = calendar.local_day(at), dict[str, Any]()
        groups = [name.removeprefix(GROUP) for name in point.named(GROUP) if point.flag(name)]
        if groups:
            past["groups"] = groups
        if point.has("isBirthday") and point.flag("isBirthday"):
            born = date_of(day)
            past["birthday"] = f"2000-{born.month:02}-{born.day:02}"
        registered = point.number("daysSinceRegistration")
        if registered is not None:
            past["registeredAt"] = instant_text(calendar.instant(day - int(registered), 0))
        past |= self._amounts(point) | _visits(point, calendar, day)
        return past

    def _amounts(self, point: "_Point") -> dict[str, Any]:
        amounts: dict[str, Any] = {}
        for name in ("bonusBalanceMajor", "totalSpentMajor"):
            amount = point.number(name)
            if amount:
                amounts[name] = self._money(amount)
        count = point.number("topupCount") or Decimal(0)
        total, average = point.number("totalTopupMajor"), point.number("averageTopupMajor")
        if count and average is not None:
            total = average * count
        if total and not count:
            count = Decimal(1)
        if count:
            amounts["topupCount"] = int(count)
            amounts["totalTopupMajor"] = self._money(total or Decimal(0))
        return amounts

    def _money(self, amount: Decimal) -> str:
        return f"{amount.quantize(self._unit, ROUND_DOWN):f}"


def _visits(point: "_Point", calendar: ZoneCalendar, day: int) -> dict[str, Any]:
    """Visits on the days that are asked for; a day without a count is one visit."""
    first, last = point.number("daysSinceFirstVisit"), point.number("daysSinceLastVisit")
    count = point.number("visitCount")
    if count is None:
        count = Decimal(int(first is not None or last is not None))
    if not count:
        return {}
    latest = last if last is not None else first if first is not None else Decimal(0)
    earliest = first if first is not None else latest
    return {
        "visitCount": int(count),
        "firstVisitAt": instant_text(calendar.instant(day - int(earliest), 0)),
        "lastVisitAt": instant_text(calendar.instant(day - int(latest), 0)),
    }


def amount_of(line: bytes, name: str) -> int:
    """A number of the event, in units of its last decimal."""
    written = Decimal(str(json.loads(line)[name]))
    return int(written.scaleb(-_exponent(written)))


def of_amount(line: bytes, name: str, amount: int) -> bytes:
    """The event with another number, told as `amount_of` tells it."""
    event = json.loads(line)
    number = Decimal(amount).scaleb(_exponent(Decimal(str(event[name]))))
    event[name] = f"{number:f}" if isinstance(event[name], str) else int(number)
    return _line(event)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def again(line: bytes, number: int) -> bytes:
    """The event once more, so many seconds later, under ids of its own."""
    event = json.loads(line)
    at = parse_instant(event["occurredAt"]) + number * SECOND_US
    event |= {"eventId": f"e-{number + 1}", "occurredAt": instant_text(at)}
    if "paymentId" in event:
        event["paymentId"] = f"p-{number + 1}"
    return _line(event)


class _Point:
    """One value of each name of a box."""

    def __init__(self, box: Box, low: frozenset[str]) -> None:
        self._box = box
        self._low = low

    def has(self, name: str) -> bool:
        return name in self._box.spans

    def named(self, prefix: str) -> list[str]:
        return sorted(name for name in self._box.spans if name.startswith(prefix))

    def held(self, name: str) -> Result:
        return self._box.held(name)

    def range(self, name: str) -> Numbers:
        return self._box.numbers(name)

    def number(self, name: str) -> Decimal | None:
        """None where it is missing, no number, or not asked for."""
        value = self._box.held(name).value if self.has(name) else None
        if not isinstance(value, Numbers):
            return None
        return value.least if name in self._low else value.most

    def flag(self, name: str) -> bool:
        """False where either will do: the client is in no group that nobody asks for."""
        value = self._box.held(name).value
        return isinstance(value, Flags) and value.surely

    def text(self, name: str) -> str | None:
        value = self._box.held(name).value if self.has(name) else None
        if not isinstance(value, Texts):
            return None
        if value.words is not None:
            return min(value.words)
        tried = (_ELSEWHERE, "other", *(f"{value.above or ''}{end}" for end in ("!", "0", "a")))
        more = (f"other-{number}" for number in range(1_000))
        return next((each for each in (*tried, *more) if value.may_be(each)), None)


def _line(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()
