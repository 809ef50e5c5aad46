"""(d) The floor: consume, decode and produce, without rules or state.

It produces as many commands per event as the rules would, each with the same fields: what is
left to gain by better evaluation and state is the distance to this.
"""

import asyncio
import time
from typing import Any

from benchmarks.baselines.batches import BatchProducer, batches
from benchmarks.baselines.settings import Settings
from benchmarks.baselines.wire import decode_event, encode_command


class Floor:
    def __init__(self, commands_per_thousand: int) -> None:
        self._commands_per_thousand = commands_per_thousand
        self._due = 0

    def process(self, records: list[Any]) -> dict[int, list[tuple[bytes, bytes]]]:
        outputs: dict[int, list[tuple[bytes, bytes]]] = {}
        for record in records:
            event = decode_event(record.value)
            self._due += self._commands_per_thousand
            while self._due >= 1000:
                self._due -= 1000
                command = encode_command(event, "BALANCE_TOPPED_UP", record, "floor", 10.0)
                outputs.setdefault(record.partition, []).append((record.key, command))
        return outputs


async def main() -> None:
    settings = Settings.from_environment()
    floor = Floor(settings.commands_per_thousand)
    async with BatchProducer(settings) as producer:
        async for records in batches(settings):
            await producer.send(floor.process(records), int(time.time() * 1000))


if __name__ == "__main__":
    asyncio.run(main())
