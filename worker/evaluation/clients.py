"""The clients of one plan: as loaded, then as its events and timers leave them."""

from collections.abc import Mapping

from rules_engine.client import ClientState
from worker.tables.codec import pack_client, unpack_client

NOBODY = ClientState()


class BatchClients:
    """`rules_engine.timers.ports.Clients`. `written`: those that were put."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self.written: dict[str, ClientState] = {}
        self._values = values
        self._loaded: dict[str, ClientState] = {}

    def get(self, key: str) -> ClientState | None:
        """None for whoever has no value, or was not asked for when the values were loaded."""
        client = self.written.get(key) or self._loaded.get(key)
        if client is None and (raw := self._values.get(key)):
            client = self._loaded[key] = unpack_client(raw)
        return client

    def put(self, key: str, client: ClientState) -> None:
        self.written[key] = client

    def loaded(self, key: str) -> ClientState:
        """As of before the plan."""
        return self._loaded.get(key, NOBODY)

    def packed(self) -> dict[str, bytes]:
        return {key: pack_client(client) for key, client in self.written.items()}
