"""Rule tests after every check: the only thing that `run_cases` takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from rules_engine.checked import CheckedRuleSet
from rules_engine.document import Document, Path
from rules_engine.outcome import Reason

Wanted = Decimal | int | str | tuple[str, ...] | Mapping[str, tuple[str, ...]]


class How(Enum):
    """How a field is compared: as text, as an amount, as an instant, as a list."""

    TEXT = auto()
    AMOUNT = auto()
    INSTANT = auto()
    TEXTS = auto()
    RESTRICTION = auto()


@dataclass(frozen=True)
class Field:
    """One field of an expected command or record: the wire's name, and what it is to be."""

    name: str
    how: How
    wanted: Wanted


@dataclass(frozen=True)
class Pattern:
    """A command or a record by the fields that its author named. `path`: where it is written."""

    path: Path
    fields: tuple[Field, ...]

    def wanted(self, name: str) -> Wanted | None:
        return next((each.wanted for each in self.fields if each.name == name), None)


@dataclass(frozen=True)
class ReasonPattern:
    """Why a rule did not fire at the event or timer `event_id`; None: the last that it was asked
    at."""

    path: Path
    rule_id: str
    reason: Reason
    detail: str | None
    event_id: str | None


@dataclass(frozen=True)
class CheckedCase:
    """`history` and `events` are lines as `simulate` reads them; `until`: an instant, up to which
    time goes on after them. `commands` and `journal` are None where they are not looked at."""

    name: str
    path: Path
    line: int
    history: tuple[bytes, ...]
    events: tuple[bytes, ...]
    until: int | None
    commands: tuple[Pattern, ...] | None
    journal: tuple[Pattern, ...] | None
    reasons: tuple[ReasonPattern, ...]


@dataclass(frozen=True)
class CheckedCases:
    """The tests of one file, checked against the rule set that they are about."""

    file: str
    document: Document
    rule_set: CheckedRuleSet
    cases: tuple[CheckedCase, ...]
