"""What a day of one client may be put together from: events, and pasts with which timers ring."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rules_engine.calendar import MINUTE_US, calendar_of
from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.compile.bounds import INDEXED
from rules_engine.lint.domains import CLUB, MINUTE, OCCURRED_AT
from rules_engine.lint.payout import Place
from rules_engine.lint.points import ELSEWHERE, Point
from rules_engine.lint.timer_witness import TimerWitness, rings_at
from rules_engine.lint.witness import Witness, line_of, of_amount
from schemas.instants import SECOND_US, instant_text, parse_instant

_ENVELOPE = frozenset({"eventId", "type", "organizationId", "clubId", "clientId", "occurredAt"})
_OF_SNAPSHOT = ("groups", "registeredAt", "birthday")
_OWN_CHANGES_STAY_US = 11 * MINUTE_US
"""After the worker's own changes of groups a snapshot changes nothing for ten minutes."""


@dataclass(frozen=True)
class Past:
    """What a client is before the day. `facts`: as an import says them; `rings_at`: when a timer
    rings on the day for such a client, if nothing happens before."""

    client_id: str
    club_id: str
    facts: Mapping[str, Any]
    rings_at: int | None = None

    def line(self, organization_id: str, at: int) -> bytes:
        return line_of(
            {
                "eventId": "e-0",
                "type": "CLIENT_IMPORTED",
                "organizationId": organization_id,
                "clubId": self.club_id,
                "clientId": self.client_id,
                "occurredAt": instant_text(at),
                **self.facts,
            }
        )


@dataclass(frozen=True)
class Candidate:
    """An event that may be on the day, any number of times, between `earliest` and `latest`
    (microseconds), `apart` after the one before it. `past`: who gets most of it."""

    fields: Mapping[str, Any]
    past: Past
    earliest: int
    latest: int
    apart: int = SECOND_US

    def line(self, client_id: str, number: int, at: int) -> bytes:
        own = {"eventId": f"e-{number}", "clientId": client_id, "occurredAt": instant_text(at)}
        if "paymentId" in self.fields:
            own["paymentId"] = f"p-{number}"
        return line_of({**self.fields, **own})

    @property
    def trigger(self) -> str:
        return str(self.fields["type"])

    def with_amount(self, name: str, amount: int) -> "Candidate":
        """With another number, told as `witness.amount_of` tells it."""
        fields = json.loads(of_amount(line_of(self.fields), name, amount))
        return replace(self, fields=fields)

    def with_snapshot(self) -> "Candidate":
        """The event with what the CRM knows of the client then."""
        facts = self.past.facts
        known = {name: facts[name] for name in _OF_SNAPSHOT if name in facts}
        client = {"groups": [], **known}
        return replace(self, fields={**self.fields, "client": client}, apart=_OWN_CHANGES_STAY_US)


def candidate(
    rule_set: CheckedRuleSet, trigger: str, place: Place, day: int, begin: int
) -> Candidate | None:
    """The event of a place on this local day of its club, at least a minute after `begin`; None
    where it has none there."""
    point = Point(place.box, place.low)
    club = point.text(CLUB) or ELSEWHERE
    calendar = calendar_of(rule_set.club_zones.get(club, rule_set.time_zone))
    lines = Witness(rule_set, trigger, begin).lines(place.box, place.low)
    if lines is None:
        return None
    if place.amount is not None:
        lines[-1] = of_amount(lines[-1], INDEXED[trigger], place.amount)
    event = json.loads(lines[-1])
    if calendar.local_day(parse_instant(event["occurredAt"])) != day:
        return None
    minutes, when = point.range(MINUTE), point.range(OCCURRED_AT)
    ends = calendar.instant(day, int(minutes.most) + 1) - SECOND_US
    return Candidate(
        event,
        _past(json.loads(lines[0]) if len(lines) > 1 else event),
        max(begin + MINUTE_US, calendar.instant(day, int(minutes.least)), int(when.least)),
        min(ends, int(when.most)),
    )


def past_of_timer(
    rule_set: CheckedRuleSet, rule: CheckedRule, place: Place, day: int, begin: int
) -> Past | None:
    """The past with which the timer of a rule rings on this day, after `begin`; None where there is
    none."""
    calendar = calendar_of(rule_set.time_zone)
    lines = TimerWitness(rule_set, rule, begin).lines(place.box, place.low)
    if lines is None or calendar.local_day(rings_at(lines[0])) != day:
        return None
    return replace(_past(json.loads(lines[0])), rings_at=rings_at(lines[0]))


def past_of_line(line: bytes) -> Past:
    """What an import says; of another event nothing."""
    return _past(json.loads(line))


def _past(event: Mapping[str, Any]) -> Past:
    is_import = event["type"] == "CLIENT_IMPORTED"
    facts = {name: value for name, value in event.items() if name not in _ENVELOPE}
    return Past(event["clientId"], event["clubId"], facts if is_import else {})


def merged(pasts: Sequence[Past]) -> Past:
    """One client with all these pasts: of facts that do not fit each other the first. Batches and
    groups come together; such as are alike are one."""
    facts: dict[str, Any] = {}
    for past in pasts:
        both = {name: past.facts[name] for name in ("batches", "groups") if name in past.facts}
        together = dict[str, Any]()
        for name, held in both.items():
            known = facts.get(name, [])
            together[name] = [*known, *(each for each in held if each not in known)]
        facts = {**past.facts, **facts, **together}
    if "batches" in facts:
        total = sum(Decimal(each["amountMajor"]) for each in facts["batches"])
        facts["bonusBalanceMajor"] = f"{total:f}"
    if "groups" in facts:
        facts["groups"] = sorted(set(facts["groups"]))
    rings = [past.rings_at for past in pasts if past.rings_at is not None]
    return replace(pasts[0], facts=facts, rings_at=max(rings, default=None))
