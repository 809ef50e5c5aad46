"""The search for the greatest payout of rules that are asked together.

Best first: the box that promises most is tried with an event of it, then halved. Promises are
bounds, so what no box promises more than is the greatest payout, proven; an event that gets just
that ends the search.
"""

import heapq
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import count

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.compile.bounds import INDEXED
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint.boxes import Box
from rules_engine.lint.matching import Judge
from rules_engine.lint.payout import Assumed, Payout, Place, credited_by, pays
from rules_engine.lint.promises import Promise, Promises
from rules_engine.lint.timer_witness import TimerWitness, rings_at
from rules_engine.lint.timers import TIMERS
from rules_engine.lint.values import Numbers
from rules_engine.lint.witness import Witness, amount_of, of_amount

EFFORT = 20_000
"""Rules that are asked about boxes for one trigger, all boxes counted."""
_MOST_TRIED = 150
"""Events that are tried for one trigger."""
_MOST_FITTED = 4
"""Sets of rules for which the greatest amount is looked for that gets all their credits."""
_MOST_FITS = 6
"""Boxes in which it is looked for."""
_SPARE = 50
"""Boxes in which an event is looked for after the bound is proven."""
_NOT_FOUND = "no event was found that gets all of it"
_ZERO = Decimal(0)


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
        judge = Judge(rule_set, rules[0].trigger)
        held = {rule.exclusive for rule in rules if pays(rule)} - {None}
        self._rules = [rule for rule in rules if pays(rule) or rule.exclusive in held]
        self._promises = Promises(rule_set, judge, self._rules)
        self._space = judge.space(
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
        self._tried, self._fits_left = 0, _MOST_FITS

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
        first = self._promises.of(whole)
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
                    promised = self._promises.of(half)
                    heapq.heappush(waiting, (-promised.most, next(order), half, promised))
        return max(self._best.reached, settled)

    # what an event of it gets

    def _try(self, box: Box, promise: Promise) -> None:
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
        if self._tried >= self._most_tried or not self._fits_left:
            return
        if promise.is_decided and reached < promise.most:
            self._fits_left -= 1
            self._fit(box, low)

    def _fit(self, box: Box, low: frozenset[str]) -> None:
        """A limit refuses some of the credits: from the least amount of the box up, each doubled,
        to the greatest; from where other rules get something by halving the greatest amount that
        gets all that they get."""
        name = INDEXED.get(self._best.trigger)
        if name is None or name not in box.spans:
            return
        least = self._witness.lines(box, low | {name})
        most = self._witness.lines(box, low - {name})
        if least is None or most is None:
            return
        amount, end = amount_of(least[-1], name), amount_of(most[-1], name)
        place, seen = Place(box, low), set[frozenset[str]]()
        while amount < end and len(seen) < _MOST_FITTED:
            paid = self._paid(least, name, amount, place)
            if paid not in seen:
                seen.add(paid)
                self._fit_all(least, name, (amount, end), place)
            amount = max(1, 2 * amount)

    def _fit_all(self, lines: list[bytes], name: str, ends: tuple[int, int], place: Place) -> None:
        """By halving. `ends`: an amount that gets what is wanted, and one that does not."""
        fits, refused = ends
        wanted = self._paid(lines, name, fits, place)
        while refused - fits > 1:
            middle = (fits + refused) // 2
            if wanted <= self._paid(lines, name, middle, place):
                fits = middle
            else:
                refused = middle

    def _paid(self, lines: list[bytes], name: str, amount: int, place: Place) -> frozenset[str]:
        """The rules that credit something for an amount."""
        self._tried += 1
        lines = [*lines[:-1], of_amount(lines[-1], name, amount)]
        return frozenset(self._hold(lines, replace(place, amount=amount))[1])

    def _reach(self, box: Box, low: frozenset[str]) -> Decimal:
        if self._tried >= self._most_tried:
            return _ZERO
        self._tried += 1
        lines = self._witness.lines(box, low)
        return _ZERO if lines is None else self._hold(lines, Place(box, low))[0]

    def _hold(self, lines: list[bytes], place: Place) -> tuple[Decimal, tuple[str, ...]]:
        """What these events get, and by which rules; kept where it is the best so far."""
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
        return credited, rules
