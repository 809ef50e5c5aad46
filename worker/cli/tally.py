"""What a simulation came to, in numbers."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules_engine.outcome import Reason
from rules_engine.wording import counted
from schemas.wire import AddBonus

if TYPE_CHECKING:
    from rules_engine.simulate import Simulated


class Tally:
    """Adds up one simulation; money by rule is exact."""

    def __init__(self) -> None:
        self.events = 0
        self.duplicates = 0
        self.commands: Counter[str] = Counter()
        self.dead_letters: Counter[str] = Counter()
        self.firings: Counter[str] = Counter()
        self.failures: Counter[tuple[str, str]] = Counter()
        self.credited: defaultdict[str, Decimal] = defaultdict(Decimal)

    def add(self, simulated: "Simulated") -> None:
        self.events += simulated.rung is None
        if simulated.dead_letter is not None:
            self.dead_letters[json.loads(simulated.dead_letter)["headers"]["error.code"]] += 1
        outcome = simulated.outcome
        if outcome is None:
            return
        self.duplicates += outcome.duplicate
        self.firings.update(outcome.fired)
        for rejection in outcome.rejections:
            if rejection.reason is Reason.FORMULA_FAILED:
                self.failures[rejection.rule_id, rejection.detail] += 1
        for command in outcome.commands:
            self.commands[command.type] += 1
            if isinstance(command, AddBonus):
                self.credited[command.rule_id] += Decimal(command.amount_major)

    def summary(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "commands": dict(sorted(self.commands.items())),
            "deadLetters": dict(sorted(self.dead_letters.items())),
            "duplicates": self.duplicates,
            "rules": {
                rule: {"firings": number, "creditedMajor": f"{self.credited[rule]:f}"}
                for rule, number in sorted(self.firings.items())
            },
            "formulaFailures": [
                {"rule": rule, "cause": cause, "times": times}
                for (rule, cause), times in sorted(self.failures.items())
            ],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        yield (
            f"{counted(self.events, 'event')}, {counted(self.commands.total(), 'command')}, "
            f"{counted(self.duplicates, 'duplicate')}, "
            f"{counted(self.dead_letters.total(), 'dead letter')}"
        )
        for kind, number in sorted(self.commands.items()):
            yield f"  {kind}: {number}"
        for code, number in sorted(self.dead_letters.items()):
            yield f"  dead letter {code}: {number}"
        for rule, number in sorted(self.firings.items()):
            yield f"  rule {rule}: {counted(number, 'firing')}, credited {self.credited[rule]:f}"
        for (rule, cause), number in sorted(self.failures.items()):
            yield f"  rule {rule}: formula failed {counted(number, 'time')}, {cause}"
