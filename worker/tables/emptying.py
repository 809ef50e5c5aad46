"""A lane's state taken out of Redis, so that nobody ever sees a part of it.

1. The head becomes one that no owner takes: a lane that is open somewhere finds its head moved and
   stops loudly, and so does one that opens before the end.
2. Every other key of the lane goes, each deletion only while the head still is that one.
3. Outbox and head go at once: what is left is nothing, which a lane rebuilds from its log.

Broken off anywhere, it is begun again from 1.
"""

from collections.abc import Collection

from redis.exceptions import RedisClusterException, RedisError

from worker.errors import TablesUnavailable
from worker.lane.plan import EMPTYING
from worker.tables.connect import Client, execute
from worker.tables.limits import LOAD_KEYS
from worker.tables.scripts import DELETE

SCANNED = 1_000
"""Keys that one step of a scan looks at."""
_GLOB = str.maketrans({character: f"\\{character}" for character in "*?[]\\"})


async def empty(client: Client, prefix: str, bases: Collection[str]) -> int:
    """How many values are gone. `bases`: what the keys of each lane begin with, hash tag and all;
    `prefix`: what all of the tags begin with. Raises TablesUnavailable."""
    try:
        for lane in bases:  # 1
            await execute(client, lane, "SET", f"{lane}head", EMPTYING)
        gone = 0
        found: dict[bytes, list[bytes]] = {base.encode(): [] for base in bases}
        pattern = "{" + prefix.translate(_GLOB) + "*"
        async for key in client.scan_iter(match=pattern, count=SCANNED):  # 2
            base = key[: key.find(b"}:") + 2]
            if base not in found or key in (base + b"head", base + b"outbox"):
                continue
            found[base].append(key)
            if len(found[base]) == LOAD_KEYS:
                gone += await _delete(client, base, found[base])
                found[base].clear()
        for base, keys in found.items():
            gone += await _delete(client, base, keys)
            await _delete(client, base, [base + b"outbox", base + b"head"])  # 3
        return gone
    except (RedisError, RedisClusterException, OSError) as error:
        raise TablesUnavailable(f"Redis: {type(error).__name__}: {error}") from error


async def _delete(client: Client, base: bytes, keys: Collection[bytes]) -> int:
    if not keys:
        return 0
    lane, named = base.decode(), (base + b"head", *keys)
    return int(await execute(client, lane, "EVAL", DELETE.text, len(named), *named, EMPTYING) or 0)
