"""What the index of timers must hold, worked out from a lane's values alone.

It may hold more, since what a plan made stale goes with the next commit. An entry that is missing
is a timer that never rings, or a payment that is never deleted.
"""

from collections.abc import Mapping

from redis.asyncio import Redis, RedisCluster

from rules_engine.client import ClientState
from rules_engine.timers.facts import facts_of
from worker.evaluation.budget_share import BUDGETS_KEY
from worker.evaluation.payments import MARK
from worker.index.changes import wakes_of
from worker.index.entries import (
    SEPARATOR,
    WAKES,
    fact_entry,
    forgotten_entry,
    payment_entry,
    wake_entry,
)
from worker.tables.codec import unpack_client, unpack_payment
from worker.tables.slots import lane_tag


async def lane_values(redis: Redis | RedisCluster, prefix: str, lane: int) -> dict[str, bytes]:
    """What Redis has of a lane's clients, payments and budgets, by key."""
    keys = [key async for key in redis.scan_iter(f"{_base(prefix, lane)}:v:*", count=1000)]
    found = await redis.mget(keys) if keys else []
    names = (key.decode().split(":v:", 1)[1] for key in keys)
    return dict(zip(names, found, strict=True))


async def unindexed(
    redis: Redis | RedisCluster, prefix: str, lane: int, values: Mapping[str, bytes]
) -> set[bytes]:
    """Entries that the values call for and the index lacks."""
    held = await redis.zrange(index_key(prefix, lane), 0, -1)
    return needed(values).difference(held)


def index_key(prefix: str, lane: int) -> str:
    return f"{_base(prefix, lane)}:index"


def needed(values: Mapping[str, bytes]) -> set[bytes]:
    """Of each client every fact, and the instants at which it wakes; of each payment when it was
    made, or that its client was forgotten since."""
    owned = {key: raw for key, raw in values.items() if key != BUDGETS_KEY}
    clients = {k: unpack_client(raw) for k, raw in owned.items() if k.count("\x1f") == 1}
    entries = {entry for key, state in clients.items() for entry in _of_client(key, state)}
    for key in owned.keys() - clients.keys():
        payment, owner = unpack_payment(owned[key]), key.split(f"\x1f{MARK}\x1f")[0]
        entries.add(payment_entry(payment.paid_at, key))
        if payment.life != clients.get(owner, ClientState()).life:
            entries.add(forgotten_entry(owner))
    return entries


def kinds(values: Mapping[str, bytes]) -> set[bytes]:
    """The letters of the entries that the values call for."""
    return {entry.split(SEPARATOR, 1)[0] for entry in needed(values)}


def _of_client(key: str, state: ClientState) -> list[bytes]:
    wakes = zip(WAKES, wakes_of(state), strict=True)
    return [
        *(fact_entry(key, entry) for entry in facts_of(state)),
        *(wake_entry(rank, at, key) for rank, at in wakes if at is not None),
    ]


def _base(prefix: str, lane: int) -> str:
    return f"{{{prefix}{lane_tag(lane)}}}"
