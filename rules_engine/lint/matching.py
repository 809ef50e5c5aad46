"""When a rule matches, over a box: everything that decides before exclusivity and limits."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from rules_engine.calendar import MINUTES_OF_DAY, in_window
from rules_engine.checked import (
    AddBonusAction,
    Audience,
    CheckedRule,
    CheckedRuleSet,
    SendPushAction,
    Window,
)
from rules_engine.compile.bounds import INDEXED
from rules_engine.formula.runtime import ROUNDINGS
from rules_engine.lint import arithmetic
from rules_engine.lint.abstract import Abstract
from rules_engine.lint.boxes import Box, Space
from rules_engine.lint.cuts import Cuts, week_cuts
from rules_engine.lint.domains import CLUB, GROUP, MINUTE, OCCURRED_AT, WEEKDAY, Domains
from rules_engine.lint.timers import held_by_timer
from rules_engine.lint.values import FALSE, TRUE, Flags, Numbers, Result, Texts, flags_of
from rules_engine.variables import CREDITED_NOW, variables

_REGISTERED, _ABSENT = "daysSinceRegistration", "daysSinceLastVisit"
_ZERO = Decimal(0)


class Judge:
    """Asks the rules of one trigger about boxes. To be used under `DECIMAL128`."""

    def __init__(self, rule_set: CheckedRuleSet, trigger: str) -> None:
        self.rule_set = rule_set
        self.trigger = trigger
        self.rounding = ROUNDINGS[rule_set.rounding]
        self.unit = Decimal((0, (1,), -rule_set.minor_digits))
        self.known = variables(trigger)

    def space(
        self,
        rules: Sequence[CheckedRule],
        largest: Decimal | None = None,
        most_times: int | None = None,
        since: int | None = None,
    ) -> Space:
        """The cells in which the conditions and formulas of these rules change. How far they
        reach: see `Domains`. Of a timer they are rules that are due by the same one."""
        held = held_by_timer(self.rule_set, rules[0])
        digits = self.rule_set.minor_digits
        domains = Domains(self.trigger, digits, largest, most_times, since, held)
        cuts = Cuts(domains)
        for rule in rules:
            self._cut(rule, cuts)
        return cuts.space()

    def _cut(self, rule: CheckedRule, cuts: Cuts) -> None:
        for club in rule.club_ids:
            cuts.text(CLUB, club)
        for instant in (rule.valid_from, rule.valid_until):
            if instant is not None:
                cuts.number(OCCURRED_AT, Fraction(instant))
        if rule.windows:
            week_cuts(cuts, {at for each in rule.windows for at in (each.since, each.until)})
        _cut_audience(rule.audience, cuts)
        if rule.at_least is not None:
            cuts.number(INDEXED[self.trigger], Fraction(rule.at_least))
        if rule.when is not None:
            cuts.formula(rule.when.tree)
        for action in rule.actions:
            if isinstance(action, AddBonusAction):
                cuts.formula(action.formula.tree)
        for name in self._quoted(rule):
            cuts.name(name)

    # whether it matches

    def matches(self, rule: CheckedRule, box: Box) -> Flags:
        """Do all its conditions hold? A `when` that fails does not."""
        found = TRUE
        for part in self.parts(rule, box):
            found = found.also(part)
            if not found.may_hold:
                return found
        return found

    def parts(self, rule: CheckedRule, box: Box) -> Iterator[Flags]:
        """Its conditions one by one, cheap ones first."""
        if rule.club_ids:
            yield _in_clubs(rule.club_ids, box)
        if rule.valid_from is not None or rule.valid_until is not None:
            yield _is_valid(rule, box)
        if rule.at_least is not None:
            number = box.numbers(INDEXED[self.trigger])
            yield Flags(number.most >= rule.at_least, number.least < rule.at_least)
        yield from audience(rule.audience, box)
        if rule.windows:
            yield in_windows(rule.windows, box)
        if rule.when is not None:
            yield flags_of(Abstract(box, self.rounding).result(rule.when.tree))

    # what it credits

    def credit(self, action: AddBonusAction, box: Box) -> Result:
        """What the action credits where its rule fires: `min`, `max`, one rounding."""
        result = Abstract(box, self.rounding).result(action.formula.tree)
        value = result.value
        if not isinstance(value, Numbers):
            return result
        if action.min_major is not None:
            bound = action.min_major
            value = Numbers(max(value.least, bound), max(value.most, bound))
        if action.max_major is not None:
            bound = action.max_major
            value = Numbers(min(value.least, bound), min(value.most, bound))
        made = arithmetic.quantized(value, self.unit, self.rounding)
        return Result(made.value, result.may_miss, result.may_fail or made.may_fail)

    def credits(self, rule: CheckedRule, box: Box) -> Result:
        """All credits of the rule together; those at or below zero are none."""
        least = most = _ZERO
        may_miss = may_fail = False
        for action in rule.actions:
            if isinstance(action, AddBonusAction):
                result = self.credit(action, box)
                may_miss, may_fail = may_miss or result.may_miss, may_fail or result.may_fail
                if not isinstance(result.value, Numbers):
                    return Result(None, may_miss, may_fail)
                least += max(_ZERO, result.value.least)
                most += max(_ZERO, result.value.most)
        quoted = [box.held(name) for name in self._quoted(rule)]
        may_miss = may_miss or any(each.may_miss for each in quoted)
        if any(each.value is None for each in quoted):
            return Result(None, may_miss, may_fail)
        return Result(Numbers(least, most), may_miss, may_fail)

    def _quoted(self, rule: CheckedRule) -> Iterator[str]:
        """The variables of its push texts that may be missing: without them the rule fails."""
        for action in rule.actions:
            if isinstance(action, SendPushAction):
                for _, name in (*action.title.pieces, *action.body.pieces):
                    if name and name != CREDITED_NOW.name and self.known[name].optional:
                        yield name


def _cut_audience(asked: Audience, cuts: Cuts) -> None:
    for group in (*asked.any_of_groups, *asked.none_of_groups):
        cuts.name(f"{GROUP}{group}")
    if asked.first_topup_only:
        cuts.number("topupCount", Fraction(0))
    if asked.new_member_within_days is not None:
        cuts.number(_REGISTERED, Fraction(asked.new_member_within_days))
    if asked.dormant_for_days is not None:
        cuts.number(_ABSENT, Fraction(asked.dormant_for_days))


def _in_clubs(club_ids: frozenset[str], box: Box) -> Flags:
    club = box.held(CLUB).value
    assert isinstance(club, Texts)
    if club.words is not None:
        inside = {word in club_ids for word in club.words}
        return Flags(True in inside, False in inside)
    return Flags(any(club.may_be(each) for each in club_ids), True)


def _is_valid(rule: CheckedRule, box: Box) -> Flags:
    at, found = box.numbers(OCCURRED_AT), TRUE
    if rule.valid_from is not None:
        found = found.also(Flags(at.most >= rule.valid_from, at.least < rule.valid_from))
    if rule.valid_until is not None:
        found = found.also(Flags(at.least < rule.valid_until, at.most >= rule.valid_until))
    return found


def audience(asked: Audience, box: Box) -> Iterator[Flags]:
    """What it asks, one by one. Of a missing value nothing holds."""
    if asked.first_topup_only:
        count = box.numbers("topupCount")
        yield Flags(count.least <= 0, count.most > 0)
    if asked.any_of_groups:
        wanted = [box.group(group) for group in asked.any_of_groups]
        yield Flags(any(each.may_hold for each in wanted), all(each.may_not for each in wanted))
    for group in asked.none_of_groups:
        yield box.group(group).negated()
    if asked.new_member_within_days is not None:
        days, bound = box.held(_REGISTERED), asked.new_member_within_days
        if not isinstance(days.value, Numbers):
            yield FALSE
        else:
            may_not = days.may_miss or days.value.most > bound
            yield Flags(days.value.least <= bound, may_not)
    if asked.dormant_for_days is not None:
        days, bound = box.held(_ABSENT), asked.dormant_for_days
        if not isinstance(days.value, Numbers):
            yield FALSE
        else:
            may_not = days.may_miss or days.value.least < bound
            yield Flags(days.value.most >= bound, may_not)


def in_windows(windows: tuple[Window, ...], box: Box) -> Flags:
    """Does any hold? Asked of every weekday, and of every minute at which an answer changes."""
    days, minutes = box.numbers(WEEKDAY), box.numbers(MINUTE)
    first, last = int(minutes.least), int(minutes.most)
    edges = {at % MINUTES_OF_DAY for each in windows for at in (each.since, each.until)}
    asked = {first, *(at for at in edges if first < at <= last)}
    outcomes = {
        any(in_window(window, day, minute) for window in windows)
        for day in range(int(days.least), int(days.most) + 1)
        for minute in asked
    }
    return Flags(True in outcomes, False in outcomes)
