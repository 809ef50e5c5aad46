"""What one batch came to, in numbers: filled by the evaluation, read by metrics and console.

Dictionaries of counts, so that a batch costs a few additions and not a call per event.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct, field

from rules_engine.outcome import Outcome, Reason, Rejection
from schemas.wire import AddBonus, Command


class BatchReport(Struct):
    """Counts by label values, in the order of the labels of the metric of the same name."""

    events: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """(topic, type, organization): readable events, duplicates among them."""
    duplicates: dict[str, int] = field(default_factory=dict)
    """organization"""
    dead_letters: dict[tuple[str, str], int] = field(default_factory=dict)
    """(topic, code)"""
    firings: dict[tuple[str, str], int] = field(default_factory=dict)
    """(organization, rule)"""
    rejections: dict[tuple[str, str], int] = field(default_factory=dict)
    """(organization, reason)"""
    formula_failures: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """(organization, rule, cause)"""
    commands: dict[tuple[str, str], int] = field(default_factory=dict)
    """(type, organization)"""
    drifts: dict[str, int] = field(default_factory=dict)
    """organization: balances of the CRM that this projection does not have"""
    credited: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
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
        self.events[key] = self.events.get(key, 0) + 1
        if outcome.duplicate:
            self.duplicates[organization] = self.duplicates.get(organization, 0) + 1
        if outcome.has_drifted:
            self.drifts[organization] = self.drifts.get(organization, 0) + 1
        self._count_rules(organization, outcome)

    def timer(self, organization: str, due: int, outcome: Outcome) -> None:
        """One unit of timers that was taken."""
        self.timers.append(due)
        self._count_rules(organization, outcome)

    def _count_rules(self, organization: str, outcome: Outcome) -> None:
        for rule in outcome.fired:
            firing = (organization, rule)
            self.firings[firing] = self.firings.get(firing, 0) + 1
        if outcome.commands:
            self._count_commands(organization, outcome.commands)
        if outcome.rejections:
            self._count_rejections(organization, outcome.rejections)

    def dead_letter(self, topic: str, code: str) -> None:
        """One record that could not be taken."""
        key = (topic, code)
        self.dead_letters[key] = self.dead_letters.get(key, 0) + 1

    def _count_commands(self, organization: str, commands: Iterable[Command]) -> None:
        for command in commands:
            key = (command.type, organization)
            self.commands[key] = self.commands.get(key, 0) + 1
            if isinstance(command, AddBonus):
                credit = (organization, command.currency, command.rule_id)
                amount = Decimal(command.amount_major)
                self.credited[credit] = self.credited.get(credit, Decimal(0)) + amount

    def _count_rejections(self, organization: str, rejections: Iterable[Rejection]) -> None:
        for rejection in rejections:
            key = (organization, rejection.reason.value)
            self.rejections[key] = self.rejections.get(key, 0) + 1
            if rejection.reason is Reason.FORMULA_FAILED:
                failure = (organization, rejection.rule_id, rejection.detail)
                self.formula_failures[failure] = self.formula_failures.get(failure, 0) + 1
