"""Clients for money: no retries, no timeout per command, packing in C.

redis-py retries writes of unknown outcome ten times by default; here an unknown outcome is the
caller's to resolve. Its socket timeout starts a task per command; the tables have one deadline per
call instead.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import hiredis
from redis.asyncio import Connection, ConnectionPool, Redis, RedisCluster, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.typing import EncodableT

from worker.errors import Misconfigured

Client = Redis | RedisCluster


def _pack(args: tuple[EncodableT, ...]) -> list[bytes]:
    """One command. A name of two words ("CLIENT SETINFO") is two arguments on the wire."""
    first = args[0]
    if isinstance(first, str) and " " in first:
        args = (*first.split(), *args[1:])
    packed: bytes = hiredis.pack_command(args)
    return [packed]


class PackedConnection(Connection):
    """redis-py packs asyncio commands in Python: a quarter of an event's cost."""

    def pack_command(self, *args: EncodableT) -> list[bytes]:
        return _pack(args)


class PackedTLSConnection(SSLConnection):
    """The same over TLS."""

    def pack_command(self, *args: EncodableT) -> list[bytes]:
        return _pack(args)


_OPTIONS: dict[str, Any] = {
    "protocol": 2,
    "socket_timeout": None,
    "socket_connect_timeout": None,
    "socket_keepalive": True,
    "health_check_interval": 0,
    "decode_responses": False,
    "max_connections": 4096,
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}


def _options(url: str, username: str | None, password: str | None) -> dict[str, Any]:
    """What the URL says, but for what must not be changed."""
    try:
        options: dict[str, Any] = dict(parse_url(url))
    except ValueError as error:
        raise Misconfigured(
            f"LOYALTY_REDIS_URL cannot be read: {error}.", "Write it as redis://host:port/database."
        ) from error
    if username is not None:
        options["username"] = username
    if password is not None:
        options["password"] = password
    return {**options, **_OPTIONS}


def single_client(url: str, *, username: str | None, password: str | None) -> Redis:
    """One server, `redis://` or `rediss://`."""
    options = _options(url, username, password)
    tls = options.pop("connection_class", None) is SSLConnection
    pool: ConnectionPool = ConnectionPool(
        connection_class=PackedTLSConnection if tls else PackedConnection,
        retry=Retry(NoBackoff(), 0),
        **options,
    )
    return Redis.from_pool(pool)


def cluster_client(url: str, *, username: str | None, password: str | None) -> RedisCluster:
    """A cluster, `redis+cluster://host:port[,host:port…]`, `rediss+cluster://` with TLS.

    Redirections are followed (a redirected command was not executed); nothing else is repeated.
    """
    scheme, _, rest = url.partition("://")
    hosts, slash, query = rest.partition("/")
    first, *others = hosts.split(",")
    options = _options(
        f"{scheme.removesuffix('+cluster')}://{first}{slash}{query}", username, password
    )
    options["ssl"] = options.pop("connection_class", None) is SSLConnection
    host, port = options.pop("host", "localhost"), options.pop("port", 6379)
    addresses = [(host, port), *((p.hostname or "", p.port or 6379) for p in map(_address, others))]
    client = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in addresses],
        retry=Retry(NoBackoff(), 0),
        reinitialize_steps=0,  # else five redirections close the connections of every lane
        **options,
    )
    packed: Callable[..., Connection] = PackedTLSConnection if options["ssl"] else PackedConnection
    client.nodes_manager.connection_kwargs["connection_class"] = packed
    return client


async def execute(client: Client, key: str, *command: str | int | bytes) -> Any:
    """One command where `key` lies: by itself redis-py sends scripts to any node of a cluster."""
    if isinstance(client, RedisCluster):
        await client.initialize()
        node = client.get_node_from_key(key)
        return await client.execute_command(*command, target_nodes=node)
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]


def _address(text: str) -> Any:
    return urlsplit(f"//{text}")
