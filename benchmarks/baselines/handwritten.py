"""(c) By hand: aiokafka, pipelined Redis, lambdas, and no safety at all.

What a good engineer writes who wants speed: big batches, msgspec, one MGET and one MSET per
batch, prepared record batches, the next batch computed while the last one is on its way. Rules are
a loop over all of them, or, with the argument `indexed`, over those of the trigger and club.
Offsets, state and output are three separate promises: a crash between any two loses or doubles
credits, and nobody notices a duplicate, a stale owner or a bad record.
"""

import asyncio
import sys
import time
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
import redis.asyncio as redis

from benchmarks.baselines.batches import BatchProducer, batches
from benchmarks.baselines.settings import Settings
from benchmarks.baselines.wire import decode_event, encode_command
from benchmarks.workload.render import ATTRIBUTES, by_trigger_and_club, lambdas
from benchmarks.workload.rules import TIME_ZONE

ZONE = ZoneInfo(TIME_ZONE)
RULES = lambdas(ATTRIBUTES)
INDEXED = by_trigger_and_club(RULES) if "indexed" in sys.argv else None


class Counters(msgspec.Struct, array_like=True, gc=False):
    topup_count: int = 0
    total_topup_major: float = 0.0
    visit_count: int = 0
    total_spent_major: float = 0.0


decode_counters = msgspec.msgpack.Decoder(Counters).decode
encode_counters = msgspec.msgpack.Encoder().encode
Outputs = dict[int, list[tuple[bytes, bytes]]]


class Worker:
    def __init__(self, settings: Settings, store: redis.Redis) -> None:
        self._store = store
        self._prefix = settings.key_prefix

    async def process(self, records: list[Any]) -> Outputs:
        events = [decode_event(record.value) for record in records]
        counters = await self._load({event.client_id for event in events})
        outputs: Outputs = {}
        for record, event in zip(records, events, strict=True):
            fire(record, event, counters[event.client_id], outputs)
        await self._save(counters)
        return outputs

    async def _load(self, clients: set[str]) -> dict[str, Counters]:
        ordered = list(clients)
        keys = [self._prefix + client for client in ordered]
        values = cast(list[bytes | None], await self._store.mget(keys))
        return {
            client: decode_counters(value) if value else Counters()
            for client, value in zip(ordered, values, strict=True)
        }

    async def _save(self, counters: dict[str, Counters]) -> None:
        await self._store.mset(
            {self._prefix + client: encode_counters(value) for client, value in counters.items()}
        )


def fire(record: Any, event: Any, counters: Counters, outputs: Outputs) -> None:
    """Evaluates one event's candidates, then counts it."""
    type_ = event.__struct_config__.tag
    local = event.occurred_at.astimezone(ZONE)
    held = set()
    club = event.club_id
    for rule in RULES if INDEXED is None else INDEXED[type_, club]:
        if rule.trigger != type_ or (rule.club and rule.club != club):
            continue
        if rule.exclusive in held or not rule.when(event, counters, local):
            continue
        if rule.exclusive:
            held.add(rule.exclusive)
        amount = rule.credit(event, counters, local)
        if amount > 0:
            command = encode_command(event, type_, record, rule.id, amount)
            outputs.setdefault(record.partition, []).append((record.key, command))
    if type_ == "BALANCE_TOPPED_UP":
        counters.topup_count += 1
        counters.total_topup_major += event.topup_amount_major
    elif type_ == "VISIT_STARTED":
        counters.visit_count += 1
    elif type_ == "PAYMENT_MADE":
        counters.total_spent_major += event.total_amount_major


async def main() -> None:
    settings = Settings.from_environment()
    store = redis.from_url(settings.redis_url)
    worker = Worker(settings, store)
    async with BatchProducer(settings) as producer:
        async for records in batches(settings):
            outputs = await worker.process(records)
            await producer.send(outputs, int(time.time() * 1000))
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main())
