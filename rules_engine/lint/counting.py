"""How often a rule can match for one client at all, by the counter that its own events move.

`topupCount` is one more after every top-up and `visitCount` after every VISIT_STARTED, and neither
is ever less: a rule for the tenth visit matches once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.lint.boxes import Cell, Space
from rules_engine.lint.matching import Judge
from rules_engine.lint.search import never
from rules_engine.lint.values import Numbers

_COUNTERS: Mapping[str, str] = {"BALANCE_TOPPED_UP": "topupCount", "VISIT_STARTED": "visitCount"}
_ASKS = {
    "topupCount": frozenset({"topupCount", "isFirstTopup", "averageTopupMajor"}),
    "visitCount": frozenset({"visitCount"}),
}
"""Counter → the variables that tell of it."""
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
