"""A compiled rule set: what `evaluate` runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules_engine.books.terms import BookTerms
from rules_engine.budgets.port import Budgets
from rules_engine.checked import Amount, CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.outcome import Origin
from rules_engine.run import Run
from rules_engine.timers.agenda import Agenda
from rules_engine.timers.events import TimerEvent
from rules_engine.timers.firing import Together
from schemas.decoded import Event

Decide = Callable[[Event, ClientState, Origin, Budgets], Run | None]
"""What the rules of one trigger make of an event; None where they had nothing to say at all.

Runs under the evaluation's decimal context. The client is as it was before the event.
"""

DecideTimer = Callable[[TimerEvent, ClientState, Together, Budgets], Run | None]
"""What one rule that a timer starts makes of its own event, in the run of all that are due."""


@dataclass(frozen=True, slots=True)
class TriggerRules:
    """`by_club`: clubs that rules name or that have a zone of their own; all others share one."""

    by_club: Mapping[str, Decide]
    elsewhere: Decide


@dataclass(frozen=True, slots=True)
class TimerRule:
    """As `TriggerRules`, for a single rule."""

    by_club: Mapping[str, DecideTimer]
    elsewhere: DecideTimer


@dataclass(frozen=True, slots=True)
class CompiledRuleSet:
    """`checked` is what it was made of; `budgets`: by rule id, the set's under ""; `books`: what it
    says of the bonus account; `source` the generated text, for eyes only; `timers`: rules that a
    timer starts, by their place among the rules; `agenda`: when they are due."""

    checked: CheckedRuleSet
    budgets: Mapping[str, Amount]
    triggers: Mapping[str, TriggerRules]
    books: BookTerms
    source: str
    timers: Mapping[int, TimerRule]
    agenda: Agenda

    @property
    def organization_id(self) -> str:
        return self.checked.organization_id

    @property
    def version(self) -> str:
        return self.checked.version

    @property
    def content_hash(self) -> str:
        return self.checked.content_hash

    @property
    def minor_digits(self) -> int:
        return self.checked.minor_digits
