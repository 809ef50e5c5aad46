"""Books of rules: any number of them, of mixed shapes, over fifty clubs.

Up to twenty rules are for every club, all others for one each. As in `workload/rules.py` the text
of a condition or credit is what the rule language, Python and asteval have in common. Amounts of
the events are spread evenly, so the share of events in which a rule fires is set by the width of
its band of amounts: it decides how many rules fire for an event, whatever the size of the book.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.workload.rules import PAYMENT, TOPUP, VISIT_ENDED, VISIT_STARTED, Rule

ORGANIZATION = "izi"
TIME_ZONE = "Europe/Moscow"
CLUBS = tuple(f"club-{number}" for number in range(1, 51))
EVERYWHERE = 20

LEAST, MOST, STEP = 100, 10_000, 10
"""Amounts of the events in major units; minutes of a visit are a twentieth of such an amount."""

SOURCES = ("ACQUIRING", "POS_TERMINAL", "CASH")
PRODUCTS = ("TARIFF", "BAR", "MULTIPASS")
_TRIGGERS = (TOPUP,) * 6 + (VISIT_STARTED, VISIT_ENDED, PAYMENT, PAYMENT)
"""Rules and events come in these proportions."""

MEAN_TOPUPS = 30
"""About as many top-ups as a client has behind it: counts of milestones lie around it."""


@dataclass(frozen=True)
class Mix:
    """How many rules fire: `per_event` on average, or that `share` of an event's candidates
    (the rules of its trigger that are for its club)."""

    name: str
    per_event: float = 0.0
    share: float = 0.0

    def chance(self, candidates: float) -> float:
        """How often one candidate has to fire."""
        return min(0.9, self.share or self.per_event / candidates)


MIXES = (Mix("1 an event", per_event=1.0), Mix("3 % of candidates", share=0.03))


def trigger_of(number: int) -> str:
    """The trigger of the n-th rule or event."""
    return _TRIGGERS[number % len(_TRIGGERS)]


def book(size: int, mix: Mix, seed: int) -> list[Rule]:
    """So many rules in matching order: priority descending, then id ascending."""
    everywhere = min(size, EVERYWHERE)
    candidates = everywhere + (size - everywhere) / len(CLUBS)
    writer = _Writer(random.Random(seed), mix, candidates / len(_TRIGGERS))
    rules = []
    for number in range(size):
        rules.append(writer.rule(number, "" if number < everywhere else _club_of(number)))
    return sorted(rules, key=lambda rule: (-rule.priority, rule.id))


def _club_of(number: int) -> str:
    """Rules in turn are of clubs in turn; a club comes to rules of every trigger."""
    round_, place = divmod(number, len(_TRIGGERS))
    return CLUBS[(17 * round_ + place) % len(CLUBS)]


class _Writer:
    """Writes one rule after the other. `unit`: candidates of a trigger with one share."""

    def __init__(self, dice: random.Random, mix: Mix, unit: float) -> None:
        self._dice, self._mix, self._unit = dice, mix, unit

    def rule(self, number: int, club: str) -> Rule:
        trigger = trigger_of(number)
        chance = self._mix.chance(self._unit * _TRIGGERS.count(trigger))
        shapes = {
            TOPUP: self._topup,
            VISIT_STARTED: self._visit_started,
            VISIT_ENDED: self._visit_ended,
            PAYMENT: self._payment,
        }
        shape = number // len(_TRIGGERS)
        when, credit = shapes[trigger](shape + number, chance)
        exclusive = f"group-{club}-{trigger}-{shape % 3}" if shape % 4 == 0 else ""
        name = f"{trigger.lower().replace('_', '-')}-{number:05d}"
        return Rule(name, trigger, when, credit, club, exclusive, priority=shape % 5)

    def _topup(self, shape: int, chance: float) -> tuple[str, str]:
        name, dice = "topupAmountMajor", self._dice
        hour, total = dice.randrange(0, 18), dice.choice((20_000, 60_000, 120_000))
        conditions = (
            ("", 1.0),
            (f" and topUpSource == '{dice.choice(SOURCES)}'", 1 / 3),
            (f" and hour >= {hour} and hour < {hour + 6}", 1 / 4),
            (f" and dayOfWeek == {dice.randint(1, 7)} and hour < 12", 1 / 14),
            (f" and topupCount == {dice.randrange(MEAN_TOPUPS * 2)}", 1 / 60),
            (f" and totalTopupMajor >= {total}", 0.7),
            (f" and topupCount >= 5 and {name} * topupCount >= totalTopupMajor * 1", 0.5),
        )
        condition, share = conditions[shape % len(conditions)]
        return self._band(name, chance / share) + condition, self._credit(shape, name)

    def _visit_started(self, shape: int, chance: float) -> tuple[str, str]:
        hour = self._dice.randrange(24)
        width = max(1, round(chance * 24))
        when = f"hour >= {hour} and hour < {hour + width}"
        if shape % 2:
            when = f"visitCount == {self._dice.randrange(100)}"
        return when, f"{self._dice.randrange(5, 50)}"

    def _visit_ended(self, shape: int, chance: float) -> tuple[str, str]:
        name, share = "durationMinutes", 1.0
        hour, condition = self._dice.randrange(0, 18), ""
        if shape % 2:
            condition, share = f" and hour >= {hour} and hour < {hour + 6}", 1 / 4
        band = self._band(name, chance / share, LEAST // 20, MOST // 20)
        return band + condition, f"{self._dice.randrange(5, 50)}"

    def _payment(self, shape: int, chance: float) -> tuple[str, str]:
        name, total = "totalAmountMajor", self._dice.choice((10_000, 50_000))
        condition, share = f" and productType == '{self._dice.choice(PRODUCTS)}'", 1 / 3
        if shape % 3 == 0:
            condition, share = f" and totalSpentMajor >= {total}", 0.8
        return self._band(name, chance / share) + condition, self._credit(shape, name)

    def _band(self, name: str, chance: float, least: int = LEAST, most: int = MOST) -> str:
        """A condition that holds for such a share of the numbers; some have no upper end."""
        width = max(1, round(min(1.0, chance) * (most - least)))
        if self._dice.random() < 0.1:
            return f"{name} >= {most - width}"
        lower = least + self._dice.randrange(max(1, most - least - width))
        if self._dice.random() < 0.5:
            return f"{lower} <= {name} < {lower + width}"
        return f"{name} >= {lower} and {name} < {lower + width}"

    def _credit(self, shape: int, name: str) -> str:
        percent = self._dice.randint(1, 20)
        return (
            f"percent({name}, {percent})",
            f"{percent * 5}",
            f"min(percent({name}, {percent}), 300)",
        )[shape % 3]


def rule_set_yaml(rules: Sequence[Rule]) -> str:
    """The book as its author would have written it."""
    head = {
        "organizationId": ORGANIZATION,
        "version": "benchmark.1",
        "timeZone": TIME_ZONE,
        "currency": "RUB",
    }
    lines = [f"{name}: {json.dumps(value)}" for name, value in head.items()]
    return "\n".join([*lines, "rules:", *(line for each in rules for line in _authored(each))])


def _authored(rule: Rule) -> Iterator[str]:
    yield f"- id: {rule.id}"
    yield f"  name: {rule.id}"
    yield f"  trigger: {rule.trigger}"
    yield f"  priority: {rule.priority}"
    if rule.club:
        yield f"  clubIds: [{rule.club}]"
    yield f"  when: {rule.when}"
    if rule.exclusive:
        yield f"  exclusive: {rule.exclusive}"
    yield "  actions:"
    yield f'  - {{type: ADD_BONUS, formula: "{rule.credit}"}}'
