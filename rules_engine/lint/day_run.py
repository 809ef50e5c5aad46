"""One day of one client through the product's own evaluation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.calendar import calendar_of
from rules_engine.checked import CheckedRuleSet
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.lint.timers import TIMERS
from rules_engine.lint.witness import instant_of_line
from rules_engine.simulate import Simulated, simulate
from schemas.wire import AddBonus

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Credited:
    """What a day's lines get. `by_event`: each event, with the timers that ring before it; `rest`:
    the timers after all of them, the last of which credits at `until`. `groups`: the client's after
    each event. `by_rule`: of all together. `timers`: how many of these credit."""

    by_event: tuple[Decimal, ...]
    rest: Decimal
    until: int | None
    groups: tuple[tuple[str, ...], ...]
    by_rule: Mapping[str, Decimal]
    timers: int

    @property
    def total(self) -> Decimal:
        return sum(self.by_event, self.rest)


class Days:
    """The local days of a rule set. `evaluated`: how many events and timers were so far."""

    def __init__(self, rule_set: CheckedRuleSet, compiled: CompiledRuleSet) -> None:
        self._rule_set = rule_set
        self._compiled = compiled
        self._rings = any(rule.trigger in TIMERS for rule in rule_set.rules)
        self.organization_id = rule_set.organization_id
        self.minor_digits = rule_set.minor_digits
        self.evaluated = 0

    def start(self, day: int) -> int:
        """The first instant that is of this date in every club."""
        zones = {self._rule_set.time_zone, *self._rule_set.club_zones.values()}
        return max(calendar_of(zone).instant(day, 0) for zone in zones)

    def run(self, lines: Sequence[bytes], day: int) -> Credited:
        """What an import, which may be left out, and events get on the day, with the timers that
        ring on it."""
        end = calendar_of(self._rule_set.time_zone).instant(day + 1, 0) - 1
        amounts = [_ZERO] * (len(lines) + 1)
        groups: list[tuple[str, ...]] = [()] * len(lines)
        by_rule: dict[str, Decimal] = {}
        until, first, timers = None, 0, 0
        for taken in simulate(self._compiled, lines, end if self._rings else None):
            self.evaluated += 1
            if taken.event is not None and taken.event.type == "CLIENT_IMPORTED":
                first = 1
            if taken.outcome is None:
                continue
            if taken.event is not None:
                groups[taken.line] = taken.outcome.client.groups
            if self._day_of(taken) != day:
                continue
            is_credited = any(isinstance(each, AddBonus) for each in taken.outcome.commands)
            timers += is_credited and taken.rung is not None
            for command in taken.outcome.commands:
                if isinstance(command, AddBonus):
                    amount = Decimal(command.amount_major)
                    amounts[taken.line] += amount
                    by_rule[command.rule_id] = by_rule.get(command.rule_id, _ZERO) + amount
                    until = taken.clock if taken.line == len(lines) else None
        return Credited(
            tuple(amounts[first:-1]), amounts[-1], until, tuple(groups[first:]), by_rule, timers
        )

    def day_at(self, instant: int) -> int:
        """The date on which a timer rings."""
        return calendar_of(self._rule_set.time_zone).local_day(instant)

    def day_of(self, line: bytes) -> int:
        """The date of an event in its club."""
        return self._day_in(json.loads(line)["clubId"], instant_of_line(line))

    def _day_of(self, taken: Simulated) -> int:
        event = taken.event
        if event is None:
            return self.day_at(taken.clock)
        return self._day_in(event.club_id, event.occurred_at)

    def _day_in(self, club_id: str, instant: int) -> int:
        zone = self._rule_set.club_zones.get(club_id, self._rule_set.time_zone)
        return calendar_of(zone).local_day(instant)
