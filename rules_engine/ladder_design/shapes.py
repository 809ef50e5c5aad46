"""The shapes of ladders: multiples of the average top-up and percentages, by kind of club."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class Shape(StrEnum):
    """Which club a ladder is for."""

    STANDARD = "standard"
    YOUNG = "young"
    MATURE = "mature"
    PREMIUM = "premium"


@dataclass(frozen=True)
class Plan:
    """A tier before the average is known: a multiple of it, and the percentage."""

    id: str
    times_average: Decimal
    percent: Decimal


def _shape(*plans: tuple[str, str, int]) -> tuple[Plan, ...]:
    return tuple(Plan(id_, Decimal(times), Decimal(percent)) for id_, times, percent in plans)


SHAPES: Mapping[Shape, tuple[Plan, ...]] = MappingProxyType(
    {
        Shape.STANDARD: _shape(("entry", "1.3", 5), ("anchor", "2.9", 12), ("premium", "5.6", 20)),
        Shape.YOUNG: _shape(("entry", "1.3", 10), ("anchor", "2.5", 15)),
        Shape.MATURE: _shape(("entry", "1.3", 5), ("anchor", "2.9", 10), ("premium", "5.6", 15)),
        Shape.PREMIUM: _shape(("entry", "2", 3), ("anchor", "4", 7), ("premium", "8", 12)),
    }
)
"""STANDARD is the guide's parametric formula: × 1.3, × 2.5–3 and × 5–6 at 4–6, 10–14 and 18–22 %,
with the rates 5, 12 and 20 of its illustrations; 2.9 and 5.6 give the thresholds of both of them
("Top-Up Bonus Guide for Gaming Clubs", "Parametric Formula" and "Formula Illustration"). The others
are its "When to Use Which Ladder Shape"."""
