"""Is this Redis fit to hold what must not be lost?"""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import RedisCluster

from worker.findings import Finding
from worker.tables.connect import Client

OLDEST = (7, 0)
CONNECTION = "connection"
"""The subject of a finding of no answer."""

Info = Mapping[str, Any]


async def check_redis(client: Client) -> Sequence[Finding]:
    """Findings of every server that holds lanes. Raises what the client raises."""
    if not isinstance(client, RedisCluster):
        return check_server("server", await client.info())
    await client.initialize()
    findings: list[Finding] = []
    for node in client.get_primaries():
        findings += check_server(node.name, await client.info(target_nodes=node))
    return findings


def check_server(name: str, info: Info) -> list[Finding]:
    """`info`: the answer to INFO."""
    checks = (_version, _eviction, _role, _persistence, _loading)
    return [finding for check in checks for finding in check(name, info)]


def _version(name: str, info: Info) -> list[Finding]:
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) >= OLDEST:
        return []
    return [
        Finding("redis", name, f"It is Redis {version}.", "Use Redis 7.0 or newer, or Valkey 7.2.")
    ]


def _eviction(name: str, info: Info) -> list[Finding]:
    policy = info.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return []
    message = f"maxmemory-policy is {policy}: full memory would silently forget clients."
    return [Finding("redis", name, message, "Set maxmemory-policy noeviction.")]


def _role(name: str, info: Info) -> list[Finding]:
    if info.get("role", "master") == "master":
        return []
    return [Finding("redis", name, "It is a replica.", "Point LOYALTY_REDIS_URL at the master.")]


def _persistence(name: str, info: Info) -> list[Finding]:
    if info.get("aof_enabled", 1):
        return []
    message = "It keeps no append-only file: after a restart lanes replay from the last snapshot."
    return [Finding("redis", name, message, "Set appendonly yes.", "WARNING")]


def _loading(name: str, info: Info) -> list[Finding]:
    if not info.get("loading"):
        return []
    return [Finding("redis", name, "It is still loading its data.", "Wait, then check again.")]
