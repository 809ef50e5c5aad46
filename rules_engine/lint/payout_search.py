"""The search for the greatest payout of rules that are asked together.

Best first: the box that promises most is tried with an event of it, then halved. Promises are
bounds, so what no box promises more than is the greatest payout, proven; an event that gets just
that ends the search.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from itertools import count

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.compile.bounds import INDEXED
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint.boxes import Box
from rules_engine.lint.matching import Judge
from rules_engine.lint.payout import Assumed, Payout, Place, credited_by, least_of, pays
from rules_engine.lint.shadows import has_limits_of_its_own, holds_whenever_it_matches
from rules_engine.lint.timer_witness import TimerWitness, rings_at
from rules_engine.lint.timers import TIMERS
from rules_engine.lint.values import Numbers
from rules_engine.lint.witness import Witness, amount_of, of_amount

EFFORT = 20_000
"""Rules that are asked about boxes for one trigger, all boxes counted."""
_MOST_TRIED = 150
"""Events that are tried for one trigger."""
_SPARE = 50
"""Boxes in which an event is looked for after the bound is proven."""
_NOT_FOUND = "no event was found that gets all of it"
_ZERO = Decimal(0)


@dataclass(frozen=True)
class _Promise:
    """The most that an event of a box may credit. `giving`: the names that rules which may credit
    ask about; `open_names`: what to halve the box by; `is_decided`: it is known which match."""

    most: Decimal
    giving: tuple[str, ...]
    open_names: tuple[str, ...]
    is_decided: bool


class Search:
    """The rules of one trigger that are in force from now on."""

    def __init__(
        self,
        rule_set: CheckedRuleSet,
        compiled: CompiledRuleSet,
        rules: Sequence[CheckedRule],
        assumed: Assumed,
        most_tried: int = _MOST_TRIED,
    ) -> None:
        self._rule_set = rule_set
        self._most_tried = most_tried
        self._compiled = compiled
        self._judge = Judge(rule_set, rules[0].trigger)
        held = {rule.exclusive for rule in rules if pays(rule)} - {None}
        self._rules = [rule for rule in rules if pays(rule) or rule.exclusive in held]
        self._names = {rule.id: tuple(self._judge.space([rule]).axes) for rule in self._rules}
        self._space = self._judge.space(
            self._rules, assumed.largest_major, assumed.most_times, assumed.since
        )
        self._rings = rules[0].trigger in TIMERS
        first, since = rules[0], assumed.since
        self._witness = (
            TimerWitness(rule_set, first, since)
            if self._rings
            else Witness(rule_set, first.trigger, since)
        )
        self._best = Payout(rules[0].trigger, _ZERO, _ZERO)
        self._tried = 0

    def run(self) -> Payout:
        with localcontext(DECIMAL128):
            at_most = self._climb()
        why = _NOT_FOUND if self._best.reached < at_most else ""
        return replace(self._best, at_most=at_most, grows=self._grows(), why=why)

    def _grows(self) -> bool:
        name = INDEXED.get(self._best.trigger)
        if name is None or not self._best.lines:
            return False
        last = self._best.lines[-1]
        doubled = of_amount(last, name, 2 * amount_of(last, name))
        credited, _ = credited_by(self._compiled, [*self._best.lines[:-1], doubled])
        return credited > self._best.reached

    def _climb(self) -> Decimal:
        """The proven bound; `self._best` is the best event on the way. Of boxes that promise the
        same the latest goes first, which is the smallest."""
        order, left, settled = count(0, -1), EFFORT // len(self._rules), _ZERO
        spare = _SPARE
        whole = self._space.whole()
        first = self._promise(whole)
        waiting = [(-first.most, next(order), whole, first)]
        while waiting:
            most = -waiting[0][0]
            if most <= self._best.reached or most < settled:
                break
            if left <= 0:
                return most
            if most == settled:  # proven; only an event that gets it is still looked for
                spare -= 1
                if spare < 0:
                    break
            _, _, box, promise = heapq.heappop(waiting)
            self._try(box, promise)
            name = box.widest(promise.open_names)
            if promise.most <= self._best.reached or name is None:
                settled = max(settled, promise.most)
                continue
            for half in box.halves(name):
                if half.is_possible:
                    left -= 1
                    promised = self._promise(half)
                    heapq.heappush(waiting, (-promised.most, next(order), half, promised))
        return max(self._best.reached, settled)

    # what a box promises

    def _promise(self, box: Box) -> _Promise:
        total, by_group, caps = _ZERO, dict[str, Decimal](), dict[str, Decimal]()
        closed: set[str] = set()
        undecided: dict[str, None] = {}
        giving: dict[str, None] = {}
        for rule in self._rules:
            group = rule.exclusive
            if group in closed:
                continue
            truth = self._judge.matches(rule, box)
            if not truth.may_hold:
                continue
            credited = self._judge.credits(rule, box)
            if not isinstance(credited.value, Numbers):
                continue
            if not (truth.surely and credited.is_sound):
                undecided |= dict.fromkeys(self._names[rule.id])
            most = self._within_limits(rule, credited.value)
            if most:
                giving |= dict.fromkeys(self._names[rule.id])
            if group is None:
                total += most
                continue
            most = min(most, caps.get(group, most))
            by_group[group] = max(by_group.get(group, _ZERO), most)
            if not (truth.surely and credited.is_sound):
                continue
            if not has_limits_of_its_own(rule):
                # Only limits of the set can refuse it. Then less is left of them than it credits,
                # also for the rules below.
                caps[group] = min(credited.value.most, caps.get(group, credited.value.most))
            is_holding = holds_whenever_it_matches(rule, self._rule_set)
            if is_holding or (group in caps and caps[group] <= by_group[group]):
                closed.add(group)
        total += sum(by_group.values(), _ZERO)
        for limit in (self._rule_set.limits.per_client_credit, self._rule_set.limits.budget):
            total = least_of(total, limit)
        names = tuple(undecided)
        is_decided = box.widest(names) is None
        open_names = tuple(giving) if is_decided else names
        return _Promise(total, tuple(giving), open_names, is_decided)

    def _within_limits(self, rule: CheckedRule, credited: Numbers) -> Decimal:
        """A credit that does not fit whole does not happen."""
        limits = self._rule_set.limits
        most = credited.most
        for limit in (rule.limits.budget, limits.budget, limits.per_client_credit):
            if limit is not None and credited.least > limit.amount_major:
                return _ZERO
            most = least_of(most, limit)
        return most

    # what an event of it gets

    def _try(self, box: Box, promise: _Promise) -> None:
        """The greatest numbers of the box, then each in turn the least, where that is better; the
        least of what no credit asks about."""
        low = frozenset(box.spans) - set(promise.giving)
        reached = self._reach(box, low)
        for name in promise.open_names if promise.is_decided else ():
            if reached >= promise.most or self._tried >= self._most_tried:
                return
            if isinstance(box.held(name).value, Numbers):
                other = self._reach(box, low | {name})
                if other > reached:
                    low, reached = low | {name}, other
        if promise.is_decided and reached < promise.most:
            self._fit(box, low)

    def _fit(self, box: Box, low: frozenset[str]) -> None:
        """A limit refuses some of the credits: by halving, the greatest amount that gets all that
        the least amount of the box gets."""
        name = INDEXED.get(self._best.trigger)
        if name is None or name not in box.spans:
            return
        least = self._witness.lines(box, low | {name})
        most = self._witness.lines(box, low - {name})
        if least is None or most is None:
            return
        wanted = set(credited_by(self._compiled, least)[1])
        fits, refused = amount_of(least[-1], name), amount_of(most[-1], name)
        while refused - fits > 1:
            middle = (fits + refused) // 2
            least = [*least[:-1], of_amount(least[-1], name, middle)]
            self._tried += 1
            self._hold(least, Place(box, low, middle))
            if wanted <= set(credited_by(self._compiled, least)[1]):
                fits = middle
            else:
                refused = middle

    def _reach(self, box: Box, low: frozenset[str]) -> Decimal:
        if self._tried >= self._most_tried:
            return _ZERO
        self._tried += 1
        lines = self._witness.lines(box, low)
        return _ZERO if lines is None else self._hold(lines, Place(box, low))

    def _hold(self, lines: list[bytes], place: Place) -> Decimal:
        """What these events get; kept where it is the best so far."""
        until = rings_at(lines[-1]) if self._rings else None
        credited, rules = credited_by(self._compiled, lines, self._best.trigger, until)
        if credited > self._best.reached:
            self._best = Payout(
                self._best.trigger,
                _ZERO,
                credited,
                rules,
                tuple(lines),
                until=until,
                place=place,
            )
        return credited
