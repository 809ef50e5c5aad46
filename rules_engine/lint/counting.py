"""How often a rule can match for one client at all, by what its own events change.

`topupCount` is one more after every top-up and `visitCount` after every VISIT_STARTED, and neither
is ever less: a rule for the tenth visit matches once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.lint.boxes import Box, Cell, Space
from rules_engine.lint.matching import Judge
from rules_engine.lint.search import never
from rules_engine.lint.values import FALSE, Flags, Numbers

OF_A_DATE = frozenset({"BIRTHDAY", "AFTER_FIRST_VISIT", "CLIENT_ABSENT"})
"""They ring once for a fact of the client."""
RARE_TRIGGERS = OF_A_DATE | {"CLIENT_REGISTERED"}
"""Nobody makes these happen again and again."""

_COUNTERS: Mapping[str, str] = {"BALANCE_TOPPED_UP": "topupCount", "VISIT_STARTED": "visitCount"}
_ASKS = {
    "topupCount": frozenset({"topupCount", "isFirstTopup", "averageTopupMajor"}),
    "visitCount": frozenset({"visitCount"}),
}
"""Counter → the variables that tell of it."""
_VISITS = frozenset({"VISIT_STARTED", "VISIT_ENDED"})
_AWAY = "daysSinceLastVisit"
_MOST_TIMES = 10_000
_EFFORT = 200


@dataclass(frozen=True)
class Matches:
    """For so many values of `counter` at most, the first of which is `first`."""

    counter: str
    times: int
    first: int


def matches_of(rule_set: CheckedRuleSet, rule: CheckedRule) -> Matches | None:
    """The values in all cells in which the rule may match, taken together; None where nothing
    bounds them."""
    counter = _COUNTERS.get(rule.trigger)
    if counter is None or not _asks(rule, counter):
        return None
    judge = Judge(rule_set, rule.trigger)
    space, times, first = judge.space([rule]), 0, 0
    for cell in reversed(space.axes[counter]):  # the endless one first
        if not _never_in(judge, rule, space, counter, cell):
            assert isinstance(cell.value, Numbers)
            first = int(cell.value.least)
            times += int(cell.value.most) - first + 1
            if times > _MOST_TIMES:
                return None
    return Matches(counter, times, first)


def _asks(rule: CheckedRule, counter: str) -> bool:
    if counter == "topupCount" and rule.audience.first_topup_only:
        return True
    return rule.when is not None and not _ASKS[counter].isdisjoint(rule.when.names)


def _never_in(judge: Judge, rule: CheckedRule, space: Space, counter: str, cell: Cell) -> bool:
    within = Space(space.domains, {**space.axes, counter: (cell,)})
    return never(within, lambda box: judge.matches(rule, box), _EFFORT)


def is_once_a_date(rule_set: CheckedRuleSet, rule: CheckedRule) -> bool:
    """Is it proven that the rule matches for a client once on a local date at most, as it is for
    who has been away? A visit is the latest one from then on, and that never moves back; in a club
    with another clock it may be of the day before."""
    if rule.trigger not in _VISITS or not _asks_for_days_away(rule):
        return False
    judge = Judge(rule_set, rule.trigger)
    soon = Decimal(1 if rule_set.club_zones else 0)

    def is_soon(box: Box) -> Flags:
        days = box.held(_AWAY)
        if not isinstance(days.value, Numbers):  # before the first visit
            return FALSE
        may_not = days.may_miss or days.value.most > soon
        return judge.matches(rule, box).also(Flags(days.value.least <= soon, may_not))

    return never(judge.space([rule]), is_soon, _EFFORT)


def _asks_for_days_away(rule: CheckedRule) -> bool:
    if rule.audience.dormant_for_days is not None:
        return True
    return rule.when is not None and _AWAY in rule.when.names
