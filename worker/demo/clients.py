"""The sample network's people: clubs, and clients with habits that last."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import TypeVar

T = TypeVar("T")

OPENING = date(2025, 3, 3)
"""The Monday on which the sample traffic begins."""
CLIENTS = 300
NEW_SHARE = 0.25
"""Of the clients: registered within the last month."""


class Dice:
    """Chances from `Random.random` alone, the one method whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def chance(self, share: float) -> bool:
        return self._random() < share

    def between(self, low: int, high: int) -> int:
        """`low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, of: Sequence[T]) -> T:
        return of[int(self._random() * len(of))]

    def weighted(self, of: Sequence[tuple[T, float]]) -> T:
        left = self._random() * sum(weight for _, weight in of)
        for item, weight in of:
            left -= weight
            if left < 0:
                return item
        return of[-1][0]


@dataclass(frozen=True)
class Club:
    club_id: str
    usual_topup: int
    """The amount that most deposits are near, in whole major units."""


CLUBS = (Club("club-150", 150), Club("club-300", 300), Club("club-9", 150))
SOURCES = ("ACQUIRING", "POS_TERMINAL", "CASH")


@dataclass
class Client:
    """One client. `frequency` weighs how often the client comes, `thirst` the orders at the bar."""

    client_id: str
    club: Club
    source: str
    generosity: float
    frequency: float
    thirst: float
    registered: date
    birthday: date
    groups: tuple[str, ...]
    here: bool = False
    introduced: bool = False
    """A top-up has carried the CRM's snapshot of the client."""
    deposited: int = field(default=0)
    """Whole major units since the traffic began: bounds what is paid with bonuses."""


def make_clients(dice: Dice) -> list[Client]:
    return [_make_client(dice, number) for number in range(1, CLIENTS + 1)]


def _make_client(dice: Dice, number: int) -> Client:
    new = dice.chance(NEW_SHARE)
    age = dice.between(0, 28) if new else dice.between(40, 900)
    return Client(
        client_id=f"c-{number:04d}",
        club=dice.weighted(((CLUBS[0], 5), (CLUBS[1], 3), (CLUBS[2], 2))),
        source=dice.weighted(((SOURCES[0], 5), (SOURCES[1], 3), (SOURCES[2], 2))),
        generosity=dice.weighted(((0.7, 3), (1.0, 6), (1.6, 3), (3.0, 1))),
        frequency=dice.weighted(((0.5, 4), (1.0, 4), (2.2, 2))),
        thirst=dice.weighted(((0.1, 4), (0.4, 4), (0.8, 2))),
        registered=OPENING - timedelta(days=age),
        birthday=date(dice.between(1985, 2009), dice.between(1, 12), dice.between(1, 28)),
        groups=dice.weighted((((), 16), (("vip",), 3), (("staff",), 1))),
    )
