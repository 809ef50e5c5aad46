"""What was expected against what happened: a list in any order, by the fields that were named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rules_engine.cases.checked import Field, How, Pattern
from schemas.instants import parse_instant


@dataclass(frozen=True)
class Happened:
    """A command or a record as on the wire, with its event's id among its fields."""

    fields: Mapping[str, Any]

    @staticmethod
    def of(wire: Mapping[str, Any]) -> "Happened":
        return Happened({**wire, "eventId": wire["causedBy"]["eventId"]})

    @property
    def event_id(self) -> str:
        return str(self.fields["eventId"])


@dataclass(frozen=True)
class Unmet:
    """A pattern that nothing met. `nearest`: what comes nearest among what nobody expected, with
    the fields in which it is another."""

    pattern: Pattern
    nearest: Happened | None
    differing: tuple[Field, ...]


def match(
    patterns: Sequence[Pattern], happened: Sequence[Happened]
) -> tuple[list[Unmet], list[Happened]]:
    """Patterns that nothing met, and what met no pattern and is near none.

    As many patterns as can be are given something of their own: an augmenting path moves what
    fits several to where nothing else does.
    """
    holder = _assigned(patterns, happened)
    met = set(holder.values())
    left = [each for number, each in enumerate(happened) if number not in holder]
    unmet: list[Unmet] = []
    for number, pattern in enumerate(patterns):
        if number not in met:
            nearest = _nearest(pattern, left)
            differing = () if nearest is None else tuple(differences(pattern, nearest))
            unmet.append(Unmet(pattern, nearest, differing))
            if nearest is not None:
                left.remove(nearest)
    return unmet, left


def differences(pattern: Pattern, happened: Happened) -> Iterator[Field]:
    """The fields in which what happened is another than what was expected."""
    for field in pattern.fields:
        if not _holds(field, happened.fields.get(field.name)):
            yield field


def _assigned(patterns: Sequence[Pattern], happened: Sequence[Happened]) -> dict[int, int]:
    """Number of what happened → number of its pattern."""
    fits = [
        [at for at, each in enumerate(happened) if not any(differences(pattern, each))]
        for pattern in patterns
    ]
    holder: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for at in fits[number]:
            if at in tried:
                continue
            tried.add(at)
            if at not in holder or place(holder[at], tried):
                holder[at] = number
                return True
        return False

    for number in range(len(patterns)):
        place(number, set())
    return holder


def _nearest(pattern: Pattern, left: Sequence[Happened]) -> Happened | None:
    """The one with most fields as expected, its rule above all; one with none is not near."""
    best, most = None, 0
    for each in left:
        differing = {field.name for field in differences(pattern, each)}
        shared = [field.name for field in pattern.fields if field.name not in differing]
        score = len(shared) + len(pattern.fields) * ("ruleId" in shared)
        if score > most:
            best, most = each, score
    return best


def _holds(field: Field, value: Any) -> bool:
    if value is None:
        return False
    if field.how is How.AMOUNT:
        return Decimal(value) == field.wanted
    if field.how is How.INSTANT:
        return parse_instant(value) == field.wanted
    if field.how is How.TEXTS:
        return tuple(value) == field.wanted
    if field.how is How.RESTRICTION:
        return {key: tuple(held) for key, held in value.items()} == field.wanted
    return bool(value == field.wanted)
