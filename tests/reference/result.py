"""What came of a run: each effect with the line at which it came about."""

from dataclasses import dataclass, field
from typing import Any

Effects = list[tuple[int, Any]]


@dataclass
class Result:
    """`commands` and `journal` as on the wire, in order; `dead_letters` with code, offset, topic
    and value; `drifts`: a snapshot knew another balance; `reasons` by line and rule,
    `timer_reasons` by trigger, client, instant, and rule.

    The line of a timer is that of the event after it.
    """

    commands: Effects = field(default_factory=list)
    journal: Effects = field(default_factory=list)
    dead_letters: Effects = field(default_factory=list)
    drifts: Effects = field(default_factory=list)
    reasons: dict[int, dict[str, str]] = field(default_factory=dict)
    timer_reasons: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    line: int = 0

    def note(self, effects: Effects, effect: Any) -> None:
        """One more effect at the line that is being taken."""
        effects.append((self.line, effect))
