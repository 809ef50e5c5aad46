"""What the settings of a Redis can lose, and what that costs (docs/durability.md).

Whatever Redis loses the lane log brings back: a loss costs the time of a replay, not money. It
becomes money only where the log or the inputs no longer reach back to what was lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import RedisError

from worker.findings import Finding
from worker.tables.connect import Client
from worker.tables.health import Info

ASKED = ("appendfsync", "save", "cluster-require-full-coverage")
Config = Mapping[str, str]


async def check_durability(client: Client) -> Sequence[Finding]:
    """Findings of every server that holds lanes. Raises what the client raises."""
    if not isinstance(client, RedisCluster):
        return judge_server("server", await client.info(), await _config(client))
    await client.initialize()
    findings: list[Finding] = []
    for node in client.get_primaries():
        info = await client.info(target_nodes=node)
        findings += judge_server(node.name, info, await _config(client, target_nodes=node))
    return findings


async def _config(client: Client, **where: Any) -> Config | None:
    """None where the server does not tell: a user without the right, or a managed Redis."""
    try:
        found = await client.config_get(*ASKED, **where)
    except RedisError:
        return None
    return {_text(name): _text(value) for name, value in found.items()}


def _text(raw: object) -> str:
    return raw.decode() if isinstance(raw, bytes) else str(raw)


def judge_server(name: str, info: Info, config: Config | None) -> list[Finding]:
    """`info` and `config`: the answers to INFO and CONFIG GET."""
    findings = [*_kept(name, info, config), *_writable(name, info), *_copies(name, info)]
    if config is None:
        message = "It does not tell its configuration: nobody knows what a crash of it loses."
        remedy = f"Allow CONFIG GET, or look at {', '.join(ASKED)} yourself (docs/durability.md)."
        findings.append(_warning(name, message, remedy))
    elif info.get("cluster_enabled") and config.get("cluster-require-full-coverage") == "yes":
        message = (
            "cluster-require-full-coverage is yes: while one master is down, lanes of all others "
            "stand still, too."
        )
        findings.append(_warning(name, message, "Set cluster-require-full-coverage no."))
    return findings


def _kept(name: str, info: Info, config: Config | None) -> list[Finding]:
    """What is still there after a crash. That there is no append-only file at all is said by
    `health.py`; `everysec`, the default, may lose a second of commits, which a replay brings back
    in less."""
    if not info.get("aof_enabled", 1):
        if config is not None and not config.get("save"):
            message = "It keeps nothing on disk: a restart loses all states."
            remedy = (
                "Set appendonly yes; until then every restart is a rebuild of all lanes, and the "
                "lane log and the inputs must reach back to their first record."
            )
            return [_warning(name, message, remedy)]
        return []
    if config is not None and config.get("appendfsync") == "no":
        message = (
            "appendfsync is no: a crash of the machine loses what the system had not yet written, "
            "some 30 s of commits, which lanes replay from the log."
        )
        return [_warning(name, message, "Set appendfsync everysec (or always).")]
    return []


def _writable(name: str, info: Info) -> list[Finding]:
    """A Redis that cannot write its file takes no commits either."""
    if info.get("aof_last_write_status", "ok") == "ok":
        return []
    message = "It cannot write its append-only file, and takes no commits: lanes stand still."
    return [Finding("redis", name, message, "Make room on its disk, or mend its rights.")]


def _copies(name: str, info: Info) -> list[Finding]:
    if int(info.get("connected_slaves", 0)):
        return []
    message = (
        "It has no replica: while it is down its lanes stand still, and the loss of its disk is a "
        "rebuild of all of them."
    )
    return [_warning(name, message, "Give it a replica, or accept the time of `loyalty rebuild`.")]


def _warning(name: str, message: str, remedy: str) -> Finding:
    return Finding("redis", name, message, remedy, "WARNING")
