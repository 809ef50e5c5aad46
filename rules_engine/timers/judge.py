"""Which rules a unit is about: asked of the client's own value, since an index may hold too
much."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from msgspec.structs import replace

from rules_engine.account.packed import unpack_account
from rules_engine.account.values import NOTHING, total
from rules_engine.calendar import ZoneCalendar, date_text, is_birthday
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.counters import pack_counters
from rules_engine.timers.agenda import Agenda, FactDue
from rules_engine.timers.due import Due, Rank, split_client_key
from rules_engine.timers.events import (
    AfterFirstVisit,
    Birthday,
    BonusExpired,
    BonusExpiring,
    ClientAbsent,
    TimerEvent,
    timer_event_id,
)
from rules_engine.timers.facts import Fact
from schemas.instants import instant_text

_EVENTS: Mapping[str, Callable[..., TimerEvent]] = MappingProxyType(
    {
        event.type: event
        for event in (AfterFirstVisit, Birthday, BonusExpiring, ClientAbsent, BonusExpired)
    }
)


def holds(due: FactDue, client: ClientState, calendar: ZoneCalendar) -> bool:
    """Has the client the fact on that date? `calendar`: the organization's."""
    if due.fact is Fact.BIRTHDAY:
        return is_birthday(client.birthday, due.day)
    if due.fact is Fact.LAPSE_DAY:
        return expiring(client, due.fact_day, calendar) > NOTHING
    at = client.last_visit_at if due.fact is Fact.LAST_VISIT else client.first_visit_at
    return at is not None and calendar.local_day(at) == due.fact_day


def expiring(client: ClientState, day: int, calendar: ZoneCalendar) -> Decimal:
    """What is left of the batches that lapse on this local day, in major units."""
    if client.lapses_at is None:
        return NOTHING
    return total(
        batch.left
        for batch in unpack_account(client.account).batches
        if batch.expires_at is not None and calendar.local_day(batch.expires_at) == day
    )


def events_of(
    rule_set: CheckedRuleSet, agenda: Agenda, client: ClientState, due: Due
) -> list[tuple[int, TimerEvent]]:
    """The rules that are due in the unit, by their places in the set, which is matching order, each
    with its own event; empty where nothing is due."""
    maker = _Maker(rule_set, client, due)
    if due.rank == Rank.BONUS_EXPIRED:
        # Of the earliest lapse that no rule was told of yet.
        return [
            maker.event(place, at, instant_text(at), expired_amount_major=amount)
            for at, amount in client.lapsed[:1]
            for place in agenda.after_lapses
        ]
    found: list[tuple[int, TimerEvent]] = []
    rung = client.counters.fact_days if client.counted else {}
    for each in agenda.together(due.at, due.rank):
        if not holds(each, client, agenda.calendar):
            continue
        own: dict[str, Decimal] = {}
        if due.rank == Rank.BONUS_EXPIRING:
            own["expiring_amount_major"] = expiring(client, each.fact_day, agenda.calendar)
        date = date_text(each.day)
        found += (
            maker.event(place, due.at, date, **own)
            for place in each.rules
            if each.fact_day not in rung.get(rule_set.rules[place].id, ())
        )
    return sorted(found, key=lambda each: (each[0], each[1].event_id))


def with_fact_days(
    rule_set: CheckedRuleSet, agenda: Agenda, client: ClientState, fired: Sequence[str], due: Due
) -> ClientState:
    """The client after rules fired that are due by dates.

    Each fires once for one date of its fact: where an author moves it to another hour or another
    number of days, whoever it has fired for is not paid again for the same visit, birthday or
    lapse day.
    """
    if not fired or due.rank == Rank.BONUS_EXPIRED:
        return client
    counters = client.counters
    fact_days = dict(counters.fact_days)
    for each in agenda.together(due.at, due.rank):
        for place in each.rules:
            rule_id = rule_set.rules[place].id
            if rule_id in fired:
                to_come = (day for day in fact_days.get(rule_id, ()) if day >= each.day)
                fact_days[rule_id] = (*to_come, each.fact_day)
    return replace(client, counted=pack_counters(replace(counters, fact_days=fact_days)))


class _Maker:
    """Makes the events of one unit."""

    def __init__(self, rule_set: CheckedRuleSet, client: ClientState, due: Due) -> None:
        self._rule_set = rule_set
        self._club_id = client.last_club
        self._client_id = split_client_key(due.key)[1]

    def event(self, place: int, at: int, date: str, **own: Decimal) -> tuple[int, TimerEvent]:
        """That of the rule at this place. `date`: what its id says of when it was due."""
        rule = self._rule_set.rules[place]
        event = _EVENTS[rule.trigger](
            event_id=timer_event_id(rule.trigger, rule.id, self._client_id, date),
            organization_id=self._rule_set.organization_id,
            club_id=self._club_id,
            client_id=self._client_id,
            occurred_at=at,
            **own,
        )
        return place, event
