"""What one batch came to, in numbers: filled by the evaluation, read by metrics and console.

Dictionaries of counts, so that a batch costs a few additions and not a call per event.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from rules_engine.outcome import Outcome, Reason, Rejection
from schemas.wire import AddBonus, Command


def _counts() -> defaultdict[Any, int]:
    return defaultdict(int)


class BatchReport(Struct):
    """Counts by label values, in the order of the labels of the metric of the same name."""

    events: defaultdict[tuple[str, str, str], int] = field(default_factory=_counts)
    """(topic, type, organization): readable events, duplicates among them."""
    duplicates: defaultdict[str, int] = field(default_factory=_counts)
    """organization"""
    dead_letters: defaultdict[tuple[str, str], int] = field(default_factory=_counts)
    """(topic, code)"""
    firings: defaultdict[tuple[str, str], int] = field(default_factory=_counts)
    """(organization, rule)"""
    rejections: defaultdict[tuple[str, str], int] = field(default_factory=_counts)
    """(organization, reason)"""
    formula_failures: defaultdict[tuple[str, str, str], int] = field(default_factory=_counts)
    """(organization, rule, cause)"""
    commands: defaultdict[tuple[str, str], int] = field(default_factory=_counts)
    """(type, organization)"""
    drifts: defaultdict[str, int] = field(default_factory=_counts)
    """organization: balances of the CRM that this projection does not have"""
    credited: defaultdict[tuple[str, str, str], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )
    """(organization, currency, rule): major units"""

    timers: list[int] = field(default_factory=list)
    """Due instants of the timers that were taken, microseconds since the epoch."""
    timers_left: int = 0
    """Candidates that were looked at, and left to the next plan."""

    def event(self, topic: str, kind: str, organization: str, outcome: Outcome) -> None:
        """One event that could be read, with what the rules made of it."""
        if outcome.rejected is not None:
            self.dead_letter(topic, outcome.rejected.code)
            return
        key = (topic, kind, organization)
        self.events[key] += 1
        if outcome.duplicate:
            self.duplicates[organization] += 1
        if outcome.has_drifted:
            self.drifts[organization] += 1
        self._count_rules(organization, outcome)

    def timer(self, organization: str, due: int, outcome: Outcome) -> None:
        """One unit of timers that was taken."""
        self.timers.append(due)
        self._count_rules(organization, outcome)

    def _count_rules(self, organization: str, outcome: Outcome) -> None:
        for rule in outcome.fired:
            self.firings[organization, rule] += 1
        if outcome.commands:
            self._count_commands(organization, outcome.commands)
        if outcome.rejections:
            self._count_rejections(organization, outcome.rejections)

    def dead_letter(self, topic: str, code: str) -> None:
        """One record that could not be taken."""
        key = (topic, code)
        self.dead_letters[key] += 1

    def _count_commands(self, organization: str, commands: Iterable[Command]) -> None:
        for command in commands:
            self.commands[command.type, organization] += 1
            if type(command) is AddBonus:
                credit = (organization, command.currency, command.rule_id)
                self.credited[credit] += Decimal(command.amount_major)

    def _count_rejections(self, organization: str, rejections: Iterable[Rejection]) -> None:
        for rejection in rejections:
            self.rejections[organization, rejection.reason.value] += 1
            if rejection.reason is Reason.FORMULA_FAILED:
                failure = (organization, rejection.rule_id, rejection.detail)
                self.formula_failures[failure] += 1


class NoReport(BatchReport):
    """Of a batch that nobody asks about, as those of a rebuild: counting is some 4 % of what it
    costs."""

    def event(self, topic: str, kind: str, organization: str, outcome: Outcome) -> None: ...
    def timer(self, organization: str, due: int, outcome: Outcome) -> None: ...
    def dead_letter(self, topic: str, code: str) -> None: ...
