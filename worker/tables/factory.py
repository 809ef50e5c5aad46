"""The one place that knows which tables a URL means."""

from collections.abc import Collection, Sequence
from typing import Protocol

from worker.errors import Misconfigured
from worker.findings import Finding
from worker.tables.port import Tables

CLUSTER_SCHEMES = ("redis+cluster", "rediss+cluster")


class TablesFactory(Protocol):
    """The tables of all lanes, over one pool of connections."""

    def lane(self, n: int) -> Tables:
        """The tables of lane n. Misconfigured where n is beyond the table of hash tags."""

    async def check(self) -> Sequence[Finding]:
        """Reachable, fit and set up to keep what it acknowledges? Raises nothing."""

    async def durability(self) -> Sequence[Finding]:
        """What its settings can lose. Raises nothing; nothing where nobody answers."""

    async def empty(self, lanes: Collection[int]) -> int:
        """Nothing is left of the lanes when it returns; how many values there were. Nobody ever
        sees a part of a state: an owner that comes on the way stops loudly, or finds its head
        moved. Raises TablesUnavailable; begun again, it goes on."""

    async def close(self) -> None:
        """Wait for commits under way, then close the connections."""


def open_tables(
    url: str,
    prefix: str,
    *,
    username: str | None = None,
    password: str | None = None,
    deadline_seconds: float = 5.0,
) -> TablesFactory:
    """Tables by URL: `redis://`, `rediss://`, `redis+cluster://`, `rediss+cluster://`, `memory://`.

    `prefix` begins every key. `deadline_seconds` bounds each call, connecting included. Nothing is
    connected before the first call. Options of TLS may stand in the URL's query, such as
    `?ssl_ca_certs=/path`.
    """
    scheme = url.partition("://")[0]
    if scheme == "memory":
        from worker.tables.memory import MemoryTables

        return MemoryTables()
    if scheme not in ("redis", "rediss", *CLUSTER_SCHEMES):
        raise Misconfigured(
            f"LOYALTY_REDIS_URL has the scheme {scheme!r}, which is not known.",
            "Use redis://, rediss:// or redis+cluster://.",
        )
    from worker.tables.connect import cluster_client, single_client
    from worker.tables.redis import RedisTables

    connect = cluster_client if scheme in CLUSTER_SCHEMES else single_client
    client = connect(url, username=username, password=password)
    return RedisTables(client, prefix, deadline_seconds)
