"""Which days, events and pasts a day is looked for among, and the best that is found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from rules_engine.calendar import MINUTE_US, calendar_of
from rules_engine.checked import (
    AssignGroupAction,
    CheckedRule,
    CheckedRuleSet,
    UnassignGroupAction,
)
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.lint.counting import matches_of
from rules_engine.lint.day_bound import DayBound
from rules_engine.lint.day_events import Candidate, Past, candidate, merged, past_of_timer
from rules_engine.lint.day_run import Days
from rules_engine.lint.day_search import MOST_EVALUATED, MOST_EVENTS, Course, DaySearch
from rules_engine.lint.matching import Judge
from rules_engine.lint.payout import Assumed, Payout, Place, pays, rules_from
from rules_engine.lint.payout_search import Search
from rules_engine.lint.search import box_where
from rules_engine.lint.timers import TIMERS
from rules_engine.lint.witness import instant_of_line

_MOST_RULES, _MOST_SETTERS, _MOST_PASTS, _MOST_DAYS = 10, 4, 6, 3
_TRIED = 12
"""Events that are tried for the most of one rule."""
_GAPS = 2
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Shown:
    """As `days.DayPayout`; `by_rule`: what each rule credits of it."""

    total: Decimal = _ZERO
    lines: tuple[bytes, ...] = ()
    events: int = 0
    timers: int = 0
    until: int | None = None
    is_open: bool = False
    by_rule: Mapping[str, Decimal] = field(default_factory=dict)


def best_day(
    rule_set: CheckedRuleSet,
    compiled: CompiledRuleSet,
    assumed: Assumed,
    bound: DayBound,
    payouts: Sequence[Payout],
) -> Shown:
    """A day of one client that gets to the bound, or the best that was found on the way.

    1. Where each rule that may pay gets most, and where rules change groups. 2. Day by day the
    events of these places on it, and the pasts of their clients, alone and together. 3. The best
    course; where it is not enough, with what the CRM says of the client in each event.
    """
    search = _Search(rule_set, compiled, assumed, bound, payouts)
    best: tuple[DaySearch, Course] | None = None
    for found in search.courses():
        if best is None or found[1].total > best[1].total:
            best = found
        if best[1].total >= search.enough:
            break
    if best is None or not best[1].total:
        return Shown()
    days, course = best
    credited = days.credited(course)
    is_open = len(course.events) >= MOST_EVENTS and credited.total < search.goal
    return Shown(
        credited.total,
        tuple(days.lines(course)),
        len(course.events),
        credited.timers,
        credited.until,
        is_open,
        credited.by_rule,
    )


def _within_a_day(rule_set: CheckedRuleSet, bound: DayBound, payouts: Sequence[Payout]) -> Decimal:
    """More than the events of a day and its timers come to is not looked for."""
    events = (each.at_most for each in payouts if each.trigger not in TIMERS)
    ringing = {rule.id for rule in rule_set.rules if rule.trigger in TIMERS}
    timers = (share for rule, share in bound.shares.items() if rule in ringing)
    return MOST_EVENTS * max(events, default=_ZERO) + sum(timers, _ZERO)


class _Search:
    def __init__(
        self,
        rule_set: CheckedRuleSet,
        compiled: CompiledRuleSet,
        assumed: Assumed,
        bound: DayBound,
        payouts: Sequence[Payout],
    ) -> None:
        assert bound.at_most is not None
        self.goal = bound.at_most
        self.enough = min(bound.at_most, _within_a_day(rule_set, bound, payouts))
        self._rule_set = rule_set
        self._since = assumed.since
        self._limit = None if bound.is_of_rules else bound.at_most
        self._days = Days(rule_set, compiled)
        live = rules_from(rule_set, assumed.since)
        paying = [rule for rule in live if pays(rule) and rule.id in bound.shares]
        paying.sort(key=lambda rule: -bound.shares[rule.id])
        self._paying = paying[:_MOST_RULES]
        own = [  # 1.
            Search(rule_set, compiled, [rule], assumed, most_tried=_TRIED).run()
            for rule in self._paying
        ]
        self._payouts = [each for each in (*payouts, *own) if each.place is not None]
        self._rung = [
            (rule, payout.place)
            for rule, payout in zip(self._paying, own, strict=True)
            if rule.trigger in TIMERS and payout.place is not None
        ]
        self._setters = list(self._places_of_setters(live))

    def _places_of_setters(self, live: Sequence[CheckedRule]) -> Iterator[tuple[str, Place]]:
        """Events that change groups and pay nothing."""
        setting = [
            rule
            for rule in live
            if not pays(rule)
            and rule.trigger not in TIMERS
            and any(isinstance(a, AssignGroupAction | UnassignGroupAction) for a in rule.actions)
        ]
        for rule in setting[:_MOST_SETTERS]:
            judge = Judge(self._rule_set, rule.trigger)
            space = judge.space([rule], since=self._since)
            box = box_where(space, partial(judge.matches, rule))
            if box is not None:
                yield rule.trigger, Place(box, frozenset(box.spans))

    def courses(self) -> Iterator[tuple[DaySearch, Course]]:
        """The best of each day, and way to look."""
        cooldowns = {rule.limits.cooldown_us for rule in self._paying}
        gaps = sorted(each for each in cooldowns if each is not None)[:_GAPS]
        for day in self._local_days():  # 2.
            if self._days.evaluated > MOST_EVALUATED:
                return
            begin = max(self._days.start(day), self._since - MINUTE_US)
            candidates, pasts = self._on(day, begin)
            told = [each.with_snapshot() for each in candidates]
            has_told = any(each.past.facts for each in candidates)
            for tried in (candidates, [*candidates, *told] if has_told else []):  # 3.
                if pasts and (tried or tried is candidates):
                    ends = self.goal, self.enough
                    search = DaySearch(self._days, day, begin, tried, *ends, gaps, self._limit)
                    yield search, search.run(pasts)

    def _local_days(self) -> list[int]:
        """Today, the days on which rules get most, tomorrow."""
        calendar = calendar_of(self._rule_set.time_zone)
        today = calendar.local_day(self._since)
        instants = [
            instant_of_line(each.lines[-1]) if each.until is None else each.until
            for each in self._payouts
        ]
        days = [today, *(calendar.local_day(at) for at in instants), today + 1]
        return list(dict.fromkeys(days))[:_MOST_DAYS]

    def _on(self, day: int, begin: int) -> tuple[list[Candidate], list[Past]]:
        """Events that may be on the day, and pasts, the likeliest first."""
        places = [
            (each.trigger, each.place)
            for each in self._payouts
            if each.place is not None and each.trigger not in TIMERS
        ]
        candidates: list[Candidate] = []
        for trigger, place in (*places, *self._setters):
            made = candidate(self._rule_set, trigger, place, day, begin)
            if made is not None and made not in candidates:
                candidates.append(made)
        rung = [
            past
            for rule, place in self._rung
            if (past := past_of_timer(self._rule_set, rule, place, day, begin)) is not None
        ]
        own = [each.past for each in candidates]
        pasts = [merged(rung)] if rung else []
        pasts = [*own[:1], *([merged([*own[:1], *rung])] if rung else []), *pasts, *own[1:], *rung]
        if pasts:
            pasts += [merged(pasts), *self._counting(pasts[0])]
        unlike = [past for number, past in enumerate(pasts) if past not in pasts[:number]]
        return candidates, unlike[:_MOST_PASTS]

    def _counting(self, past: Past) -> Iterator[Past]:
        """The first of the values of a counter for which a rule is."""
        for rule in self._paying:
            matches = matches_of(self._rule_set, rule)
            if matches is not None:
                yield replace(past, facts={**past.facts, matches.counter: matches.first})
