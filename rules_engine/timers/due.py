"""What is due, and in which order."""

from enum import IntEnum

from msgspec import Struct

SEPARATOR = "\x1f"


class Rank(IntEnum):
    """The order at one instant. The numbers are kept in plans and heads: they never change.

    Ranks up to `BONUS_EXPIRED` are due by the client's own value, which holds them until they are
    carried out (*state-driven*). The others are due on a date that a fact of the client gives; the
    position of the walk alone says which have been taken (*fact-driven*).
    """

    LAPSE = 0
    GROUP_EXPIRY = 1
    BONUS_EXPIRED = 2
    AFTER_FIRST_VISIT = 3
    BIRTHDAY = 4
    BONUS_EXPIRING = 5
    CLIENT_ABSENT = 6


FIRST_OF_RULES = Rank.BONUS_EXPIRED
"""From it on a rank is the trigger of rules, under its own name."""


class Due(Struct, frozen=True, order=True, array_like=True):
    """One unit: everything of one rank for one client at one instant.

    `at`: microseconds since the epoch; `key`: organization ␟ client. Units are taken in ascending
    order, all ranks of an instant before the next instant, all clients of a rank before the next
    rank.
    """

    at: int
    rank: int
    key: str


class Position(Struct, frozen=True, array_like=True):
    """How far a walk has come: everything due up to `at` was taken, or, with `timer`, everything up
    to that unit (whose instant `at` is then)."""

    at: int
    timer: Due | None = None

    def is_behind(self, due: Due) -> bool:
        """Is the unit still to come?"""
        return due.at > self.at if self.timer is None else due > self.timer

    def late(self, due: Due) -> Due:
        """The unit as it is taken: where its instant has passed, just after the position."""
        if not self.is_behind(due):
            due = Due(self.at, due.rank, due.key)
        return due if self.is_behind(due) else Due(self.at + 1, due.rank, due.key)


def client_key(organization_id: str, client_id: str) -> str:
    return organization_id + SEPARATOR + client_id


def split_client_key(key: str) -> tuple[str, str]:
    """Organization and client."""
    organization_id, _, client_id = key.partition(SEPARATOR)
    return organization_id, client_id
