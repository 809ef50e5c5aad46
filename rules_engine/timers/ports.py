"""What a walk needs of the world: values of clients, and who may have something due."""

from collections.abc import Sequence
from typing import Protocol

from rules_engine.client import ClientState
from rules_engine.timers.facts import Fact


class Clients(Protocol):
    """Values by key (organization ␟ client)."""

    def get(self, key: str) -> ClientState | None:
        """The client as it is now; None: not known."""

    def put(self, key: str, client: ClientState) -> None:
        """The value after a timer."""


class Candidates(Protocol):
    """Who may have something due. May name too many, never too few."""

    def holders(
        self, organization_id: str, fact: Fact, first_day: int, last_day: int
    ) -> Sequence[str]:
        """Keys of the organization's clients with such an entry, both days included; in any order,
        also more than once."""

    def waking(self, until_us: int) -> Sequence[tuple[int, str]]:
        """(wake, key) of clients with something state-driven due by then
        (`facts.next_state_driven`), in any order. Asked with ever later instants; who was named
        once need not be named again until the value changes."""

    def changed(self, key: str, before: ClientState | None, after: ClientState) -> None:
        """A client's value changed: its new entries have to be found from now on."""
